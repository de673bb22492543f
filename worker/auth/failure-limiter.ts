/** Failures a source may have at once: more than a person mistypes, and than a fleet restarting with an old key needs. */
const BURST = 60;
/** Guessing goes on at one a second: nothing against 256 bits, and slow enough for a weak `ADMIN_KEY` to be noticed. */
const REFILL_MS = 1000;
/** A request takes no longer than this to fail. */
const CLOCK_SLACK_MS = 60_000;
/** Each entry is some 100 bytes; the oldest go first. */
const MAX_SOURCES = 10_000;

/**
 * Counts failed authentications by where they come from, in this isolate's memory: a client's network, and a key whose
 * secret is guessed at. Nothing here keeps out a credential that holds: only failures are asked about.
 */
export class FailureLimiter {
  /** When the source has all its failures back. */
  readonly #fullAtMs = new Map<string, number>();

  /** How long this source's failures are refused as too many; 0: they are within the limit. */
  waitMs(source: string, nowMs: number): number {
    return Math.max(0, this.#fullAt(source, nowMs) - nowMs - (BURST - 1) * REFILL_MS);
  }

  /** Counts one failure against each source. The result: 0 if that was within their limits, else how long to wait. */
  failed(sources: readonly string[], nowMs: number): number {
    const waitsMs = sources.map((source) => this.waitMs(source, nowMs));
    // Who is over the limit already does not get further over it.
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
    // Much further away than a whole burst: the clock was set back, and nobody is to wait for it to catch up. A little
    // is nothing: requests that began earlier may fail later.
    return fullAtMs > nowMs + BURST * REFILL_MS + CLOCK_SLACK_MS ? nowMs : Math.max(nowMs, fullAtMs);
  }
}
