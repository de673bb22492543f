import { createHash, randomBytes } from "node:crypto";
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { SocketReader } from "./socket-reader.ts";

/** RFC 6455 §1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface WebSocketRequest {
  /** Without brackets. */
  host: string;
  port: number;
  /** The Host field leaves the port out if it is this one. */
  defaultPort: number;
  path: string;
  headers: Record<string, string>;
  /** The only one offered, and the only one accepted. */
  subprotocol: string;
  /** Makes a connection whose bytes arrive through the reader. Calls back once. */
  connect: (reader: SocketReader, connected: (error: Error | null, socket: Socket | null) => void) => void;
}

export interface WebSocketHandshakeEvents {
  /** `head` are the bytes after the answer. Further bytes arrive through the reader. */
  onAccepted(socket: Socket, head: Buffer): void;
  /** The answer is not a 101, or a 101 that does not upgrade. `spoken`: the protocols that it names, "" for none. */
  onRefused(status: number, spoken: string): void;
  onFailed(reason: string): void;
}

/**
 * A client's opening handshake (RFC 6455 §4.1), without extensions or redirects. Exactly one event comes, after this has
 * returned. None comes after a call of the returned function, which abandons the attempt.
 */
export function webSocketHandshake(
  { subprotocol, connect, headers, ...target }: WebSocketRequest,
  reader: SocketReader,
  events: WebSocketHandshakeEvents,
): () => void {
  const key = randomBytes(16).toString("base64");
  let settled = false;
  const settle = (): boolean => {
    if (settled) return false;
    return (settled = true);
  };
  const request = httpRequest({
    ...target,
    headers: {
      ...headers,
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
      "sec-websocket-protocol": subprotocol,
      connection: "Upgrade",
      upgrade: "websocket",
    },
    createConnection(_options, connected) {
      connect(reader, (error, socket) => {
        // Node's types do not allow a failure without a stream.
        connected(error, socket === null ? (null as never) : new HandshakeStream(socket, reader));
      });
      return undefined;
    },
  });
  request.on("upgrade", ({ headers: answer }, stream: Duplex, head) => {
    const problem = problemWith(answer, key, subprotocol);
    if (problem === null && !settled && stream instanceof HandshakeStream) {
      settled = true;
      return events.onAccepted(stream.release(), head);
    }
    stream.destroy();
    if (settle()) events.onFailed(problem ?? "no socket");
  });
  request.on("response", (response) => {
    const spoken = response.headers["sec-websocket-protocol"] ?? "";
    if (settle()) events.onRefused(response.statusCode ?? 0, spoken);
    request.destroy();
  });
  request.on("error", (error) => {
    if (settle()) events.onFailed(error.message);
  });
  request.end();
  return () => {
    settled = true;
    request.destroy();
  };
}

/** Stands in for the socket, for `node:http`, until the handshake is over. */
class HandshakeStream extends Duplex {
  readonly #socket: Socket;
  readonly #onEnd = () => this.push(null);
  readonly #onError = (error: Error) => this.destroy(error);
  readonly #onClose = () => this.destroy();

  constructor(socket: Socket, reader: SocketReader) {
    super();
    this.#socket = socket;
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    reader.listen((bytes) => this.push(Buffer.from(bytes)));
  }

  release(): Socket {
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("error", this.#onError);
    this.#socket.off("close", this.#onClose);
    return this.#socket;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, written: (error?: Error | null) => void): void {
    this.#socket.write(chunk, written);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

/** Checks a 101 (RFC 6455 §4.1). Node has already checked `Connection`. */
function problemWith(answer: IncomingHttpHeaders, key: string, subprotocol: string): string | null {
  const accept = createHash("sha1")
    .update(key + ACCEPT_SUFFIX)
    .digest("base64");
  if (answer.upgrade?.toLowerCase() !== "websocket") return "invalid Upgrade header";
  if (answer["sec-websocket-accept"] !== accept) return "invalid Sec-WebSocket-Accept header";
  if (answer["sec-websocket-protocol"] !== subprotocol) return "the server did not accept the subprotocol";
  if (answer["sec-websocket-extensions"] !== undefined)
    return "the server chose an extension that was not offered";
  return null;
}
