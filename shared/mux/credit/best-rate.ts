/** The best rate of so long counts as what the path is able to deliver. */
const LATELY_MS = 10_000;
/** A period is as long as an acknowledgement takes, within these bounds, so that single ones count for little. */
const PERIOD_MS = { least: 200, most: 2_000 };

/** The best rate of a path in the last ten seconds of measuring, from acknowledgements of what kept it busy. */
export class BestRate {
  /** The best one, and after it those that will be the best when it is too old. */
  readonly #best: { bytesPerMs: number; atMs: number }[] = [];
  /** Where the current period began. Null: it begins with the next acknowledgement. */
  #began: { offsetBytes: number; atMs: number } | null = null;

  /** In bytes per millisecond; null: none was measured. */
  get bytesPerMs(): number | null {
    return this.#best[0]?.bytesPerMs ?? null;
  }

  /** What arrives does not keep the path busy, so it says nothing about it. */
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
