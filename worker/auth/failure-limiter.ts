/** Failures an address may have at once: more than a person mistypes, and than a fleet restarting with an old key needs. */
const BURST = 60;
/** Guessing goes on at one a second: nothing against 256 bits, and slow enough for a weak `ADMIN_KEY` to be noticed. */
const REFILL_MS = 1000;
/** Each entry is some 100 bytes; the oldest go first. */
const MAX_ADDRESSES = 10_000;

/** Counts failed authentications per client address, in this isolate's memory. */
export class FailureLimiter {
  readonly #fullAtMs = new Map<string, number>();

  /** How long this address has to wait before its next attempt is looked at; 0 is now. */
  waitMs(address: string, nowMs: number): number {
    const fullAtMs = this.#fullAtMs.get(address) ?? nowMs;
    return Math.max(0, fullAtMs - nowMs - (BURST - 1) * REFILL_MS);
  }

  failed(address: string, nowMs: number): void {
    const fullAtMs = Math.max(nowMs, this.#fullAtMs.get(address) ?? nowMs) + REFILL_MS;
    this.#fullAtMs.delete(address);
    this.#fullAtMs.set(address, fullAtMs);
    if (this.#fullAtMs.size <= MAX_ADDRESSES) return;
    const [oldest] = this.#fullAtMs.keys();
    if (oldest !== undefined) this.#fullAtMs.delete(oldest);
  }
}
