/** Failures that a source may have at once: more than typing errors, or a fleet that restarts with an old key, cause. */
const BURST = 60;
/** After that, one guess a second: hopeless against 256 bits, and slow enough to be noticed with a weak `ADMIN_KEY`. */
const REFILL_MS = 1000;
/** A request takes no longer than this to fail. */
const CLOCK_SLACK_MS = 60_000;
/** Each entry is about 100 bytes. The oldest are dropped first. */
const MAX_SOURCES = 10_000;

/**
 * Counts failed authentications in this isolate's memory, by the client's network and by the key whose secret is guessed. It never
 * keeps out a valid credential, because only failures are counted and refused.
 */
export class FailureLimiter {
  /** When the source will be allowed its full number of failures again. */
  readonly #fullAtMs = new Map<string, number>();

  /** How long this source's failures are refused as too many; 0 if they are within the limit. */
  waitMs(source: string, nowMs: number): number {
    return Math.max(0, this.#fullAt(source, nowMs) - nowMs - (BURST - 1) * REFILL_MS);
  }

  /** Counts one failure against each source. Returns 0 if that was within their limits, or how long to wait. */
  failed(sources: readonly string[], nowMs: number): number {
    const waitsMs = sources.map((source) => this.waitMs(source, nowMs));
    // A source that is over the limit does not get further over it.
    for (const [index, source] of sources.entries()) if (waitsMs[index] === 0) this.#count(source, nowMs);
    return Math.max(0, ...waitsMs);
  }

  #count(source: string, nowMs: number): void {
    const fullAtMs = this.#fullAt(source, nowMs) + REFILL_MS;
    this.#fullAtMs.delete(source);
    this.#fullAtMs.set(source, fullAtMs);
    if (this.#fullAtMs.size <= MAX_SOURCES) return;
    const [oldest] = this.#fullAtMs.keys();
    if (oldest !== undefined) this.#fullAtMs.delete(oldest);
  }

  #fullAt(source: string, nowMs: number): number {
    const fullAtMs = this.#fullAtMs.get(source) ?? nowMs;
    // If the time is much further ahead than a whole burst, the clock was set back, and nobody should have to wait until it catches
    // up. A small difference is normal, because requests that began earlier may fail later.
    return fullAtMs > nowMs + BURST * REFILL_MS + CLOCK_SLACK_MS ? nowMs : Math.max(nowMs, fullAtMs);
  }
}
