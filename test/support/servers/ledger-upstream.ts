import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A private API that records which request it has executed, and how often. Answers take `delayMs`. */
export class LedgerUpstream {
  readonly executions = new Map<string, number>();
  delayMs = 20;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      // If a connector is killed, its requests break off. They do not count as executed.
      this.#execute(request, response).catch(() => response.destroy());
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Requests that were executed more than once. */
  get repeated(): string[] {
    return [...this.executions].filter(([, count]) => count > 1).map(([id]) => id);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #execute(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = new URL(request.url ?? "/", "http://ledger").searchParams.get("id") ?? "";
    let bytes = 0;
    for await (const chunk of request) bytes += (chunk as Buffer).byteLength;
    this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
    await sleep(this.delayMs);
    response.end(JSON.stringify({ id, bytes, method: request.method }));
  }
}
