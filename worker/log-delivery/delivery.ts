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
  lastSuccessAtMs: number | null;
  lastError: { atMs: number; reason: string } | null;
}

/** What was refused as one is sent in parts. */
export interface Split {
  /** Behind the last event of what was refused. */
  until: SpoolPosition;
  /** Events of the next part; null: all up to `until`. */
  size: number | null;
  /** So often a part was refused, and halved. */
  halvings: number;
}

/** What came of one request to a receiver. Reasons are for people, and never hold what the receiver wrote. */
export type SendOutcome =
  /** It took the events but for `rejected` of them. */
  | { outcome: "accepted"; rejected: number }
  /** It may take them later; `retryAfterMs` where it said when. */
  | { outcome: "retry"; reason: string; retryAfterMs: number | null }
  /** It will never take them as they are. */
  | { outcome: "refused"; reason: string };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Ten find one event among a thousand. Bounded, for a receiver that refuses everything. */
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
      return {
        ...passed(delivery, sent.end),
        lost,
        shipped: delivery.shipped + sent.count - rejected,
        rejected: delivery.rejected + rejected,
        lastSuccessAtMs: nowMs,
        lastError: rejected > 0 ? { atMs: nowMs, reason: "rejected some events" } : null,
      };
    }
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
        dueAtMs: nowMs + (outcome.retryAfterMs ?? retryDelayMs(failures, random)),
        lastError: { atMs: nowMs, reason: outcome.reason },
      };
    }
  }
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
export function retryDelayMs(failures: number, random: number): number {
  const fullMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(fullMs * (1 - random / 2));
}
