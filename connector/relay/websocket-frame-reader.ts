import { isUtf8 } from "node:buffer";
import { sendableCloseCode } from "../platform/index.ts";
import {
  CLOSE_NO_STATUS,
  CLOSE_NOT_UTF8,
  CLOSE_PROTOCOL_ERROR,
  FIN,
  FIRST_CONTROL_OPCODE,
  MASKED,
  OPCODE,
  RESERVED,
} from "./websocket-frame.ts";

/** RFC 6455 §5.5. */
const MAX_CONTROL_BYTES = 125;
const MAX_HEADER_BYTES = 10;

/** The peer violated RFC 6455. `closeCode` is sent to it. */
export class WebSocketViolation extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** The frames of messages, piece by piece as they arrive. Each handler may throw a WebSocketViolation. */
export interface WebSocketFrameEvents {
  /** A frame of a message begins; `length` bytes of payload follow. */
  onFrame(frame: DataFrame): void;
  /** A view of the chunk, valid until this returns. */
  onPayload(bytes: Buffer): void;
  onFrameEnd(frame: DataFrame): void;
  /** Answer with the same payload. */
  onPing(payload: Buffer): void;
  /** The last event. An answer repeats `payload`. The code is 1005 if the close has none. */
  onClose(code: number, payload: Buffer): void;
}

export interface DataFrame {
  isText: boolean;
  /** The first of its message. */
  isFirst: boolean;
  /** The last of its message. */
  isFinal: boolean;
  length: number;
}

/** Reads a server's frames (RFC 6455 §5) from chunks cut anywhere, and keeps nothing of them. */
export class WebSocketFrameReader {
  readonly #events: WebSocketFrameEvents;
  #ended = false;
  #halted = false;
  /** The part of a header that came in an earlier chunk. */
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** State of the current frame. */
  #opcode = 0;
  #isFinal = false;
  #length = 0;
  #leftBytes = 0;
  #inFrame = false;
  #data: DataFrame | null = null;
  #control: Buffer | null = null;
  /** The type of the current message; null between messages. */
  #isText: boolean | null = null;

  constructor(events: WebSocketFrameEvents) {
    this.#events = events;
  }

  /** Ignores all further bytes. */
  end(): void {
    this.#ended = true;
  }

  /** Makes the current `read` return after the current piece. */
  halt(): void {
    this.#halted = true;
  }

  /** Returns how much of the chunk was read: all of it, unless it was halted. May throw a WebSocketViolation, once. */
  read(chunk: Buffer, from = 0): number {
    let at = from;
    this.#halted = false;
    while (at < chunk.byteLength && !this.#ended && !this.#halted) {
      if (!this.#inFrame) {
        at = this.#readHeader(chunk, at);
        if (at < 0) return chunk.byteLength;
        this.#begin();
        if (this.#leftBytes > 0) continue;
      } else {
        const end = Math.min(at + this.#leftBytes, chunk.byteLength);
        this.#leftBytes -= end - at;
        if (this.#control !== null)
          chunk.copy(this.#control, this.#length - this.#leftBytes - (end - at), at, end);
        else this.#events.onPayload(at === 0 && end === chunk.byteLength ? chunk : chunk.subarray(at, end));
        at = end;
      }
      if (this.#leftBytes === 0) this.#finish();
    }
    return this.#ended ? chunk.byteLength : at;
  }

  fail(message: string, closeCode = CLOSE_PROTOCOL_ERROR): never {
    this.end();
    throw new WebSocketViolation(closeCode, message);
  }

  #begin(): void {
    this.#inFrame = true;
    this.#leftBytes = this.#length;
    this.#control = null;
    this.#data = null;
    if (this.#opcode >= FIRST_CONTROL_OPCODE) {
      this.#control = Buffer.allocUnsafe(this.#length);
      return;
    }
    const isFirst = this.#opcode !== OPCODE.continuation;
    if (isFirst) this.#isText = this.#opcode === OPCODE.text;
    const isText = this.#isText === true;
    this.#data = { isText, isFirst, isFinal: this.#isFinal, length: this.#length };
    this.#events.onFrame(this.#data);
  }

  #finish(): void {
    this.#inFrame = false;
    if (this.#data !== null) {
      if (this.#data.isFinal) this.#isText = null;
      return this.#events.onFrameEnd(this.#data);
    }
    const payload = this.#control ?? Buffer.alloc(0);
    if (this.#opcode === OPCODE.ping) this.#events.onPing(payload);
    else if (this.#opcode === OPCODE.close) this.#closeRead(payload);
    // A pong needs no action: its arrival alone shows that the peer is alive.
  }

  /** Returns where in the chunk the payload begins, or a negative number if the header continues in the next chunk. */
  #readHeader(chunk: Buffer, at: number): number {
    if (this.#headerBytes === 0) {
      const size = this.#parseHeader(chunk, at, chunk.byteLength);
      if (size > 0) return at + size;
    }
    for (let from = at; from < chunk.byteLength;) {
      this.#header[this.#headerBytes++] = chunk[from++] ?? 0;
      if (this.#parseHeader(this.#header, 0, this.#headerBytes) === 0) continue;
      this.#headerBytes = 0;
      return from;
    }
    return -1;
  }

  /** Returns the header's size, or 0 if it is incomplete. */
  #parseHeader(bytes: Buffer, at: number, end: number): number {
    if (end - at < 2) return 0;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const short = second & ~MASKED;
    this.#checkStart(first, second, short);
    if (short < 126) {
      this.#length = short;
      return 2;
    }
    if (short === 126) {
      if (end - at < 4) return 0;
      this.#length = bytes.readUInt16BE(at + 2);
      return 4;
    }
    if (end - at < 10) return 0;
    this.#length = bytes.readUInt32BE(at + 2) * 0x1_0000_0000 + bytes.readUInt32BE(at + 6);
    return 10;
  }

  #checkStart(first: number, second: number, short: number): void {
    if ((first & RESERVED) !== 0) this.fail("reserved bits are set");
    if ((second & MASKED) !== 0) this.fail("a server's frame is masked");
    this.#isFinal = (first & FIN) !== 0;
    this.#opcode = first & 0x0f;
    switch (this.#opcode) {
      case OPCODE.continuation:
        if (this.#isText === null) this.fail("a continuation frame without a message");
        return;
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#isText !== null) this.fail("a message begins inside another");
        return;
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (!this.#isFinal) this.fail("a control frame is fragmented");
        if (short > MAX_CONTROL_BYTES) this.fail("a control frame is too long");
        if (this.#opcode === OPCODE.close && short === 1) this.fail("a close code of one byte");
        return;
      default:
        this.fail(`unknown opcode ${this.#opcode}`);
    }
  }

  #closeRead(payload: Buffer): void {
    if (payload.byteLength >= 2) {
      const code = payload.readUInt16BE(0);
      if (sendableCloseCode(code) !== code) this.fail(`invalid close code ${code}`);
      if (!isUtf8(payload.subarray(2))) this.fail("a close reason is not UTF-8", CLOSE_NOT_UTF8);
    }
    this.end();
    this.#events.onClose(payload.byteLength < 2 ? CLOSE_NO_STATUS : payload.readUInt16BE(0), payload);
  }
}
