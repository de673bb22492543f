import { type ChildProcess, spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { eventually } from "../../scripts/demo/eventually.ts";

/** A Node process and the processes that it starts. They end together. */
export class GroupProcess {
  readonly #child: ChildProcess;
  #output = "";

  constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, args, {
      ...{ cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (bytes: Buffer) => (this.#output += bytes.toString()));
  }

  /** Resolves with the URL that the process prints when it listens. */
  async url(timeoutMs = 120_000): Promise<string> {
    let url: string | undefined;
    await eventually("the process to listen", timeoutMs, () => {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#output}`);
      url = /Ready on (http:\/\/\S+)/.exec(stripVTControlCharacters(this.#output))?.[1];
      return url !== undefined;
    });
    return url ?? "";
  }

  end(): void {
    const { pid, exitCode } = this.#child;
    if (pid === undefined || exitCode !== null) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The process has already ended.
    }
  }
}
