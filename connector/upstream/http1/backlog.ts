import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";

/** As the largest answers to uploads that nobody wants: a page that says so. */
const MAX_AHEAD_BYTES = 1024 * 1024;

/** What was read of an answer and not yet taken, because its reader pauses. */
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

  /** False: no more should be read for now. */
  add(bytes: Buffer): boolean {
    this.#pieces.push(bytes);
    this.#count(bytes.byteLength);
    return this.#bytes < MAX_AHEAD_BYTES && !this.#memory.isShort;
  }

  /** What was not taken of the first piece. */
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
