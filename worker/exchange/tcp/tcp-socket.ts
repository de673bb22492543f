import {
  parseTcpText,
  TCP_CLOSE_CLEAN,
  TCP_CLOSE_CUT,
  TCP_CLOSE_PROTOCOL,
  TCP_SUBPROTOCOL,
  TcpSocketCredit,
} from "../../../shared/tcp/tcp-socket.ts";
import { CLOSE_NO_LONGER_ALLOWED, publicError, TunnelError } from "../../../shared/protocol/index.ts";
import { closeSocket } from "../close-socket.ts";
import { Gate } from "../gate.ts";
import { problemResponse, publicCodeOf } from "../../failures/problem.ts";
import type { OpenedTcp } from "./relay-tcp.ts";
import type { TcpExchange } from "./tcp-exchange.ts";
import { UnreadBytes } from "./unread-bytes.ts";

const REVOKED: ReadonlySet<string> = new Set(["ACCESS_DENIED", "UNKNOWN_SERVICE", "UNKNOWN_TUNNEL"]);

/** Whether this request asks for a TCP connection over a WebSocket. */
export function isTcpSocket({ headers }: Request): boolean {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  return headers.get("upgrade")?.toLowerCase() === "websocket" && offered.includes(TCP_SUBPROTOCOL);
}

/** The 101 with the client's end of the socket, or the answer that says why there is none. */
export function tcpSocketResponse(opened: OpenedTcp): Response {
  if (!opened.ok) {
    const { code, detail, requestId } = opened.failure;
    return problemResponse(publicError(code, detail), "GET", requestId);
  }
  const { 0: clientEnd, 1: socket } = new WebSocketPair();
  // Not a hibernating socket, because an open TCP connection has state that would be lost.
  socket.binaryType = "arraybuffer";
  socket.accept();
  new TcpSocketBridge(socket, opened.exchange).start();
  const headers = { "sec-websocket-protocol": TCP_SUBPROTOCOL, "culvert-request-id": opened.requestId };
  return new Response(null, { status: 101, webSocket: clientEnd, headers });
}

/** Joins a client's WebSocket to a TCP connection. */
class TcpSocketBridge {
  readonly #socket: WebSocket;
  readonly #exchange: TcpExchange;
  readonly #credit = new TcpSocketCredit();
  readonly #unread: UnreadBytes;
  /** Bytes that were received but not credited, because too much waits for the upstream. */
  #untakenBytes = 0;
  #waitsForUpstream = false;
  #clientEnded = false;
  #waysLeft = 2;
  #isOver = false;
  readonly #room = new Gate();

  constructor(socket: WebSocket, exchange: TcpExchange) {
    this.#socket = socket;
    this.#exchange = exchange;
    this.#unread = new UnreadBytes(socket, exchange.memory);
  }

  start(): void {
    this.#socket.addEventListener("message", ({ data }) => this.#received(data as ArrayBuffer | string));
    this.#socket.addEventListener("close", () => this.#gone());
    this.#socket.addEventListener("error", () => this.#gone());
    void this.#pump().catch((thrown: unknown) => this.#cut(thrown));
  }

  #received(message: ArrayBuffer | string): void {
    if (this.#isOver) return;
    if (typeof message === "string") return this.#receivedText(message);
    if (this.#clientEnded || !this.#credit.received(message.byteLength)) return this.#refuse();
    // Skipped: empty messages carry no bytes, but each would need an entry in a queue.
    if (message.byteLength === 0) return;
    try {
      const goesOn = this.#exchange.push(new Uint8Array(message));
      this.#untakenBytes += message.byteLength;
      if (!goesOn) this.#waitForUpstream();
      if (!this.#waitsForUpstream) this.#tellTaken();
    } catch (thrown) {
      this.#cut(thrown);
    }
  }

  #waitForUpstream(): void {
    if (this.#waitsForUpstream) return;
    this.#waitsForUpstream = true;
    void this.#exchange.drained().then(() => {
      this.#waitsForUpstream = false;
      this.#tellTaken();
    });
  }

  #tellTaken(): void {
    const window = this.#credit.consumed(this.#untakenBytes);
    this.#untakenBytes = 0;
    if (window !== null && !this.#isOver) this.#socket.send(window);
  }

  #receivedText(message: string): void {
    const text = parseTcpText(message);
    if (text === null) return this.#refuse();
    if (text.kind === "window") {
      this.#credit.granted(text.limitBytes);
      this.#room.open();
      return;
    }
    if (this.#clientEnded) return this.#refuse();
    this.#clientEnded = true;
    this.#exchange.end().then(
      () => this.#wayEnded(),
      (thrown: unknown) => this.#cut(thrown),
    );
  }

  async #pump(): Promise<void> {
    while (!this.#isOver) {
      const bytes = this.#exchange.readNow();
      if (bytes !== null) await this.#sendCounted(bytes);
      else if (this.#exchange.isReadEnded) break;
      else await this.#exchange.untilReadable();
    }
    if (this.#isOver) return;
    this.#socket.send("end");
    this.#wayEnded();
  }

  /** Bytes that were read from the stream no longer count there. */
  async #sendCounted(bytes: Uint8Array): Promise<void> {
    const { memory } = this.#exchange;
    memory.hold(bytes.byteLength);
    try {
      await this.#send(bytes);
    } finally {
      memory.giveBack(bytes.byteLength);
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength && !this.#isOver;) {
      while (this.#credit.roomBytes <= 0 && !this.#isOver) await this.#room.untilOpened();
      const piece = bytes.subarray(at, at + this.#credit.roomBytes);
      if (this.#isOver) return;
      this.#socket.send(piece);
      this.#credit.sent(piece.byteLength);
      at += piece.byteLength;
      await this.#unread.untilRoom(piece.byteLength);
    }
  }

  #wayEnded(): void {
    if (--this.#waysLeft === 0) this.#close(TCP_CLOSE_CLEAN, "");
  }

  #refuse(): void {
    this.#exchange.abort();
    this.#close(TCP_CLOSE_PROTOCOL, "not a message of this protocol");
  }

  #cut(thrown: unknown): void {
    const code = publicCodeOf(TunnelError.from(thrown));
    this.#exchange.abort();
    this.#close(REVOKED.has(code) ? CLOSE_NO_LONGER_ALLOWED : TCP_CLOSE_CUT, code);
  }

  /** The client is gone. After both sides' `end` this means nothing; before that, it is an abort. */
  #gone(): void {
    if (this.#isOver) return;
    this.#exchange.abort();
    this.#close(TCP_CLOSE_CUT, "");
  }

  #close(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#room.open();
    this.#unread.over();
    closeSocket(this.#socket, code, reason);
  }
}
