import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";

/** Enough for the page with which a server refuses an upload. */
const MAX_AHEAD_BYTES = 1024 * 1024;

/** Bytes of an answer that were read from the socket while their reader pauses. */
export class Backlog {
  readonly #memory: MemoryAccount;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** False: stop reading for now. */
  add(bytes: Buffer): boolean {
    this.#pieces.push(bytes);
    this.#count(bytes.byteLength);
    return this.#bytes < MAX_AHEAD_BYTES && !this.#memory.isShort;
  }

  /** Puts back the unread rest of the first piece. */
  putBack(rest: Buffer): void {
    this.#pieces.unshift(rest);
    this.#count(rest.byteLength);
  }

  shift(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#count(-piece.byteLength);
    return piece;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#count(-this.#bytes);
  }

  #count(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes += bytes;
    if (bytes > 0) this.#memory.hold(bytes);
    else this.#memory.giveBack(-bytes);
  }
}
