import type { Clock } from "../../shared/time/clock.ts";

interface Timer {
  atMs: number;
  order: number;
  run: () => void;
}

/**
 * A clock that moves only when told to. Timers run in the order of their times; those with the same time run in the order
 * in which they were set.
 */
export class FakeClock implements Clock {
  #nowMs = 0;
  #sleptMs = 0;
  #order = 0;
  /**
   * Sorted so that the next timer is last, where it can be removed cheaply. A thousand connectors have tens of thousands of
   * timers.
   */
  readonly #timers: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#sleptMs;
  }

  /** Suspends the machine: timers and the monotonic clock stand still. */
  sleep(forMs: number): void {
    this.#sleptMs += forMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, order: this.#order++, run };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => {
      const place = this.#placeOf(timer);
      if (this.#timers[place] === timer) this.#timers.splice(place, 1);
    };
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Moves the clock, and runs every timer that becomes due, including those that the others set. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let timer = this.#timers.at(-1); timer !== undefined; timer = this.#timers.at(-1)) {
      // Not `>`, so that a timer at NaN does not run forever.
      if (!(timer.atMs <= untilMs)) break;
      this.#timers.pop();
      this.#nowMs = timer.atMs;
      timer.run();
    }
    this.#nowMs = untilMs;
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** The index of this timer, or where it would be inserted: after all that are due later. */
  #placeOf({ atMs, order }: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle] as Timer;
      if (other.atMs > atMs || (other.atMs === atMs && other.order > order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
