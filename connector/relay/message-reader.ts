import { isUtf8 } from "node:buffer";
import { type DataFrame, type FrameEvents, FrameReader } from "./frame-reader.ts";
import { CLOSE_NOT_UTF8, CLOSE_TOO_BIG } from "./websocket-frame.ts";

const MIN_ASSEMBLY_BYTES = 4 * 1024;
/** Smaller ones come from Node's own pool: what is kept of them is copied. Of larger ones views are kept. */
const MIN_OWN_BYTES = 8 * 1024;
const NOTHING = Buffer.alloc(0);

/** What is handed on lies in memory of its own, never in a chunk. */
export interface MessageReaderEvents {
  onMessage(message: Buffer): void;
  onText(text: string): void;
  /** To be answered with the same payload. */
  onPing(payload: Buffer): void;
  /** Last. `payload` is what an answer repeats; the code is 1005 where it has none. */
  onClose(code: number, payload: Buffer): void;
}

/**
 * Reads a server's messages (RFC 6455 §5) from chunks cut anywhere. Each byte is copied once, into a buffer of the
 * message's size; the chunk may then be used again.
 */
export class MessageReader implements FrameEvents {
  readonly #events: MessageReaderEvents;
  readonly #maxMessageBytes: number;
  readonly #frames = new FrameReader(this);
  /** As far as the message has come; of one in fragments, with room for more. */
  #bytes: Buffer = NOTHING;
  #size = 0;

  constructor(maxMessageBytes: number, events: MessageReaderEvents) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#events = events;
  }

  /** Ignores what comes from now on. */
  end(): void {
    this.#frames.end();
    this.#bytes = NOTHING;
  }

  /** May throw a WebSocketViolation, once: all before it was handed on, and what comes after it is ignored. */
  read(chunk: Buffer): void {
    this.#frames.read(chunk);
  }

  /** Before anything is allocated for it. */
  onFrame({ isFirst, isFinal, length }: DataFrame): void {
    if (isFirst) this.#size = 0;
    const size = this.#size + length;
    if (size > this.#maxMessageBytes) this.#frames.fail(`message of ${size} bytes`, CLOSE_TOO_BIG);
    if (isFirst && isFinal) {
      this.#bytes = length < MIN_OWN_BYTES ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    } else if (size > this.#bytes.byteLength || isFirst) {
      // Doubled, for fragments of any size: a byte each must not cost an object each.
      const room = Math.min(Math.max(2 * size, MIN_ASSEMBLY_BYTES), this.#maxMessageBytes);
      const bytes = Buffer.allocUnsafeSlow(room);
      this.#bytes.copy(bytes, 0, 0, this.#size);
      this.#bytes = bytes;
    }
  }

  onPayload(bytes: Buffer): void {
    bytes.copy(this.#bytes, this.#size);
    this.#size += bytes.byteLength;
  }

  onFrameEnd({ isText, isFinal }: DataFrame): void {
    if (!isFinal) return;
    const message = this.#size === this.#bytes.byteLength ? this.#bytes : this.#bytes.subarray(0, this.#size);
    this.#bytes = NOTHING;
    if (!isText) return this.#events.onMessage(message);
    if (!isUtf8(message)) this.#frames.fail("a text is not UTF-8", CLOSE_NOT_UTF8);
    this.#events.onText(message.toString("utf8"));
  }

  onPing(payload: Buffer): void {
    this.#events.onPing(payload);
  }

  onClose(code: number, payload: Buffer): void {
    this.#events.onClose(code, payload);
  }
}
