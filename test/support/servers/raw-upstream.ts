import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** One request as its bytes came in, and the socket to answer on. */
export interface RawExchange {
  requestLine: string;
  /** In order, with names as they were spelled; bytes as Latin-1. */
  headers: [name: string, value: string][];
  /** The body's bytes on the wire, chunk framing included. Resolves when the body has ended. */
  body: Promise<Buffer>;
  /** The number of the connection that carried it, counted from 1. */
  connection: number;
  socket: Socket;
}

/**
 * Answers one exchange with exact bytes. When it resolves, the connection handles its next request, if it is still open.
 */
export type RawScript = (exchange: RawExchange) => void | Promise<void>;

const CASE_HEADER = "x-case";

/**
 * An upstream on a bare socket. It records requests byte for byte, and answers what the test set for the case named in
 * `x-case`. Without a script it answers 200 with a JSON account of the request.
 */
export class RawUpstream {
  readonly sockets = new Set<Socket>();
  readonly #scripts = new Map<string, RawScript>();
  readonly #server: Server;
  #connections = 0;

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  script(caseName: string, script: RawScript): void {
    this.#scripts.set(caseName, script);
  }

  /** Answers the case with these bytes; `close` ends the connection after them. */
  answer(caseName: string, bytes: string | Buffer, close = false): void {
    this.script(caseName, ({ socket }) => {
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
      if (close) socket.end();
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    const connection = (this.#connections += 1);
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    let buffered = Buffer.alloc(0);
    let current: { lengthOf: (bytes: Buffer) => number | null; settle: (body: Buffer) => void } | null = null;
    let busy = false;

    const advance = () => {
      if (current !== null) {
        const length = current.lengthOf(buffered);
        if (length === null) return;
        current.settle(buffered.subarray(0, length));
        buffered = buffered.subarray(length);
        current = null;
      }
      if (busy) return;
      const headEnd = buffered.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const [requestLine = "", ...lines] = buffered.toString("latin1", 0, headEnd).split("\r\n");
      buffered = buffered.subarray(headEnd + 4);
      const headers = lines.map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
      const body = Promise.withResolvers<Buffer>();
      current = { lengthOf: bodyLength(headers), settle: body.resolve };
      busy = true;
      const exchange: RawExchange = { requestLine, headers, body: body.promise, connection, socket };
      const script = this.#scripts.get(fieldOf(headers, CASE_HEADER) ?? "") ?? account;
      Promise.all([script(exchange), body.promise]).then(
        () => {
          busy = false;
          advance();
        },
        () => socket.destroy(),
      );
      advance();
    };
    socket.on("data", (bytes) => {
      buffered = Buffer.concat([buffered, bytes]);
      advance();
    });
  }
}

/** What the default answer reports about a request. */
export interface RawAccount {
  requestLine: string;
  headers: [name: string, value: string][];
  bodyBase64: string;
  connection: number;
}

async function account({ requestLine, headers, body, connection, socket }: RawExchange): Promise<void> {
  const bodyBase64 = (await body).toString("base64");
  const text = JSON.stringify({ requestLine, headers, bodyBase64, connection } satisfies RawAccount);
  const bytes = Buffer.byteLength(text);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;
  socket.write(head + (requestLine.startsWith("HEAD ") ? "" : text));
}

function fieldOf(headers: [string, string][], name: string): string | undefined {
  return headers.find(([field]) => field.toLowerCase() === name)?.[1];
}

/** How many of the bytes belong to the body; null while it is incomplete. */
function bodyLength(headers: [string, string][]): (bytes: Buffer) => number | null {
  if (fieldOf(headers, "transfer-encoding") !== undefined) return chunkedLength;
  const length = Number(fieldOf(headers, "content-length") ?? 0);
  return (bytes) => (bytes.length >= length ? length : null);
}

function chunkedLength(bytes: Buffer): number | null {
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (size === 0) {
      // Trailers end with an empty line. Without trailers, the empty line follows at once.
      const end = bytes.indexOf("\r\n\r\n", lineEnd);
      return end < 0 ? null : end + 4;
    }
    at = lineEnd + 2 + size + 2;
    if (at > bytes.length) return null;
  }
}
