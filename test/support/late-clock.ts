import type { Clock } from "../../shared/time/clock.ts";

/**
 * The clock of a machine that stands still: a timer that becomes due in the meantime runs only when the machine continues,
 * however late.
 */
export class LateClock implements Clock {
  #nowMs = 0;
  #due: (() => void)[] = [];

  nowMs = (): number => this.#nowMs;
  wallMs = (): number => this.#nowMs;
  soon = (run: () => void): void => run();

  after = (_delayMs: number, run: () => void): (() => void) => {
    this.#due.push(run);
    return () => (this.#due = this.#due.filter((other) => other !== run));
  };

  /** The machine continues after this time. */
  passed(ms: number): void {
    this.#nowMs += ms;
    for (const run of this.#due.splice(0)) run();
  }
}
