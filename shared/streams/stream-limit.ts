import { type StreamParty, StreamShares } from "./stream-shares.ts";

/**
 * How many streams a process serves at once, whichever of its connections they come by. Each object of the relay shares
 * out its own credit, and knows nothing of what its siblings use: a caller could have its share of each, and so have all
 * that the process serves. So the sum is shared out here by the same rule, and what is beyond it is refused as not
 * processed, for another connector to take.
 */
export class StreamLimit {
  readonly #max: number;
  readonly #shares = new StreamShares();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Streams whose upstream work still exists. */
  get taken(): number {
    return this.#taken;
  }

  /** False: there are as many as may be, or as many as this party may have. */
  take(party: StreamParty): boolean {
    if (!this.#shares.admits(party, this.#max - this.#taken)) return false;
    this.#taken++;
    this.#shares.opened(party);
    return true;
  }

  release(party: StreamParty): void {
    this.#taken--;
    this.#shares.ended(party);
  }
}
