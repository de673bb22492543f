/** A path that carries so much more than it ever did is still opening, as TCP's does at first. */
const OPENING = 1.25;
/** The best of so many round trips: what a busy machine or a lost packet delays in one of them is not the path's doing. */
const ROUND_TRIPS = 10;
/** Over less than this, acknowledgements come together or apart by chance. */
const MIN_PERIOD_MS = 10;

/** How fast does a path deliver, by its acknowledgements? */
export class DeliveryRate {
  /** In bytes per millisecond, of the last round trips in which much was under way all the time. */
  readonly #rates: number[] = [];
  /** Where the present round trip began; null: with the next acknowledgement. */
  #began: { offsetBytes: number; atMs: number } | null = null;
  /** Since the last pause. */
  #isMeasured = false;

  /** Little was under way: how fast that arrived says nothing of the path. */
  paused(): void {
    this.#began = null;
    this.#isMeasured = false;
  }

  acknowledged(offsetBytes: number, atMs: number, roundTripMs: number): void {
    this.#began ??= { offsetBytes, atMs };
    const elapsedMs = atMs - this.#began.atMs;
    if (elapsedMs < Math.max(roundTripMs, MIN_PERIOD_MS)) return;
    if (this.#rates.length === ROUND_TRIPS) this.#rates.shift();
    this.#rates.push((offsetBytes - this.#began.offsetBytes) / elapsedMs);
    this.#began = { offsetBytes, atMs };
    this.#isMeasured = true;
  }

  /** The best lately; 0: not known yet, or not since the last pause. */
  get bytesPerMs(): number {
    return this.#isMeasured ? Math.max(...this.#rates) : 0;
  }

  /** The last round trip was much better than all before it. */
  get isOpening(): boolean {
    return (this.#rates.at(-1) ?? 0) >= OPENING * Math.max(0, ...this.#rates.slice(0, -1));
  }
}
