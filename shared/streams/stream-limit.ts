import type { Clock } from "../time/clock.ts";
import { Admission } from "./admission.ts";
import type { StreamParty } from "./stream-shares.ts";

/**
 * Limits how many streams a process serves at once, over all of its connections. Each object of the relay shares out only its own
 * credit and does not know what the other objects use. So a caller could have its share of each, and in sum all that the process
 * serves. This limit therefore shares out the sum by the same rules, and a caller that is due a place waits for one. A stream that
 * finds none is refused as not processed, so that another connector can serve it.
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
   * Calls `enter` with whether there is a place, which then counts as taken. It calls at once, or, for a caller that is due a place,
   * when one has come back. The returned function ends the wait.
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
