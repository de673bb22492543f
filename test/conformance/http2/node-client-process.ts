import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A crash comes with a garbage collection, when the session that caused it is long over. */
const MAX_TRIES = 3;

/**
 * Node's client in a process of its own. Some of what a broken server sends leaves its memory miscounted, and Node
 * aborts when that session is collected: "Assertion failed: (current_nghttp2_memory_) == (0)". Whoever was being
 * served by then asks a new process.
 */
export class NodeClientProcess {
  #child: ChildProcess | null = null;
  #lastId = 0;

  async ask(port: number, method: string): Promise<string> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const outcome = await this.#askOnce(port, method);
      if (outcome !== null) return outcome;
    }
    throw new Error(`Node's client crashed ${MAX_TRIES} times`);
  }

  close(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Null: the process ended before it answered. */
  #askOnce(port: number, method: string): Promise<string | null> {
    const child = (this.#child ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const onMessage = (message: unknown): void => {
        const answer = message as { id: number; outcome: string };
        if (answer.id === id) settle(answer.outcome);
      };
      const onExit = (): void => settle(null);
      const settle = (outcome: string | null): void => {
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(outcome);
      };
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send({ id, port, method });
    });
  }

  #start(): ChildProcess {
    const program = fileURLToPath(new URL("./node-client.ts", import.meta.url));
    // Its native stack traces are of no interest.
    const child = fork(program, { stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [] });
    // One that is gone takes no message, which the listener of its end says as well.
    child.on("error", () => {});
    child.once("exit", () => {
      if (this.#child === child) this.#child = null;
    });
    return child;
  }
}
