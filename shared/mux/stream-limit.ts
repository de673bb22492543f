/**
 * How many streams a process serves at once, whichever of its connections they come by. Each object of the relay has its
 * own credit on each connection, and knows nothing of what the others use: so the sum is held here, and what is beyond it
 * is refused as not processed, for another connector to take.
 */
export class StreamLimit {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Streams whose upstream work still exists. */
  get taken(): number {
    return this.#taken;
  }

  /** False: there are as many as may be. */
  take(): boolean {
    if (this.#taken >= this.#max) return false;
    this.#taken++;
    return true;
  }

  release(): void {
    this.#taken--;
  }
}
