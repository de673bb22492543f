import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { WebSocket } from "ws";

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/** What a row's callers hold open; ended together. */
export class Callers {
  readonly #ends: (() => void)[] = [];
  readonly origin: string;
  /** How the WebSockets ended that the tunnel closed, by close code. */
  readonly closeCodes = new Map<number, number>();

  constructor(origin: string) {
    this.origin = origin;
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  async dial(path: string): Promise<WebSocket> {
    const socket = new WebSocket(this.origin.replace("http", "ws") + path, [], {
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", (code) => this.closeCodes.set(code, (this.closeCodes.get(code) ?? 0) + 1));
    this.#ends.push(() => {
      socket.removeAllListeners("close");
      socket.terminate();
    });
    await once(socket, "open");
    return socket;
  }

  dialAll(count: number, path: string): Promise<WebSocket[]> {
    return Promise.all(Array.from({ length: count }, () => this.dial(path)));
  }

  /** An upload of which `sentBytes` leave, and no more. */
  upload(path: string, sentBytes: number, lengthBytes: number | null): ClientRequest {
    const headers = lengthBytes === null ? {} : { "content-length": lengthBytes };
    const request = httpRequest(this.origin + path, { method: "POST", agent: false, headers });
    request.on("error", () => {});
    request.on("response", (response) => response.resume());
    if (sentBytes > 0) request.write(Buffer.alloc(sentBytes, "u"));
    else request.flushHeaders();
    this.#ends.push(() => request.destroy());
    return request;
  }

  /** A download that is begun and not read. */
  async unread(path: string): Promise<void> {
    const request = httpRequest(this.origin + path, { agent: false });
    request.on("error", () => {});
    this.#ends.push(() => request.destroy());
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    request.end();
    const [response] = await answered;
    response.on("error", () => {});
    response.pause();
  }
}
