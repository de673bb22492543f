/** Nothing that ends at all takes this long. */
const PATIENCE_MS = 120_000;
/**
 * On a machine that stands still for minutes, everything takes that long. So a request counts as overdue only if others
 * were served in the meantime. When memory is short, a large body is sent in pieces of 8 KiB, each of which takes about as
 * long as a small request.
 */
const SERVED_MEANWHILE = 1_000;

interface Waiting {
  controller: AbortController;
  sinceMs: number;
  servedBefore: number;
}

/** Decides when an honest caller has waited too long, by the clock and by what was served beside it. */
export class Patience {
  readonly #waiting = new Set<Waiting>();
  #served = 0;

  /** Returns a signal that aborts when a request that starts now is overdue. Call `done` when it has ended. */
  begin(): { signal: AbortSignal; done: () => void } {
    const controller = new AbortController();
    const waiting = { controller, sinceMs: performance.now(), servedBefore: this.#served };
    this.#waiting.add(waiting);
    return { signal: controller.signal, done: () => this.#waiting.delete(waiting) };
  }

  /** Counts a request that started after the last one and was answered. */
  served(): void {
    this.#served++;
    const nowMs = performance.now();
    for (const waiting of this.#waiting) {
      if (nowMs - waiting.sinceMs < PATIENCE_MS || this.#served - waiting.servedBefore < SERVED_MEANWHILE)
        continue;
      this.#waiting.delete(waiting);
      waiting.controller.abort();
    }
  }
}
