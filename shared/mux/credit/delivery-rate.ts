/** If a path delivers this many times more than before, TCP's window is probably still opening. */
const OPENING = 1.25;
/** The best of this many round trips counts, because a busy machine or a lost packet may delay single ones. */
const ROUND_TRIPS = 10;
/** Over a shorter time, the distance between acknowledgements depends on chance. */
const MIN_PERIOD_MS = 10;
/** The best rate within this time counts as what the path is able to deliver. */
const LATELY_MS = 10_000;
/** A period is as long as an acknowledgement takes, within these bounds, so that single ones count for little. */
const PERIOD_MS = { least: 200, most: 2_000 };

/** Measures from acknowledgements how fast a path delivers. */
export class DeliveryRate {
  /** In bytes per millisecond, for the last round trips that were busy all the time. */
  readonly #rates: number[] = [];
  /** Where the current round trip began. Null: it begins with the next acknowledgement. */
  #began: { offsetBytes: number; atMs: number } | null = null;
  /** A rate was measured since the last pause. */
  #isMeasured = false;

  /** Few bytes were in transit, so their arrival says nothing about the path. */
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

  /** The best recent rate; 0 if none is known since the last pause. */
  get bytesPerMs(): number {
    return this.#isMeasured ? Math.max(...this.#rates) : 0;
  }

  /** In the last round trip, the path delivered much more than in any before it. */
  get isOpening(): boolean {
    return (this.#rates.at(-1) ?? 0) >= OPENING * Math.max(0, ...this.#rates.slice(0, -1));
  }
}

/** The best rate of a path in the last ten seconds of measuring, from acknowledgements of what kept it busy. */
export class BestRate {
  /** The best rate first, then those that will be the best when the ones before them are too old. */
  readonly #best: { bytesPerMs: number; atMs: number }[] = [];
  /** Where the current period began. Null: it begins with the next acknowledgement. */
  #began: { offsetBytes: number; atMs: number } | null = null;

  /** In bytes per millisecond; null: none was measured. */
  get bytesPerMs(): number | null {
    return this.#best[0]?.bytesPerMs ?? null;
  }

  /** What arrives does not keep the path busy, so it says nothing about the path. */
  paused(): void {
    this.#began = null;
  }

  /** `tookMs`: from sending to this acknowledgement. */
  acknowledged(offsetBytes: number, atMs: number, tookMs: number): void {
    this.#began ??= { offsetBytes, atMs };
    const elapsedMs = atMs - this.#began.atMs;
    if (elapsedMs < Math.max(PERIOD_MS.least, Math.min(tookMs, PERIOD_MS.most))) return;
    const bytesPerMs = (offsetBytes - this.#began.offsetBytes) / elapsedMs;
    while ((this.#best.at(-1)?.bytesPerMs ?? Infinity) <= bytesPerMs) this.#best.pop();
    this.#best.push({ bytesPerMs, atMs });
    while ((this.#best[0]?.atMs ?? Infinity) < atMs - LATELY_MS) this.#best.shift();
    this.#began = { offsetBytes, atMs };
  }
}
