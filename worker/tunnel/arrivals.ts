import type { Clock } from "../../shared/clock.ts";

/** After a connector left, or the object began anew, one is expected back for so long: connectors redial in seconds. */
const EXPECTED_MS = 30_000;
/** Requests that wait hold memory: beyond this they fail at once. */
const MAX_WAITING = 512;

/** Is a connector about to come (back)? Requests may wait for it instead of failing. */
export class Arrivals {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #expectedUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One was here a moment ago. */
  expect(): void {
    this.#expectedUntilMs = this.#clock.nowMs() + EXPECTED_MS;
  }

  arrived(): void {
    for (const wakeUp of this.#waiting) wakeUp();
  }

  /** Resolves when a connector has come, or after `maxMs`; at once where none is expected. */
  async wait(maxMs: number): Promise<void> {
    if (maxMs === 0 || this.#clock.nowMs() >= this.#expectedUntilMs || this.#waiting.size >= MAX_WAITING)
      return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelTimer = this.#clock.after(maxMs, resolve);
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
    cancelTimer();
  }
}
