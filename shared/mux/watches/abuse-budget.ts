/** What an honest peer does now and then and an attacker does in floods: burst, then per second. */
const RATES = {
  /** Resets of streams that are not open. Those of open streams are bounded by STREAMS credit. */
  uselessReset: { burst: 1_000, perSecond: 33 },
  /** Frames for streams that are closed on both sides. */
  lateFrame: { burst: 100, perSecond: 10 },
  /** Our own peers send none in bursts. */
  ping: { burst: 100, perSecond: 10 },
  /** WINDOW, STREAMS and STOP frames without effect. Honest peers send some when an END crosses them on its way. */
  staleControl: { burst: 5_000, perSecond: 2_000 },
  /** DATA frames without bytes that end nothing. */
  emptyData: { burst: 100, perSecond: 10 },
  /** A long list of checks takes 17, and it may change every other second. */
  settings: { burst: 100, perSecond: 10 },
  goaway: { burst: 10, perSecond: 1 },
  /** Informational responses (1xx): absorbed, so they must not come without end. */
  informational: { burst: 1_000, perSecond: 100 },
} as const;

export type Abuse = keyof typeof RATES;

/** How much abuse is allowed? A token bucket per kind; bounded state, no timers. */
export class AbuseBudget {
  readonly #buckets = new Map<Abuse, { tokens: number; atMs: number }>();

  /** False: the budget for this kind is spent. */
  spend(kind: Abuse, nowMs: number): boolean {
    const { burst, perSecond } = RATES[kind];
    const bucket = this.#buckets.get(kind) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000);
    bucket.atMs = nowMs;
    this.#buckets.set(kind, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
