import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ask, Asked } from "./client-program.ts";

/** A crash happens at a garbage collection, long after the session that caused it has ended. */
const MAX_TRIES = 5;

/**
 * Node's HTTP/2 in a separate process. Some frames of broken servers make Node miscount memory, and it aborts when that
 * session is collected: "Assertion failed: (current_nghttp2_memory_) == (0)". Requests that are open at that moment are
 * repeated in a new process.
 */
export class ClientProcess {
  readonly #client: Ask["client"];
  #child: ChildProcess | null = null;
  #lastId = 0;
  /** They get null if the process has ended. */
  #waiting = new Map<number, (outcome: string | null) => void>();

  constructor(client: Ask["client"]) {
    this.#client = client;
  }

  async ask(asked: Asked): Promise<string> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const outcome = await this.#askOnce(asked);
      if (outcome !== null) return outcome;
    }
    throw new Error(`${this.#client} crashed ${MAX_TRIES} times`);
  }

  close(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Null: the process ended before it answered. */
  #askOnce(asked: Asked): Promise<string | null> {
    const child = (this.#child ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      child.send({ id, client: this.#client, ...asked } satisfies Ask);
    });
  }

  #start(): ChildProcess {
    const program = fileURLToPath(new URL("./client-program.ts", import.meta.url));
    // Its native stack traces are not needed.
    const child = fork(program, { stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [] });
    // A process that has ended accepts no message. The listener of its end handles that too.
    child.on("error", () => {});
    child.on("message", ({ id, outcome }: { id: number; outcome: string }) => {
      this.#waiting.get(id)?.(outcome);
      this.#waiting.delete(id);
    });
    child.once("exit", () => {
      this.#child = null;
      const waiting = this.#waiting;
      this.#waiting = new Map();
      for (const tell of waiting.values()) tell(null);
    });
    return child;
  }
}
