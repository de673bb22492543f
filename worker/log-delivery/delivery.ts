/** Where the next event to send stands: behind `offset` events of the entry, or at the first of a later one. */
export interface SpoolPosition {
  id: number;
  offset: number;
}

/** How one destination takes what it is sent. Kept in SQLite as JSON. */
export interface Delivery {
  id: string;
  filter: "all" | "failures";
  position: SpoolPosition;
  /** Events, since the destination was made. */
  shipped: number;
  /** Dropped unsent, because the spool had no room for longer. */
  lost: number;
  /** Dropped, because the receiver would not have them. */
  rejected: number;
  /** In a row; 0 after a success. */
  failures: number;
  /** Not before this time; 0: at once. */
  dueAtMs: number;
  split: Split | null;
  /** What the receiver has taken; null or not there: nothing yet since its settings changed. */
  encoding?: Encoding | null;
  lastSuccessAtMs: number | null;
  lastError: { atMs: number; reason: string } | null;
}

/** What was refused as one is sent in parts. */
export interface Split {
  /** Behind the last event of what was refused. */
  until: SpoolPosition;
  /** Events of the next part; null: all up to `until`. */
  size: number | null;
  /** So often in a row a part was refused, with nothing taken in between. */
  halvings: number;
}

/** Of bodies. Some receivers know no compression. */
export type Encoding = "gzip" | "identity";

/** What came of one request to a receiver. Reasons are for people, and never hold what the receiver wrote. */
export type SendOutcome =
  /** It took the events but for `rejected` of them. */
  | { outcome: "accepted"; rejected: number }
  /** It may take them later; `retryAfterMs` where it said when. */
  | { outcome: "retry"; reason: string; retryAfterMs: number | null }
  /** It took so many, and will never take the next one. It has not looked at the rest. */
  | { outcome: "stopped"; taken: number; reason: string }
  /** It will never take them as they are: one of them, or too many at once. */
  | { outcome: "refused"; reason: string }
  /** It will never take them, whichever they are. */
  | { outcome: "refused_all"; reason: string };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Ten find one event among a thousand. Bounded, for a receiver that takes nothing at all. */
const MAX_HALVINGS = 30;

export function newDelivery(id: string, filter: Delivery["filter"], position: SpoolPosition): Delivery {
  return {
    id,
    filter,
    position,
    shipped: 0,
    lost: 0,
    rejected: 0,
    failures: 0,
    dueAtMs: 0,
    split: null,
    lastSuccessAtMs: null,
    lastError: null,
  };
}

/** Events that were sent in one request. */
export interface Sent {
  count: number;
  end: SpoolPosition;
  /** Where each of them stands. */
  positions: readonly SpoolPosition[];
  /** So many of them were given up as lost while they were on their way. */
  overtaken: number;
}

/** What the delivery is after an outcome. `random` is from 0 to 1. */
export function afterSend(
  delivery: Delivery,
  sent: Sent,
  outcome: SendOutcome,
  nowMs: number,
  random: number,
): Delivery {
  const lost = delivery.lost - sent.overtaken;
  switch (outcome.outcome) {
    case "accepted": {
      const rejected = Math.min(outcome.rejected, sent.count);
      const done = passed(delivery, sent.end);
      return {
        ...done,
        split: done.split && { ...done.split, halvings: 0 },
        lost,
        shipped: delivery.shipped + sent.count - rejected,
        rejected: delivery.rejected + rejected,
        lastSuccessAtMs: nowMs,
        lastError: rejected > 0 ? { atMs: nowMs, reason: "rejected some events" } : null,
      };
    }
    case "stopped":
      return afterStop(delivery, sent, outcome, nowMs);
    case "refused_all":
      return {
        ...passed(delivery, sent.end),
        lost,
        rejected: delivery.rejected + sent.count,
        lastError: { atMs: nowMs, reason: outcome.reason },
      };
    case "refused": {
      const lastError = { atMs: nowMs, reason: outcome.reason };
      const { until, halvings } = delivery.split ?? { until: sent.end, halvings: 0 };
      if (sent.count > 1 && halvings < MAX_HALVINGS) {
        const split = { until, size: Math.ceil(sent.count / 2), halvings: halvings + 1 };
        return { ...delivery, split, failures: 0, dueAtMs: 0, lastError };
      }
      const dropped = passed(delivery, sent.end);
      const split = dropped.split && { ...dropped.split, size: null };
      return { ...dropped, split, lost, rejected: delivery.rejected + sent.count, lastError };
    }
    case "retry": {
      const failures = delivery.failures + 1;
      return {
        ...delivery,
        failures,
        dueAtMs: nowMs + (outcome.retryAfterMs ?? deliveryRetryDelayMs(failures, random)),
        lastError: { atMs: nowMs, reason: outcome.reason },
      };
    }
  }
}

/** Goes on behind the event that was named. */
function afterStop(
  delivery: Delivery,
  sent: Sent,
  { taken, reason }: Extract<SendOutcome, { outcome: "stopped" }>,
  nowMs: number,
): Delivery {
  const { until, halvings } = delivery.split ?? { until: sent.end, halvings: 0 };
  // It may name the first one for ever.
  if (taken === 0 && halvings >= MAX_HALVINGS) {
    return afterSend(delivery, sent, { outcome: "refused_all", reason }, nowMs, 0);
  }
  const done = passed(delivery, sent.positions[taken + 1] ?? sent.end);
  return {
    ...done,
    // The rest of what was sent goes by itself, so that refusals are counted within it.
    split: isBefore(done.position, until)
      ? { until, size: null, halvings: taken === 0 ? halvings + 1 : 0 }
      : null,
    lost: delivery.lost - Math.min(sent.overtaken, taken + 1),
    shipped: delivery.shipped + taken,
    rejected: delivery.rejected + 1,
    lastSuccessAtMs: taken === 0 ? delivery.lastSuccessAtMs : nowMs,
    lastError: { atMs: nowMs, reason },
  };
}

/** Everything before `end` is done with. */
export function passed(delivery: Delivery, end: SpoolPosition): Delivery {
  const position = isBefore(delivery.position, end) ? end : delivery.position;
  const split = delivery.split !== null && isBefore(position, delivery.split.until) ? delivery.split : null;
  return { ...delivery, position, split, failures: 0, dueAtMs: 0 };
}

/** The oldest entries had to go; so many events of them, `lost`, this destination had not been sent. */
export function overtaken(delivery: Delivery, firstKeptId: number, lost: number): Delivery {
  if (delivery.position.id >= firstKeptId) return delivery;
  return { ...delivery, position: { id: firstKeptId, offset: 0 }, lost: delivery.lost + lost };
}

export function isBefore(a: SpoolPosition, b: SpoolPosition): boolean {
  return a.id < b.id || (a.id === b.id && a.offset < b.offset);
}

/** Doubles from a second to five minutes; up to half is left to chance, so that receivers are not met all at once. */
export function deliveryRetryDelayMs(failures: number, random: number): number {
  const fullMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(fullMs * (1 - random / 2));
}
