import type { Clock } from "../../shared/clock.ts";

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
  readonly #timers = new Set<Timer>();

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
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Runs everything that falls due, and what that makes due in turn. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let timer = this.#next(untilMs); timer !== null; timer = this.#next(untilMs)) {
      this.#timers.delete(timer);
      this.#nowMs = timer.atMs;
      timer.run();
    }
    this.#nowMs = untilMs;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  #next(untilMs: number): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (
        first === null ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}
