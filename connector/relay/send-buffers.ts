import { HEADER_BYTES, MAX_DATA_BYTES, TARGET_MESSAGE_BYTES } from "../../shared/protocol/index.ts";
import { type MaskedMemory, maskedMemory } from "./masked-memory.ts";

/** RFC 6455 §5.2: the largest header, with its mask, is 14 bytes; the payload then begins at a whole word. */
export const HEADER_ROOM_BYTES = 16;
/** Large enough for any message with data, because the last frame of a message begins below the target size. */
const BUFFER_BYTES =
  Math.ceil((HEADER_ROOM_BYTES + TARGET_MESSAGE_BYTES + MAX_DATA_BYTES + 2 * HEADER_BYTES) / 64) * 64;
/** The largest payload that fits in a buffer. */
export const BUFFER_ROOM_BYTES = BUFFER_BYTES - HEADER_ROOM_BYTES;
/** 4 MiB, enough for the backlogs of two full connections. Only pages that were written to are resident. */
const BUFFERS = 12;

/** Buffers for messages being sent, in one piece of memory for all connections of the process. A buffer is known by its offset. */
export class SendBuffers {
  readonly memory: MaskedMemory;
  /** The offset of one more buffer, for messages that are copied out of it at once. */
  readonly scratch = BUFFERS * BUFFER_BYTES;
  /** The buffer that was used last is used next, so that little memory is touched. */
  readonly #free = Array.from({ length: BUFFERS }, (_, i) => (BUFFERS - 1 - i) * BUFFER_BYTES);

  constructor(memoryOf: (sizeBytes: number) => MaskedMemory = maskedMemory) {
    this.memory = memoryOf((BUFFERS + 1) * BUFFER_BYTES);
  }

  /** Null: all are in use. */
  take(): number | null {
    return this.#free.pop() ?? null;
  }

  release(buffer: number): void {
    this.#free.push(buffer);
  }

  get freeCount(): number {
    return this.#free.length;
  }
}

let shared: SendBuffers | null = null;

/** The process's buffers, allocated when the first connection needs them. */
export function sendBuffers(): SendBuffers {
  shared ??= new SendBuffers();
  return shared;
}
