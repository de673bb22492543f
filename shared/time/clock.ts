/** Time as an argument: tests advance a fake one. */
export interface Clock {
  /** Milliseconds from any fixed origin; never goes back. */
  nowMs(): number;
  /**
   * The wall clock, which can be set. While a machine sleeps, this clock goes on, but `nowMs` and all timers may stand still.
   */
  wallMs(): number;
  /** Calls `run` once after `delayMs`. The function returned cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once, when the current turn's work is done. */
  soon(run: () => void): void;
}

/** A moment by both clocks. */
export interface Moment {
  nowMs: number;
  wallMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
}

/** How long ago that was, by the clock that shows more, because the other one stood still or was set back. */
export function elapsedMs(clock: Clock, since: Moment): number {
  return Math.max(clock.nowMs() - since.nowMs, clock.wallMs() - since.wallMs);
}
