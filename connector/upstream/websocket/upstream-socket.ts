import type { Socket } from "node:net";
import type { Clock } from "../../../shared/time/clock.ts";
import { MAX_WEBSOCKET_MESSAGE_BYTES } from "../../../shared/protocol/index.ts";
import {
  guarded,
  guardedClock,
  type OnFault,
  readUpToReset,
  waitForReadingSide,
} from "../../platform/index.ts";
import {
  type DataFrame,
  type WebSocketFrameEvents,
  WebSocketFrameReader,
  WebSocketViolation,
  MessageWriter,
  CLOSE_ABNORMAL,
  CLOSE_NOT_UTF8,
  CLOSE_TOO_BIG,
  OPCODE,
} from "../../relay/index.ts";
import { Utf8Check } from "./utf8-check.ts";

/** How long an upstream may take to answer a close frame, and to end its connection. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Limit on the pongs that wait for an upstream that does not read them. RFC 6455 §5.5.3 allows to answer only the last ping. */
const MAX_WAITING_PONGS = 16;

export interface UpstreamSocketEvents {
  /** The next piece of a message, as it came. `more`: the message goes on. The owner may keep the bytes. */
  onPiece(bytes: Buffer, isText: boolean, more: boolean): void;
  /** The last event. The code is 1005 if the upstream's close had none, 1006 without a close, or the code of the violation found here. */
  onClosed(code: number, reason: string): void;
}

/**
 * An upstream's WebSocket after its handshake. Messages are passed on piece by piece, because a message may have 16 MiB, and a
 * thousand WebSockets may each have one under way.
 */
export class UpstreamSocket implements WebSocketFrameEvents {
  readonly #tcp: Socket;
  readonly #clock: Clock;
  readonly #events: UpstreamSocketEvents;
  readonly #reader = new WebSocketFrameReader(this);
  readonly #writer: MessageWriter;
  readonly #utf8 = new Utf8Check();
  #isPaused = false;
  #feeding = false;
  /** Bytes that were read from the socket but not yet parsed, because the reader paused. */
  #rest: Buffer | null = null;
  /** The connection has ended, but its end waits behind `#rest`. */
  #closeWaits = false;
  /** Bytes so far of the current message. */
  #messageBytes = 0;
  #frame: DataFrame | null = null;
  #frameLeftBytes = 0;
  /** The last fragment that was sent was not the final one. */
  #inSentMessage = false;
  #closeSent = false;
  #close = { code: CLOSE_ABNORMAL, reason: "" };
  #waitingPongs = 0;
  #cancelTimeout: (() => void) | null = null;

