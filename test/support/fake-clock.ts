import type { Clock } from "../../shared/time/clock.ts";

interface Timer {
  atMs: number;
  order: number;
  run: () => void;
}

/** Time that moves when told to; timers run in order of their time, then of their making. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #sleptMs = 0;
  #order = 0;
  /** The next one last, where it is taken from: a thousand connectors have many thousands. */
  readonly #timers: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#sleptMs;
  }

  /** The machine is suspended: timers and the monotonic clock stand still. */
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

  /** Runs everything that falls due, and what that makes due in turn. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let timer = this.#timers.at(-1); timer !== undefined; timer = this.#timers.at(-1)) {
      // Not `>`: a timer at NaN must not run for ever.
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

  /** Where it stands, or would: behind all that are due later. */
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
