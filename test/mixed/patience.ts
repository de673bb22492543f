/** Nothing takes so long that ends at all. */
const PATIENCE_MS = 120_000;
/**
 * On a machine that stands still for minutes everything takes that long: others must have been served meanwhile. While
 * memory is short, a large body goes in pieces of 8 KiB, each of which takes about as long as a small request.
 */
const SERVED_MEANWHILE = 1_000;

interface Waiting {
  controller: AbortController;
  sinceMs: number;
  servedBefore: number;
}

/** When an honest caller has waited for too long: by the clock, and by what was served beside it. */
export class Patience {
  readonly #waiting = new Set<Waiting>();
  #served = 0;

  /** Aborts when a request that begins now is overdue. `done`: it has ended. */
  begin(): { signal: AbortSignal; done: () => void } {
    const controller = new AbortController();
    const waiting = { controller, sinceMs: performance.now(), servedBefore: this.#served };
    this.#waiting.add(waiting);
    return { signal: controller.signal, done: () => this.#waiting.delete(waiting) };
  }

  /** A request that began after the last one has been answered. */
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
