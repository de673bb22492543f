import { MAX_QUESTIONS } from "../../protocol/index.ts";
import { TokenBucket } from "../../time/token-bucket.ts";

/** Frames that an honest peer sends now and then, and an attacker in floods: the allowed burst, then the rate per second. */
const RATES = {
  /** Resets of streams that are not open. Those of open streams are bounded by STREAMS credit. */
  uselessReset: { burst: 1_000, perSecond: 33 },
  /** Frames for streams that are closed on both sides. */
  lateFrame: { burst: 100, perSecond: 10 },
  /** Culvert's own peers never send them in bursts. */
  ping: { burst: 100, perSecond: 10 },
  /** PINGs that ask what has arrived: twice what our own peers send on a narrow path. */
  question: { burst: 2 * MAX_QUESTIONS.burst, perSecond: 2 * MAX_QUESTIONS.perSecond },
  /** WINDOW, STREAMS and STOP frames without effect. Honest peers send some when an END crosses them on its way. */
  staleControl: { burst: 5_000, perSecond: 2_000 },
  /** DATA frames without bytes and without END. */
  emptyData: { burst: 100, perSecond: 10 },
  /** A long list of checks takes 17, and it may change every other second. */
  settings: { burst: 100, perSecond: 10 },
  goaway: { burst: 10, perSecond: 1 },
  /** Informational responses (1xx). They are accepted without credit, so their number needs a limit. */
  informational: { burst: 1_000, perSecond: 100 },
} as const;

export type Abuse = keyof typeof RATES;

/** Limits abuse with a token bucket per kind. */
export class AbuseBudget {
  readonly #buckets = new Map<Abuse, TokenBucket>();

  /** False: the budget for this kind is spent. */
  spend(kind: Abuse, nowMs: number, count = 1): boolean {
    let bucket = this.#buckets.get(kind);
    if (bucket === undefined) this.#buckets.set(kind, (bucket = new TokenBucket(RATES[kind])));
    return bucket.take(nowMs, count);
  }
}
