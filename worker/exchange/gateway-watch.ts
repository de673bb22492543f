import type { Clock } from "../../shared/time/clock.ts";

/** A gateway that gives up is noticed this much later, twice at most. Most answers are there before. */
const LOOK_EVERY_MS = 25;

interface Waiting {
  request: Request;
  gaveUp: () => void;
  /** It was there at the last look already. */
  isOld: boolean;
  isListening: boolean;
}

/**
 * Tells when a gateway gives its request up. A Request's signal is made when it is asked for, and what listens to it is
 * kept until the whole heap is collected: only requests that wait for longer are listened to.
 */
export class GatewayWatch {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #looks = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `gaveUp` at most once; never after the function returned was called. */
  watch(request: Request, gaveUp: () => void): () => void {
    const waiting: Waiting = { request, gaveUp, isOld: false, isListening: false };
    this.#waiting.add(waiting);
    this.#lookLater();
    return () => {
      this.#waiting.delete(waiting);
      if (waiting.isListening) request.signal.removeEventListener("abort", gaveUp);
    };
  }

  /** A timer keeps the object awake: none outlives what it waits for by more than one look. */
  #lookLater(): void {
    if (this.#looks) return;
    this.#looks = true;
    this.#clock.after(LOOK_EVERY_MS, () => {
      this.#looks = false;
      this.#look();
    });
  }

  #look(): void {
    for (const waiting of this.#waiting) {
      if (waiting.isOld) this.#listen(waiting);
      waiting.isOld = true;
    }
    if (this.#waiting.size > 0) this.#lookLater();
  }

  #listen(waiting: Waiting): void {
    const { signal } = waiting.request;
    this.#waiting.delete(waiting);
    if (signal.aborted) return waiting.gaveUp();
    waiting.isListening = true;
    signal.addEventListener("abort", waiting.gaveUp);
  }
}
