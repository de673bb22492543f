import { randomFillSync } from "node:crypto";
import type { Writable } from "node:stream";
import { encodedSize, encodeInto, type Frame } from "../../shared/protocol/index.ts";
import { maskByWords } from "./masked-memory.ts";
import { BUFFER_ROOM_BYTES, HEADER_ROOM_BYTES, type SendBuffers, sendBuffers } from "./send-buffers.ts";
import { FIN, MASKED, OPCODE } from "./websocket-frame.ts";

const KEY_BYTES = 4;
const KEYS_AT_A_TIME = 2048;
/** One more than the backlog allows a connection to have waiting. */
const MAX_HELD_BUFFERS = 6;
/** Smaller messages are copied into Node's pool, which costs the garbage collector nothing. */
const MIN_HELD_BYTES = 4 * 1024;

const noop = (): void => {};

/** Random keys for many frames, shared by all connections. */
const keys = Buffer.alloc(KEYS_AT_A_TIME * KEY_BYTES);
let keyAt = keys.byteLength;

/**
 * Writes the masked frames of a WebSocket client (RFC 6455 §5) to a socket. A message is assembled, masked and
 * written in one buffer, which is used again once the socket no longer needs it.
 */
export class MessageWriter {
  readonly #socket: Writable;
  readonly #onSent: () => void;
  readonly #buffers: SendBuffers;
  #held = 0;

  /** `onSent` is called whenever the operating system has accepted a message. */
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
    const start = this.#writeHeader(memory.bytes, at, FIN | OPCODE.binary, length);
    memory.mask(at, length);
    if (buffer === null) return this.#writeCopy(start, at + length, this.#onSent);
    this.#held++;
    this.#socket.write(memory.bytes.subarray(start, at + length), () => {
      this.#held--;
      this.#buffers.release(buffer);
      this.#onSent();
    });
  }

  /** Writes one fragment of a message. `opcode` is continuation for all but the first. At most `LARGE_DATA_BYTES`. */
  writeFragment(opcode: number, isFinal: boolean, payload: Uint8Array, onSent: () => void): void {
    this.#writeSmall(isFinal ? FIN | opcode : opcode, payload, onSent);
  }

  writeText(text: string): void {
    this.#writeSmall(FIN | OPCODE.text, Buffer.from(text, "utf8"), noop);
  }

  writePing(): void {
    this.#writeSmall(FIN | OPCODE.ping, new Uint8Array(0), noop);
  }

  writePong(payload: Uint8Array, onSent: () => void): void {
    this.#writeSmall(FIN | OPCODE.pong, payload, onSent);
  }

  writeClose(payload: Uint8Array): void {
    this.#writeSmall(FIN | OPCODE.close, payload, noop);
  }

  #writeSmall(firstByte: number, payload: Uint8Array, onSent: () => void): void {
    const { memory, scratch } = this.#buffers;
    const at = scratch + HEADER_ROOM_BYTES;
    memory.bytes.set(payload, at);
    const start = this.#writeHeader(memory.bytes, at, firstByte, payload.byteLength);
    memory.mask(at, payload.byteLength);
    this.#writeCopy(start, at + payload.byteLength, onSent);
  }

  #writeCopy(start: number, end: number, onSent: () => void): void {
    const copy = Buffer.allocUnsafe(end - start);
    this.#buffers.memory.bytes.copy(copy, 0, start, end);
    this.#socket.write(copy, onSent);
  }

  /** For hundreds of kilobytes of heads, which are rare enough to get memory of their own. */
  #writeLarge(frames: readonly Frame[], length: number): void {
    const bytes = Buffer.allocUnsafeSlow(HEADER_ROOM_BYTES + length);
    encodeInto(bytes, HEADER_ROOM_BYTES, frames);
    const start = this.#writeHeader(bytes, HEADER_ROOM_BYTES, FIN | OPCODE.binary, length);
    maskByWords(bytes.buffer)(HEADER_ROOM_BYTES, length);
    this.#socket.write(bytes.subarray(start), this.#onSent);
  }

  /** Writes the header, with a new key, before the payload at `at`. Returns where the header begins. */
  #writeHeader(bytes: Buffer, at: number, firstByte: number, length: number): number {
    const start = at - KEY_BYTES;
    this.#writeKey(bytes, start);
    if (length < 126) {
      bytes[start - 2] = firstByte;
      bytes[start - 1] = MASKED | length;
      return start - 2;
    }
    if (length < 0x1_0000) {
      bytes[start - 4] = firstByte;
      bytes[start - 3] = MASKED | 126;
      bytes.writeUInt16BE(length, start - 2);
      return start - 4;
    }
    bytes[start - 10] = firstByte;
    bytes[start - 9] = MASKED | 127;
    bytes.writeUInt32BE(0, start - 8);
    bytes.writeUInt32BE(length, start - 4);
    return start - 10;
  }

  /** The key comes from a strong source of entropy (RFC 6455 §5.3), which is asked for many keys at once. */
  #writeKey(bytes: Buffer, at: number): void {
    if (keyAt === keys.byteLength) {
      randomFillSync(keys);
      keyAt = 0;
    }
    for (let i = 0; i < KEY_BYTES; i++) bytes[at + i] = keys[keyAt++] ?? 0;
  }
}
