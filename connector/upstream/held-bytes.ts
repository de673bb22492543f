import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";

/** What Node may still read from a socket after a pause, and the largest piece written to a socket that accepts no more. */
export const SOCKET_PIECE_BYTES = 64 * 1024;

/**
 * Counts in the memory budget what a socket buffers while its reader or its peer is not reading. With hundreds of slow
 * connections this is more than their streams contain.
 */
export class HeldBytes {
  readonly #memory: MemoryAccount;
  #bytes = 0;

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  set(bytes: number): void {
    const addedBytes = bytes - this.#bytes;
    this.#bytes = bytes;
    if (addedBytes > 0) this.#memory.hold(addedBytes);
    else if (addedBytes < 0) this.#memory.giveBack(-addedBytes);
  }
}
