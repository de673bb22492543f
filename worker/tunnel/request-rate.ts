const SECONDS = 10;

/** The recent rate of requests per second. Counting costs one addition, and no timer runs. */
export class RequestRate {
  readonly #counts = Array.from({ length: SECONDS }, () => 0);
  #second = 0;

  count(nowMs: number): void {
    this.#turnTo(nowMs);
    const index = this.#second % SECONDS;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Over the last ten seconds, the current one included. */
  perSecond(nowMs: number): number {
    this.#turnTo(nowMs);
    return this.#counts.reduce((sum, count) => sum + count, 0) / SECONDS;
  }

  #turnTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    for (let passed = Math.min(second - this.#second, SECONDS); passed > 0; passed--) {
      this.#counts[(second - passed + 1) % SECONDS] = 0;
    }
    this.#second = Math.max(this.#second, second);
  }
}
