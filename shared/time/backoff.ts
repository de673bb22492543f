const BASE_MS = 500;
/** A relay that comes back is found again within half a minute. */
const CAP_MS = 30_000;
/** A shorter connection counts as another failure. Otherwise a flapping network would cause dials without a pause. */
const STABLE_MS = 60_000;

/** How long to wait before the next attempt: full jitter, so that many connectors don't return at the same moment. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives numbers from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to wait after a connection that was accepted for `connectedMs` (0: it never was). */
  delayAfterLossMs(connectedMs: number): number {
    if (connectedMs >= STABLE_MS) this.#failures = 0;
    const ceilingMs = Math.min(CAP_MS, BASE_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    return this.#random() * ceilingMs;
  }

  /** For refusals that last until somebody acts: half to all of the cap. */
  delayAfterRefusalMs(): number {
    return CAP_MS / 2 + (this.#random() * CAP_MS) / 2;
  }
}
