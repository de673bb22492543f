import { isUtf8 } from "node:buffer";
import { legalCloseCode } from "../platform/close-code.ts";
import {
  CLOSE_NO_STATUS,
  CLOSE_NOT_UTF8,
  CLOSE_PROTOCOL_ERROR,
  CLOSE_TOO_BIG,
  FIN,
  FIRST_CONTROL_OPCODE,
  MASKED,
  OPCODE,
  RESERVED,
} from "./websocket-frame.ts";

/** RFC 6455 §5.5. */
const MAX_CONTROL_BYTES = 125;
const MAX_HEADER_BYTES = 10;
const MIN_ASSEMBLY_BYTES = 4 * 1024;
/** Smaller ones come from Node's own pool: what is kept of them is copied. Of larger ones views are kept. */
const MIN_OWN_BYTES = 8 * 1024;
const NOTHING = Buffer.alloc(0);

/** The peer broke RFC 6455; `closeCode` says so to it. */
export class WebSocketViolation extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** What is handed on lies in memory of its own, never in a chunk. */
export interface MessageReaderEvents {
  onMessage(message: Buffer): void;
  onText(text: string): void;
  /** To be answered with the same payload. */
  onPing(payload: Buffer): void;
  /** Last. `payload` is what an answer repeats; the code is 1005 where it has none. */
  onClose(code: number, payload: Buffer): void;
}

/** A message in fragments, as far as it has come. */
interface Assembly {
  opcode: number;
  bytes: Buffer;
  size: number;
}

/**
 * Reads a server's frames (RFC 6455 §5) from chunks cut anywhere. Each byte is copied once, into a buffer of the frame's
 * size; the chunk may then be used again.
 */
export class MessageReader {
  readonly #events: MessageReaderEvents;
  readonly #maxMessageBytes: number;
  #ended = false;
  /** A header that began in an earlier chunk. */
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** Of the frame that is being read. */
  #opcode = 0;
  #isFinal = false;
  #length = 0;
  /** Null: its header is not whole. */
  #payload: Buffer | null = null;
  #payloadBytes = 0;
  #assembly: Assembly | null = null;

  constructor(maxMessageBytes: number, events: MessageReaderEvents) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#events = events;
  }

  /** Ignores what comes from now on. */
  end(): void {
    this.#ended = true;
    this.#payload = null;
    this.#assembly = null;
  }

  /** May throw a WebSocketViolation, once: all before it was handed on, and what comes after it is ignored. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.byteLength && !this.#ended) {
      if (this.#payload === null) {
        at = this.#readHeader(chunk, at);
        if (at < 0) return;
        const isSmall = this.#length < MIN_OWN_BYTES;
        this.#payload = isSmall ? Buffer.allocUnsafe(this.#length) : Buffer.allocUnsafeSlow(this.#length);
        this.#payloadBytes = 0;
      }
      at = this.#fill(this.#payload, chunk, at);
    }
  }

  /** Returns where in the chunk the payload begins; negative where the header goes on in the next one. */
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

  /** Returns its size; 0 where there is more of it to come. */
  #parseHeader(bytes: Buffer, at: number, end: number): number {
    if (end - at < 2) return 0;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const short = second & ~MASKED;
    this.#checkStart(first, second, short);
    if (short < 126) {
      this.#length = short;
      this.#checkLength();
      return 2;
    }
    if (short === 126) {
      if (end - at < 4) return 0;
      this.#length = bytes.readUInt16BE(at + 2);
      this.#checkLength();
      return 4;
    }
    if (end - at < 10) return 0;
    this.#length = bytes.readUInt32BE(at + 2) * 0x1_0000_0000 + bytes.readUInt32BE(at + 6);
    this.#checkLength();
    return 10;
  }

  #checkStart(first: number, second: number, short: number): void {
    if ((first & RESERVED) !== 0) this.#fail("reserved bits are set");
    if ((second & MASKED) !== 0) this.#fail("a server's frame is masked");
    this.#isFinal = (first & FIN) !== 0;
    this.#opcode = first & 0x0f;
    switch (this.#opcode) {
      case OPCODE.continuation:
        if (this.#assembly === null) this.#fail("nothing to continue");
        return;
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#assembly !== null) this.#fail("a message begins inside another");
        return;
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (!this.#isFinal) this.#fail("a control frame is fragmented");
        if (short > MAX_CONTROL_BYTES) this.#fail("a control frame is too long");
        if (this.#opcode === OPCODE.close && short === 1) this.#fail("half a close code");
        return;
      default:
        this.#fail(`unknown opcode ${this.#opcode}`);
    }
  }

  /** Before anything is allocated for it. */
  #checkLength(): void {
    if (this.#opcode >= FIRST_CONTROL_OPCODE) return;
    const size = this.#length + (this.#assembly?.size ?? 0);
    if (size > this.#maxMessageBytes) this.#fail(`message of ${size} bytes`, CLOSE_TOO_BIG);
  }

  #fill(payload: Buffer, chunk: Buffer, at: number): number {
    const end = Math.min(at + payload.byteLength - this.#payloadBytes, chunk.byteLength);
    chunk.copy(payload, this.#payloadBytes, at, end);
    this.#payloadBytes += end - at;
    if (this.#payloadBytes === payload.byteLength) {
      this.#payload = null;
      this.#frameRead(payload);
    }
    return end;
  }

  #frameRead(payload: Buffer): void {
    switch (this.#opcode) {
      case OPCODE.ping:
        return this.#events.onPing(payload);
      case OPCODE.close:
        return this.#closeRead(payload);
      case OPCODE.pong:
        // Not asked for.
        return;
      default:
        if (this.#isFinal && this.#assembly === null) return this.#messageRead(this.#opcode, payload);
        return this.#fragmentRead(payload);
    }
  }

  #messageRead(opcode: number, message: Buffer): void {
    if (opcode === OPCODE.binary) return this.#events.onMessage(message);
    if (!isUtf8(message)) this.#fail("a text is not UTF-8", CLOSE_NOT_UTF8);
    this.#events.onText(message.toString("utf8"));
  }

  #fragmentRead(payload: Buffer): void {
    const assembly = (this.#assembly ??= { opcode: this.#opcode, bytes: NOTHING, size: 0 });
    const size = assembly.size + payload.byteLength;
    if (size > assembly.bytes.byteLength) {
      // Doubled, for fragments of any size: a byte each must not cost an object each.
      const room = Math.min(Math.max(2 * size, MIN_ASSEMBLY_BYTES), this.#maxMessageBytes);
      const bytes = Buffer.allocUnsafeSlow(room);
      assembly.bytes.copy(bytes, 0, 0, assembly.size);
      assembly.bytes = bytes;
    }
    payload.copy(assembly.bytes, assembly.size);
    assembly.size = size;
    if (!this.#isFinal) return;
    this.#assembly = null;
    this.#messageRead(assembly.opcode, assembly.bytes.subarray(0, size));
  }

  #closeRead(payload: Buffer): void {
    if (payload.byteLength >= 2) {
      const code = payload.readUInt16BE(0);
      if (legalCloseCode(code) !== code) this.#fail(`close code ${code}`);
      if (!isUtf8(payload.subarray(2))) this.#fail("a close reason is not UTF-8", CLOSE_NOT_UTF8);
    }
    this.end();
    this.#events.onClose(payload.byteLength < 2 ? CLOSE_NO_STATUS : payload.readUInt16BE(0), payload);
  }

  #fail(message: string, closeCode = CLOSE_PROTOCOL_ERROR): never {
    this.end();
    throw new WebSocketViolation(closeCode, message);
  }
}
