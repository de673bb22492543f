import type { Clock } from "../../../shared/time/clock.ts";

/** How long a connector is expected back after one left or the object restarted: connectors redial within seconds. */
const EXPECTED_MS = 30_000;
/** Waiting requests use memory. Over this limit, the callers with the most of them fail at once. */
const MAX_WAITING = 512;

/** Knows whether a connector is about to come (back), and lets requests wait for it instead of failing. */
export class Arrivals {
  readonly #clock: Clock;
  /** Waiting requests by caller, in the order of their arrival. */
  readonly #waiting = new Map<string, Set<() => void>>();
  #size = 0;
  #expectedUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A connector was attached a moment ago. */
  expect(): void {
    this.#expectedUntilMs = this.#clock.nowMs() + EXPECTED_MS;
  }

  arrived(): void {
    for (const ofCaller of this.#waiting.values()) for (const wakeUp of ofCaller) wakeUp();
  }

  /**
   * Resolves when a connector has come, or after `maxMs`, or at once if none is expected. If all places are taken, a caller with fewer
   * waiting requests than another one gets the place of that one's last request.
   */
  async wait(maxMs: number, caller: string): Promise<void> {
    if (maxMs === 0 || this.#clock.nowMs() >= this.#expectedUntilMs) return;
    const own = this.#waiting.get(caller) ?? new Set();
    if (this.#size >= MAX_WAITING && !this.#makePlace(own.size)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakeUp = (): void => {
      if (own.delete(wakeUp)) this.#size--;
      if (own.size === 0 && this.#waiting.get(caller) === own) this.#waiting.delete(caller);
      resolve();
    };
    const cancelTimer = this.#clock.after(maxMs, wakeUp);
    own.add(wakeUp);
    this.#waiting.set(caller, own);
    this.#size++;
    await promise;
    cancelTimer();
  }

  #makePlace(ownCount: number): boolean {
    let most: ReadonlySet<() => void> = new Set();
    for (const ofCaller of this.#waiting.values()) if (ofCaller.size > most.size) most = ofCaller;
    if (most.size <= ownCount + 1) return false;
    [...most].at(-1)?.();
    return true;
  }
}
