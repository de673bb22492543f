/** The position of the next event to send: after `offset` events of the entry, or at the first event of a later entry. */
export interface SpoolPosition {
  id: number;
  offset: number;
}

/** The state of the delivery to one destination. Kept in SQLite as JSON. */
export interface Delivery {
  id: string;
  filter: "all" | "failures";
  position: SpoolPosition;
  /** Events, since the destination was made. */
  shipped: number;
  /** Events that were dropped unsent, because the spool was full. */
  lost: number;
  /** Events that were dropped because the receiver refused them. */
  rejected: number;
  /** Consecutive failures; 0 after a success. */
  failures: number;
  /** Not before this time; 0: at once. */
  dueAtMs: number;
  split: Split | null;
  /** The encoding that the receiver has accepted. Null or absent: none yet since its settings changed. */
  encoding?: Encoding | null;
  lastSuccessAtMs: number | null;
  lastError: { atMs: number; reason: string } | null;
}

/** After a refusal, events are sent in smaller parts. */
export interface Split {
  /** The position after the last refused event. */
  until: SpoolPosition;
  /** Events of the next part; null: all up to `until`. */
  size: number | null;
  /** How many parts in a row were refused, with none accepted in between. */
  halvings: number;
}

/** The encoding of bodies. Some receivers do not support compression. */
export type Encoding = "gzip" | "identity";

/** The outcome of one request to a receiver. Reasons are for people, and never contain what the receiver wrote. */
export type SendOutcome =
  /** It accepted the events except `rejected` of them. */
  | { outcome: "accepted"; rejected: number }
  /** It may accept them later; `retryAfterMs` if it said when. */
  | { outcome: "retry"; reason: string; retryAfterMs: number | null }
  /** It accepted so many, and will never accept the next one. It has not checked the rest. */
  | { outcome: "stopped"; taken: number; reason: string }
  /** It will never accept them as they are: one of them is wrong, or there are too many. */
  | { outcome: "refused"; reason: string }
  /** It will never accept such requests, whatever events they contain. */
  | { outcome: "refused_all"; reason: string };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Ten halvings find one event among a thousand. There is a limit, because a receiver may refuse everything. */
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
  /** How many of them were counted as lost while they were being sent. */
  overtaken: number;
}

/** The delivery's state after an outcome. `random` is from 0 to 1. */
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

/** Continues after the event that the receiver named. */
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
    // The rest is sent by itself, so that its refusals are counted.
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

/** The oldest entries were dropped. `lost` of their events had not been sent to this destination. */
export function overtaken(delivery: Delivery, firstKeptId: number, lost: number): Delivery {
  if (delivery.position.id >= firstKeptId) return delivery;
  return { ...delivery, position: { id: firstKeptId, offset: 0 }, lost: delivery.lost + lost };
}

export function isBefore(a: SpoolPosition, b: SpoolPosition): boolean {
  return a.id < b.id || (a.id === b.id && a.offset < b.offset);
}

/** Doubles from a second to five minutes. Up to half of it is random, so that attempts are spread. */
export function deliveryRetryDelayMs(failures: number, random: number): number {
  const fullMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(fullMs * (1 - random / 2));
}
