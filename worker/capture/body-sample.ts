import { MAX_CAPTURED_BODY_BYTES } from "../../shared/capture/captured-request.ts";
import { GrowingPiece } from "../../shared/memory/growing-piece.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";

/** Copies of the first bytes of a passing body. The bytes themselves are views into memory that is used again. */
export class BodySample {
  readonly #memory: MemoryAccount;
  readonly #growing = new GrowingPiece(MAX_CAPTURED_BODY_BYTES);
  #kept: Uint8Array = new Uint8Array(0);
  /** All bytes of the body that were seen. */
  bytes = 0;
  hadNoRoom = false;

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    const wantedBytes = Math.min(chunk.byteLength, MAX_CAPTURED_BODY_BYTES - this.keptBytes);
    if (wantedBytes === 0 || this.hadNoRoom) return;
    if (!this.#memory.take(wantedBytes)) {
      this.hadNoRoom = true;
      return;
    }
    this.#kept = this.#growing.join(this.#kept, chunk.subarray(0, wantedBytes));
  }

  get isFull(): boolean {
    return this.keptBytes === MAX_CAPTURED_BODY_BYTES || this.hadNoRoom;
  }

  /** Bytes that count in the memory's account until they are given back. */
  get keptBytes(): number {
    return this.#kept.byteLength;
  }

  whole(): Uint8Array {
    return this.#kept;
  }
}
