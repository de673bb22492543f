/** Time as an argument: tests advance a fake one. */
export interface Clock {
  /** Milliseconds from any fixed origin; never goes back. */
  nowMs(): number;
  /** Calls `run` once after `delayMs`. The function returned cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once, when the current turn's work is done. */
  soon(run: () => void): void;
}
