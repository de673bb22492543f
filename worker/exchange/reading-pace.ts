import { LARGE_DATA_BYTES } from "../../shared/protocol/index.ts";

/** A reader that comes back within this time is quick. */
const QUICK_MS = 1_000;

/**
 * How much of a body its reader gets at a time: all that arrived in one piece while it reads quickly. A slow one gets less. It counts as
 * reading only when it comes back for more, and the platform keeps for it what it has not read of a piece.
 */
export class ReadingPace {
  readonly #nowMs: () => number;
  #lastMs = -Infinity;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  nextBytes(): number {
    const beforeMs = this.#lastMs;
    this.#lastMs = this.#nowMs();
    return this.#lastMs - beforeMs <= QUICK_MS ? Infinity : LARGE_DATA_BYTES;
  }
}