  /** `head` are the bytes after the handshake. Exceptions in handlers go to `onFault`. */
  constructor(tcp: Socket, head: Buffer, clock: Clock, events: UpstreamSocketEvents, onFault: OnFault) {
    this.#tcp = tcp;
    this.#clock = guardedClock(clock, onFault);
    this.#events = events;
    this.#writer = new MessageWriter(tcp, () => {});
    tcp.setNoDelay();
    readUpToReset(tcp);
    waitForReadingSide(tcp, this.#clock, () => {});
    // Unshift before adding listeners. Otherwise it is read at once, when the owner does not have this object yet.
    if (head.byteLength > 0) tcp.unshift(head);
    tcp.on("error", () => tcp.destroy());
    tcp.on("end", () => tcp.end());
    tcp.on(
      "data",
      guarded((chunk: Buffer) => this.#feed(chunk), onFault),
    );
    tcp.on(
      "close",
      guarded(() => this.#closed(), onFault),
    );
  }

  /** Bytes written to the socket that the network has not accepted yet. */
  get bufferedBytes(): number {
    return this.#tcp.writableLength;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** `sent` is called when the network has accepted it, or never will. */
  send(bytes: Uint8Array, isText: boolean, more: boolean, sent: () => void): void {
    const opcode = this.#inSentMessage ? OPCODE.continuation : isText ? OPCODE.text : OPCODE.binary;
    this.#inSentMessage = more;
    this.#writer.writeFragment(opcode, !more, bytes, sent);
  }

  ping(): void {
    this.#writer.writePing();
  }

  /** Begins the closing handshake; null: without a code. Nothing may be sent after it. */
  close(code: number | null, reason: string): void {
    if (this.#closeSent || this.#tcp.destroyed) return;
    this.#sendClose(closePayload(code, reason));
  }

  terminate(): void {
    this.#reader.end();
    this.#rest = null;
    this.#tcp.destroy();
    if (this.#closeWaits) this.#closed();
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#reader.halt();
    this.#tcp.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // The loop that feeds the reader goes on by itself.
    if (this.#feeding) return;
    const rest = this.#rest;
    this.#rest = null;
    if (rest !== null) this.#feed(rest);
    if (this.#isPaused) return;
    if (this.#closeWaits) this.#closed();
    else this.#tcp.resume();
  }

  // ── frames ──────────────────────────────────────────────────────────────────────────────────────

  onFrame(frame: DataFrame): void {
    this.#messageBytes = (frame.isFirst ? 0 : this.#messageBytes) + frame.length;
    if (this.#messageBytes > MAX_WEBSOCKET_MESSAGE_BYTES)
      this.#reader.fail("message too large", CLOSE_TOO_BIG);
    this.#frame = frame;
    this.#frameLeftBytes = frame.length;
  }

  onPayload(bytes: Buffer): void {
    this.#frameLeftBytes -= bytes.byteLength;
    if (this.#frame !== null) this.#hand(bytes, this.#frame);
  }

  onFrameEnd(frame: DataFrame): void {
    if (frame.length === 0 && frame.isFinal) this.#hand(Buffer.alloc(0), frame);
  }

  onPing(payload: Buffer): void {
    if (this.#closeSent || this.#waitingPongs >= MAX_WAITING_PONGS) return;
    this.#waitingPongs++;
    this.#writer.writePong(payload, () => this.#waitingPongs--);
  }

  onClose(code: number, payload: Buffer): void {
    this.#close = { code, reason: payload.toString("utf8", 2) };
    if (!this.#closeSent) this.#sendClose(payload);
    this.#tcp.end();
  }

  #hand(bytes: Buffer, { isText, isFinal }: DataFrame): void {
    const more = !isFinal || this.#frameLeftBytes > 0;
    if (isText && !(this.#utf8.push(bytes) && (more || this.#utf8.end())))
      this.#reader.fail("a text message is not UTF-8", CLOSE_NOT_UTF8);
    this.#events.onPiece(bytes, isText, more);
  }

  // ── the connection ──────────────────────────────────────────────────────────────────────────────

  #feed(chunk: Buffer): void {
    let at = 0;
    this.#feeding = true;
    try {
      do at = this.#reader.read(chunk, at);
      while (!this.#isPaused && at < chunk.byteLength);
    } catch (thrown) {
      if (!(thrown instanceof WebSocketViolation)) throw thrown;
      return this.#violated(thrown);
    } finally {
      this.#feeding = false;
    }
    this.#rest = at < chunk.byteLength ? chunk.subarray(at) : null;
    if (!this.#isPaused && this.#tcp.isPaused()) this.#tcp.resume();
  }

  #violated({ closeCode }: WebSocketViolation): void {
    this.#close = { code: closeCode, reason: "" };
    if (!this.#closeSent) this.#sendClose(closePayload(closeCode, ""));
    this.#tcp.end();
    // Further bytes are read and ignored. Otherwise the sender would not get as far as the close.
    this.#tcp.resume();
  }

  #sendClose(payload: Uint8Array): void {
    this.#closeSent = true;
    this.#writer.writeClose(payload);
    this.#cancelTimeout = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#tcp.destroy());
  }

  #closed(): void {
    this.#cancelTimeout?.();
    // The reader is paused and has not seen everything yet, so the end waits.
    this.#closeWaits = this.#rest !== null;
    if (this.#closeWaits) return;
    this.#reader.end();
    this.#events.onClosed(this.#close.code, this.#close.reason);
  }
}

/** RFC 6455 §5.5.1. */
function closePayload(code: number | null, reason: string): Uint8Array {
  if (code === null) return new Uint8Array(0);
  const text = Buffer.from(reason, "utf8");
  const payload = Buffer.alloc(2 + text.byteLength);
  payload.writeUInt16BE(code, 0);
  payload.set(text, 2);
  return payload;
}
