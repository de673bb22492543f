import { HEADER_BYTES, MAX_DATA_BYTES, TARGET_MESSAGE_BYTES } from "../../shared/protocol/index.ts";
import { type MaskedMemory, maskedMemory } from "./masked-memory.ts";

/** RFC 6455 §5.2: the largest header, with its mask, is 14 bytes; the payload then begins at a whole word. */
export const HEADER_ROOM_BYTES = 16;
/** Takes any message that carries data: the last frame begins under the target. */
const BUFFER_BYTES =
  Math.ceil((HEADER_ROOM_BYTES + TARGET_MESSAGE_BYTES + MAX_DATA_BYTES + 2 * HEADER_BYTES) / 64) * 64;
/** The largest payload that a buffer holds. */
export const BUFFER_ROOM_BYTES = BUFFER_BYTES - HEADER_ROOM_BYTES;
/** 2 MiB, of which only what was ever written to is resident: backlogs of two full connections and more. */
const BUFFERS = 16;

/** Buffers for messages on their way, in one piece of memory for all connections of the process. Told by their offsets. */
export class SendBuffers {
  readonly memory: MaskedMemory;
  /** A further one: for what is copied out of it at once. */
  readonly scratch = BUFFERS * BUFFER_BYTES;
  /** The one that was used last is the next: little memory is touched. */
  readonly #free = Array.from({ length: BUFFERS }, (_, i) => (BUFFERS - 1 - i) * BUFFER_BYTES);

  constructor(memoryOf: (sizeBytes: number) => MaskedMemory = maskedMemory) {
    this.memory = memoryOf((BUFFERS + 1) * BUFFER_BYTES);
  }

  /** Null: all are on their way. */
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

/** The process's own, made when the first connection needs them. */
export function sendBuffers(): SendBuffers {
  shared ??= new SendBuffers();
  return shared;
}
