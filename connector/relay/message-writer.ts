import { randomFillSync } from "node:crypto";
import type { Writable } from "node:stream";
import { encodedSize, encodeInto } from "../../shared/protocol/frame-codec.ts";
import type { Frame } from "../../shared/protocol/frame.ts";
import { maskByWords } from "./masked-memory.ts";
import { BUFFER_ROOM_BYTES, HEADER_ROOM_BYTES, type SendBuffers, sendBuffers } from "./send-buffers.ts";
import { FIN, MASKED, OPCODE } from "./websocket-frame.ts";

const KEY_BYTES = 4;
const KEYS_AT_A_TIME = 2048;
/** What the backlog allows one connection to have waiting, with one more. */
const MAX_HELD_BUFFERS = 6;
/** Smaller messages leave as copies in Node's own pool, which cost the collector nothing. */
const MIN_HELD_BYTES = 4 * 1024;

const noop = (): void => {};

/**
 * Writes to a socket as a WebSocket client must: masked frames (RFC 6455 §5). Messages are put together, masked and
 * written in one buffer, which is used again once the socket has let go of it.
 */
export class MessageWriter {
  readonly #socket: Writable;
  readonly #onSent: () => void;
  readonly #buffers: SendBuffers;
  readonly #keys = Buffer.alloc(KEYS_AT_A_TIME * KEY_BYTES);
  #keyAt = this.#keys.byteLength;
  #held = 0;

  /** `onSent` is called whenever a message has left for the operating system. */
  constructor(socket: Writable, onSent: () => void, buffers = sendBuffers()) {
    this.#socket = socket;
    this.#onSent = onSent;
    this.#buffers = buffers;
  }

  write(frames: readonly Frame[]): void {
    const length = encodedSize(frames);
    if (length > BUFFER_ROOM_BYTES) return this.#writeLarge(frames, length);
    const { memory, scratch } = this.#buffers;
    const buffer = length >= MIN_HELD_BYTES && this.#held < MAX_HELD_BUFFERS ? this.#buffers.take() : null;
    const at = (buffer ?? scratch) + HEADER_ROOM_BYTES;
    encodeInto(memory.bytes, at, frames);
    const start = this.#writeHeader(memory.bytes, at, OPCODE.binary, length);
    memory.mask(at, length);
    if (buffer === null) return this.#writeCopy(start, at + length, this.#onSent);
    this.#held++;
    this.#socket.write(memory.bytes.subarray(start, at + length), () => {
      this.#held--;
      this.#buffers.release(buffer);
      this.#onSent();
    });
  }

  writeText(text: string): void {
    this.#writeSmall(OPCODE.text, Buffer.from(text, "utf8"), noop);
  }

  writePong(payload: Uint8Array, onSent: () => void): void {
    this.#writeSmall(OPCODE.pong, payload, onSent);
  }

  writeClose(payload: Uint8Array): void {
    this.#writeSmall(OPCODE.close, payload, noop);
  }

  #writeSmall(opcode: number, payload: Uint8Array, onSent: () => void): void {
    const { memory, scratch } = this.#buffers;
    const at = scratch + HEADER_ROOM_BYTES;
    memory.bytes.set(payload, at);
    const start = this.#writeHeader(memory.bytes, at, opcode, payload.byteLength);
    memory.mask(at, payload.byteLength);
    this.#writeCopy(start, at + payload.byteLength, onSent);
  }

  #writeCopy(start: number, end: number, onSent: () => void): void {
    const copy = Buffer.allocUnsafe(end - start);
    this.#buffers.memory.bytes.copy(copy, 0, start, end);
    this.#socket.write(copy, onSent);
  }

  /** Hundreds of kilobytes of heads: rare enough for memory of their own. */
  #writeLarge(frames: readonly Frame[], length: number): void {
    const bytes = Buffer.allocUnsafeSlow(HEADER_ROOM_BYTES + length);
    encodeInto(bytes, HEADER_ROOM_BYTES, frames);
    const start = this.#writeHeader(bytes, HEADER_ROOM_BYTES, OPCODE.binary, length);
    maskByWords(bytes.buffer)(HEADER_ROOM_BYTES, length);
    this.#socket.write(bytes.subarray(start), this.#onSent);
  }

  /** In front of the payload at `at`, with a new key. Returns where the header begins. */
  #writeHeader(bytes: Buffer, at: number, opcode: number, length: number): number {
    const keyAt = at - KEY_BYTES;
    this.#writeKey(bytes, keyAt);
    if (length < 126) {
      bytes[keyAt - 2] = FIN | opcode;
      bytes[keyAt - 1] = MASKED | length;
      return keyAt - 2;
    }
    if (length < 0x1_0000) {
      bytes[keyAt - 4] = FIN | opcode;
      bytes[keyAt - 3] = MASKED | 126;
      bytes.writeUInt16BE(length, keyAt - 2);
      return keyAt - 4;
    }
    bytes[keyAt - 10] = FIN | opcode;
    bytes[keyAt - 9] = MASKED | 127;
    bytes.writeUInt32BE(0, keyAt - 8);
    bytes.writeUInt32BE(length, keyAt - 4);
    return keyAt - 10;
  }

  /** From a strong source of entropy (RFC 6455 §5.3), drawn for many at once. */
  #writeKey(bytes: Buffer, at: number): void {
    const keys = this.#keys;
    if (this.#keyAt === keys.byteLength) {
      randomFillSync(keys);
      this.#keyAt = 0;
    }
    for (let i = 0; i < KEY_BYTES; i++) bytes[at + i] = keys[this.#keyAt++] ?? 0;
  }
}
