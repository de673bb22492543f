import { isUtf8 } from "node:buffer";
import { type DataFrame, type WebSocketFrameEvents, WebSocketFrameReader } from "./websocket-frame-reader.ts";
import { CLOSE_NOT_UTF8, CLOSE_TOO_BIG } from "./websocket-frame.ts";

const MIN_ASSEMBLY_BYTES = 4 * 1024;
/** Smaller buffers come from Node's pool, so what is kept of them is copied. Of larger ones a view is kept. */
const MIN_OWN_BYTES = 8 * 1024;
const NOTHING = Buffer.alloc(0);

/** Messages are in memory of their own, never in a chunk. */
export interface MessageReaderEvents {
  onMessage(message: Buffer): void;
  onText(text: string): void;
  /** Answer with the same payload. */
  onPing(payload: Buffer): void;
  /** The last event. An answer repeats `payload`. The code is 1005 if the close has none. */
  onClose(code: number, payload: Buffer): void;
}

/**
 * Reads a server's messages (RFC 6455 §5) from chunks cut anywhere. Each byte is copied once, into a buffer of the
 * message's size; the chunk may then be used again.
 */
export class MessageReader implements WebSocketFrameEvents {
  readonly #events: MessageReaderEvents;
  readonly #maxMessageBytes: number;
  readonly #frames = new WebSocketFrameReader(this);
  /** The message so far. If it comes in fragments, the buffer has room for more. */
  #bytes: Buffer = NOTHING;
  #size = 0;

  constructor(maxMessageBytes: number, events: MessageReaderEvents) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#events = events;
  }

  /** Ignores all further bytes. */
  end(): void {
    this.#frames.end();
    this.#bytes = NOTHING;
  }

  /** May throw a WebSocketViolation, once. Messages before it were delivered, and everything after it is ignored. */
  read(chunk: Buffer): void {
    this.#frames.read(chunk);
  }

  /** Called before anything is allocated for the frame. */
  onFrame({ isFirst, isFinal, length }: DataFrame): void {
    if (isFirst) this.#size = 0;
    const size = this.#size + length;
    if (size > this.#maxMessageBytes) this.#frames.fail(`message of ${size} bytes`, CLOSE_TOO_BIG);
    if (isFirst && isFinal) {
      this.#bytes = length < MIN_OWN_BYTES ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    } else if (size > this.#bytes.byteLength || isFirst) {
      // The size doubles, so that fragments of one byte each do not cost an allocation each.
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
    if (!isUtf8(message)) this.#frames.fail("a text message is not UTF-8", CLOSE_NOT_UTF8);
    this.#events.onText(message.toString("utf8"));
  }

  onPing(payload: Buffer): void {
    this.#events.onPing(payload);
  }

  onClose(code: number, payload: Buffer): void {
    this.#events.onClose(code, payload);
  }
}
