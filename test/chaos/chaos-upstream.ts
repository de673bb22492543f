import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { contentOf } from "./content.ts";

const DRIP_BYTES = 16 * 1024;
const DRIP_PAUSE_MS = 2;

/** A private API that records what it executed. Its answers contain bytes that only this request has. */
export class ChaosUpstream {
  /** By request id. A request counts once its complete body has arrived. */
  readonly executions = new Map<string, number>();
  /** Requests and WebSockets that have not ended yet. */
  open = 0;
  /** The delay of each answer. */
  delayMs = 0;
  readonly #server: Server;

  constructor() {
    // Never closes idle connections: a request that crosses such a close would fail through nobody's fault.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.open++;
      response.on("close", () => this.open--);
      // A request that breaks off was not executed.
      this.#execute(request, response).catch(() => response.destroy());
    });
    const webSockets = new WebSocketServer({ server: this.#server, perMessageDeflate: false });
    webSockets.on("connection", (socket) => {
      this.open++;
      socket.on("close", () => this.open--);
      socket.on("error", () => socket.terminate());
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #execute(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? "/", "http://chaos").searchParams;
    const id = query.get("id") ?? "";
    const hash = createHash("sha256");
    for await (const chunk of request) hash.update(chunk as Buffer);
    this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
    if (this.delayMs > 0) await sleep(this.delayMs);
    const content = contentOf(id, Number(query.get("bytes")));
    response.setHeader("x-id", id);
    response.setHeader("x-body-sha256", hash.digest("hex"));
    if (query.has("length")) response.setHeader("content-length", content.byteLength);
    if (!query.has("drip")) return void response.end(content);
    for (let at = 0; at < content.byteLength && !response.destroyed; at += DRIP_BYTES) {
      response.write(content.subarray(at, at + DRIP_BYTES));
      await sleep(DRIP_PAUSE_MS);
    }
    response.end();
  }
}
