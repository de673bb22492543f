import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { WebSocket } from "ws";

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const PIECE = Buffer.alloc(64 * 1024, "u");

function* pieces(totalBytes: number): Generator<Buffer> {
  for (let leftBytes = totalBytes; leftBytes > 0; leftBytes -= PIECE.byteLength)
    yield PIECE.subarray(0, leftBytes);
}

/** What the callers of a row hold open. `end` closes all of it. */
export class Callers {
  readonly #ends: (() => void)[] = [];
  readonly origin: string;
  /** How many WebSockets the tunnel closed, by close code. */
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
      // A key of zeros (RFC 6455 §5.3 allows it): masking would cost more than what is measured here.
      generateMask: (key) => void key.fill(0),
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

  /** Starts an upload and sends only `sentBytes` of it. */
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

  /** Downloads and reads at once; returns the number of bytes. */
  async download(path: string): Promise<number> {
    const request = httpRequest(this.origin + path, { agent: false });
    this.#ends.push(() => request.destroy());
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    request.end();
    let bytes = 0;
    for await (const chunk of (await answered)[0]) bytes += (chunk as Buffer).byteLength;
    return bytes;
  }

  /** Uploads as fast as the connection allows; returns the response. */
  async uploadAll(path: string, bytes: number): Promise<string> {
    const headers = { "content-length": bytes };
    const request = httpRequest(this.origin + path, { method: "POST", agent: false, headers });
    this.#ends.push(() => request.destroy());
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    Readable.from(pieces(bytes), { objectMode: false }).pipe(request);
    let answer = "";
    for await (const chunk of (await answered)[0]) answer += String(chunk);
    return answer;
  }

  /** Starts a download and does not read it. `path` must be one that the gateway does not read, either. */
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
