import type { Clock } from "../../shared/time/clock.ts";

/** A gateway that gives up is noticed at most twice this time later. Most answers come sooner. */
const LOOK_EVERY_MS = 25;

interface Waiting {
  request: Request;
  gaveUp: () => void;
  /** The request was already waiting at the last look. */
  isOld: boolean;
  isListening: boolean;
}

/**
 * Notices when a gateway gives up its request. The runtime creates a request's signal on first use, and keeps its listeners until
 * a full garbage collection. So only requests that wait longer get a listener.
 */
export class GatewayWatch {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #looks = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `gaveUp` at most once, and never after a call of the returned function. */
  watch(request: Request, gaveUp: () => void): () => void {
    const waiting: Waiting = { request, gaveUp, isOld: false, isListening: false };
    this.#waiting.add(waiting);
    this.#lookLater();
    return () => {
      this.#waiting.delete(waiting);
      if (waiting.isListening) request.signal.removeEventListener("abort", gaveUp);
    };
  }

  /** A timer keeps the object awake, so it ends at most one look after the last waiting request. */
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
