import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { call, dialWebSocket, field } from "./calls.ts";
import type { System } from "./system.ts";

/** Callers of every kind, which run until they are stopped. */
export class ObjectLoad {
  readonly failures: string[] = [];
  readonly done = { get: 0, post: 0, message: 0 };
  readonly posted: string[] = [];
  readonly #system: System;
  #isOver = false;
  readonly #callers: Promise<void>[];

  constructor(system: System, name: string, callers: number, { talking }: { talking: boolean }) {
    this.#system = system;
    this.#callers = Array.from({ length: callers }, (_, index) => index).flatMap((index) => [
      this.#repeat(() => this.#get()),
      this.#repeat(() => this.#post(`${name}-${index}`)),
      ...(talking ? [this.#repeat(() => this.#talk())] : []),
    ]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#callers);
  }

  async #repeat(once_: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await once_().catch((thrown: unknown) => void this.failures.push(String(thrown)));
      await sleep(5);
    }
  }

  async #get(): Promise<void> {
    const answer = await call(this.#system, { service: "node-api", path: "/ok" });
    if (answer.status !== 200 || answer.aborted)
      this.failures.push(`GET ${answer.status} ${field(answer, "culvert-error")}`);
    this.done.get++;
  }

  async #post(caller: string): Promise<void> {
    const id = `${caller}-${this.posted.length}`;
    this.posted.push(id);
    const answer = await call(this.#system, {
      service: "ledger",
      path: `/?id=${id}`,
      method: "POST",
      body: "x".repeat(5_000),
    });
    if (answer.status !== 200 || answer.aborted)
      this.failures.push(`POST ${answer.status} ${field(answer, "culvert-error")}`);
    this.done.post++;
  }

  /** A short conversation in which each message must come back, in order. */
  async #talk(): Promise<void> {
    const socket = dialWebSocket(this.#system, { service: "node-api", path: "/ws/echo" });
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => heard.push(data.toString()));
    await once(socket, "open");
    for (let number = 0; number < 10; number++) {
      const next = once(socket, "message", { signal: AbortSignal.timeout(20_000) });
      socket.send(String(number));
      await next;
    }
    if (heard.join() !== "0,1,2,3,4,5,6,7,8,9") this.failures.push(`WebSocket heard ${heard.join()}`);
    this.done.message += heard.length;
    const closed = once(socket, "close");
    socket.close(1000);
    await closed;
  }
}
