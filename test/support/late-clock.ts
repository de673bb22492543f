import type { Clock } from "../../shared/time/clock.ts";

/** Of a machine that stands still: whatever is due by then comes only when it goes on, however late. */
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

  /** The machine goes on after so long. */
  passed(ms: number): void {
    this.#nowMs += ms;
    for (const run of this.#due.splice(0)) run();
  }
}
