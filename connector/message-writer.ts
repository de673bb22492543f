import { randomFillSync } from "node:crypto";
import type { Duplex } from "node:stream";
import { encodedSize, encodeInto } from "../shared/protocol/frame-codec.ts";
import { type Frame, HEADER_BYTES } from "../shared/protocol/frame.ts";
import { MAX_DATA_BYTES, TARGET_MESSAGE_BYTES } from "../shared/protocol/limits.ts";

/** RFC 6455 §5.2: the largest header, with its mask, is 14 bytes; the message then begins at a whole word. */
const HEADER_ROOM_BYTES = 16;
const FIN_BINARY = 0x82;
const MASKED = 0x80;
const KEY_BYTES = 4;
const KEYS_AT_A_TIME = 2048;
/** Takes any message that carries data: the last frame begins under the target. */
const BUFFER_BYTES = HEADER_ROOM_BYTES + TARGET_MESSAGE_BYTES + MAX_DATA_BYTES + 2 * HEADER_BYTES;
/** What the backlog allows to wait, with one more. */
const KEPT_BUFFERS = 6;
/** Smaller ones come from Node's own pool, and cost the collector nothing. */
const MIN_KEPT_BYTES = 4 * 1024;

/**
 * Writes messages to a socket as a WebSocket client must, each a masked binary frame (RFC 6455 §5). `ws` would copy each
 * message into a buffer of its own to mask it; here frames are put together, masked and written in one, and used again.
 */
export class MessageWriter {
  readonly #socket: Duplex;
  readonly #onSent: () => void;
  readonly #free: Buffer[] = [];
  readonly #keys = Buffer.alloc(KEYS_AT_A_TIME * KEY_BYTES);
  #keyAt = this.#keys.byteLength;

  /** `onSent` is called whenever a message has left for the operating system. */
  constructor(socket: Duplex, onSent: () => void) {
    this.#socket = socket;
    this.#onSent = onSent;
  }

  write(frames: readonly Frame[]): void {
    const length = encodedSize(frames);
    const size = HEADER_ROOM_BYTES + length;
    const buffer = this.#bufferOf(size);
    encodeInto(buffer, HEADER_ROOM_BYTES, frames);
    const key = this.#nextKey();
    mask(buffer, HEADER_ROOM_BYTES, length, key);
    const start = writeHeader(buffer, length, key);
    this.#socket.write(buffer.subarray(start, size), () => {
      if (buffer.byteLength === BUFFER_BYTES && this.#free.length < KEPT_BUFFERS) this.#free.push(buffer);
      this.#onSent();
    });
  }

  #bufferOf(size: number): Buffer {
    if (size < MIN_KEPT_BYTES || size > BUFFER_BYTES) return Buffer.allocUnsafe(size);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** From a strong source of entropy (RFC 6455 §5.3), drawn for many at once. */
  #nextKey(): Buffer {
    if (this.#keyAt === this.#keys.byteLength) {
      randomFillSync(this.#keys);
      this.#keyAt = 0;
    }
    return this.#keys.subarray(this.#keyAt, (this.#keyAt += KEY_BYTES));
  }
}

/** Returns where the header begins. */
function writeHeader(buffer: Buffer, length: number, key: Buffer): number {
  const keyAt = HEADER_ROOM_BYTES - KEY_BYTES;
  buffer.set(key, keyAt);
  if (length < 126) {
    buffer[keyAt - 2] = FIN_BINARY;
    buffer[keyAt - 1] = MASKED | length;
    return keyAt - 2;
  }
  if (length < 0x1_0000) {
    buffer[keyAt - 4] = FIN_BINARY;
    buffer[keyAt - 3] = MASKED | 126;
    buffer.writeUInt16BE(length, keyAt - 2);
    return keyAt - 4;
  }
  buffer[keyAt - 10] = FIN_BINARY;
  buffer[keyAt - 9] = MASKED | 127;
  buffer.writeUInt32BE(0, keyAt - 8);
  buffer.writeUInt32BE(length, keyAt - 4);
  return keyAt - 10;
}

/** In place; a word at a time where the buffer lies on words. */
function mask(buffer: Buffer, at: number, length: number, key: Buffer): void {
  let done = 0;
  if (length >= 64 && (buffer.byteOffset + at) % 4 === 0) {
    const words = new Int32Array(buffer.buffer, buffer.byteOffset + at, length >>> 2);
    const [word = 0] = new Int32Array(Uint8Array.from(key).buffer);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ word;
    done = length & ~3;
  }
  for (let i = done; i < length; i++) buffer[at + i] = (buffer[at + i] ?? 0) ^ (key[i & 3] ?? 0);
}
