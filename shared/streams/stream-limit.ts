import type { Clock } from "../time/clock.ts";
import { Admission } from "./admission.ts";
import type { StreamParty } from "./stream-shares.ts";

/**
 * How many streams a process serves at once, whichever of its connections they come by. Each object of the relay shares
 * out its own credit, and knows nothing of what its siblings use: a caller could have its share of each, and so have all
 * that the process serves. So the sum is shared out here by the same rule, and by the same rule who is owed a place waits
 * for one. What finds none is refused as not processed, for another connector to take.
 */
export class StreamLimit {
  readonly #max: number;
  readonly #admission: Admission;
  #taken = 0;

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#admission = new Admission(clock, () => this.#max - this.#taken);
  }

  /** Streams whose upstream work still exists. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Calls `enter` with whether there is a place, which is then taken: at once, or when one has come back for who is owed
   * it. What is returned ends the wait without a call.
   */
  whenPlace(party: StreamParty, enter: (taken: boolean) => void): () => void {
    return this.#admission.whenRoom(party, () => enter(this.#take(party)));
  }

  release(party: StreamParty): void {
    this.#taken--;
    this.#admission.shares.ended(party);
    this.#admission.roomCame();
  }

  #take(party: StreamParty): boolean {
    if (!this.#admission.admits(party)) return false;
    this.#taken++;
    this.#admission.shares.opened(party);
    return true;
  }
}
