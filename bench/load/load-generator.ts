import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { FromGenerator, LoadJob, LoadResult, ToGenerator } from "./job.ts";

/** A transfer of a gigabyte takes half of this on a slow path. */
const TIMEOUT_MS = 60_000;

function start(): ChildProcess {
  return fork(join(import.meta.dirname, "generator.ts"));
}

/** A load generator in a process of its own. It runs one job at a time. */
export class LoadGenerator {
  #child: ChildProcess = start();

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Calls `onMeasuring` when the warm-up is over. Throws if a request fails or the job does not end. */
  run(job: LoadJob, onMeasuring: () => void = () => {}): Promise<LoadResult> {
    return new Promise((done, fail) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", onMessage).off("exit", onExit);
        finish();
      };
      const onMessage = (message: FromGenerator) => {
        if (message.said === "measuring") onMeasuring();
        else if (message.said === "done") settle(() => done(message.result));
        else settle(() => fail(new Error(message.message)));
      };
      const onExit = () => settle(() => fail(new Error("the load generator ended")));
      const timer = setTimeout(() => {
        settle(() => fail(new Error(`no end within ${TIMEOUT_MS / 1000} s`)));
        this.#child.kill("SIGKILL");
        this.#child = start();
      }, TIMEOUT_MS);
      this.#child.on("message", onMessage).on("exit", onExit);
      this.#tell({ job });
    });
  }

  /** Stops an endless job. The results come from `run`. */
  stopJob(): void {
    this.#tell({ stop: true });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  #tell(message: ToGenerator): void {
    this.#child.send(message);
  }
}
