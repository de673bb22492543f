import type { Clock } from "../../../shared/time/clock.ts";
import { Fifo } from "../../../shared/memory/fifo.ts";

/** Reads of uploads that may be under way at once. A small request may have to wait for all of them in the event loop. */
const MAX_TURNS = 16;
/** After this long without bytes, a read waits for its sender and gives up its turn. */
const TURN_MS = 50;

/**
 * Lets uploads take turns with their reads. A thousand uploads that are ready at the same moment would be a thousand events before
 * the next small request.
 */
export class ReadTurns {
  readonly #clock: Clock;
  readonly #taken = new Map<object, number>();
  readonly #waiting = new Fifo<() => void>();
  #looks = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null: at once. */
  take(reader: object): Promise<void> | null {
    if (this.#taken.size < MAX_TURNS) {
      this.#taken.set(reader, this.#clock.nowMs());
      return null;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(() => {
      this.#taken.set(reader, this.#clock.nowMs());
      resolve();
    });
    this.#lookLater();
    return promise;
  }

  giveBack(reader: object): void {
    if (this.#taken.delete(reader)) this.#waiting.shift()?.();
  }

  #lookLater(): void {
    if (this.#looks) return;
    this.#looks = true;
    this.#clock.after(TURN_MS, () => {
      this.#looks = false;
      const overMs = this.#clock.nowMs() - TURN_MS;
      for (const [reader, sinceMs] of [...this.#taken]) if (sinceMs <= overMs) this.giveBack(reader);
      if (this.#waiting.length > 0) this.#lookLater();
    });
  }
}
