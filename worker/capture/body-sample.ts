import { MAX_CAPTURED_BODY_BYTES } from "../../shared/capture/captured-request.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";

/** The first bytes of a body that passes by. Copies: what passes is a view into memory that is used again. */
export class BodySample {
  readonly #memory: MemoryAccount;
  readonly #pieces: Uint8Array[] = [];
  #keptBytes = 0;
  /** Of the whole body, as far as it was seen. */
  bytes = 0;
  hadNoRoom = false;

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    const wantedBytes = Math.min(chunk.byteLength, MAX_CAPTURED_BODY_BYTES - this.#keptBytes);
    if (wantedBytes === 0 || this.hadNoRoom) return;
    if (!this.#memory.take(wantedBytes)) {
      this.hadNoRoom = true;
      return;
    }
    this.#pieces.push(chunk.slice(0, wantedBytes));
    this.#keptBytes += wantedBytes;
  }

  get isFull(): boolean {
    return this.#keptBytes === MAX_CAPTURED_BODY_BYTES || this.hadNoRoom;
  }

  /** In the memory's account, until somebody gives them back. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  whole(): Uint8Array {
    const whole = new Uint8Array(this.#keptBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.byteLength;
    }
    return whole;
  }
}
