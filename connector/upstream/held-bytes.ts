import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";

/** What Node reads of a socket before it heeds a pause; and the largest that is written to one that takes nothing. */
export const SOCKET_PIECE_BYTES = 64 * 1024;

/**
 * What a socket keeps while its reader, or its peer, takes nothing: hundreds of slow ones hold more there than in their
 * streams, so it counts in the budget.
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
