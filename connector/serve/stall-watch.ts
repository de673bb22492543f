import type { Clock } from "../../shared/clock.ts";

export interface StallEvents {
  /** Something is here that the other side could take. */
  isWaiting(): boolean;
  /** It took nothing of it for the whole limit. Called once at most. */
  onStalled(): void;
}

/** Does who should take something still take it? One timer serves many moves: it looks at the time when it fires. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #events: StallEvents;
  #movedAtMs = 0;
  #cancelLook: (() => void) | null = null;
  #stopped = false;

  constructor(clock: Clock, limitMs: number, events: StallEvents) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#events = events;
  }

  /** Something was taken, or may be from now on. */
  moved(): void {
    this.#movedAtMs = this.#clock.nowMs();
    if (this.#cancelLook === null && !this.#stopped) this.#lookAfter(this.#limitMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  #lookAfter(delayMs: number): void {
    this.#cancelLook = this.#clock.after(delayMs, () => {
      const leftMs = this.#movedAtMs + this.#limitMs - this.#clock.nowMs();
      if (leftMs > 0) return this.#lookAfter(leftMs);
      if (!this.#events.isWaiting()) return this.#lookAfter(this.#limitMs);
      this.stop();
      this.#events.onStalled();
    });
  }
}
