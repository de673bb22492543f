import type { TelemetryLoad } from "./quiet-load.ts";

/** Cloudflare's prices of the Workers Paid plan beyond what it includes, in US dollars, as of 2026-11. */
const PER_MILLION = {
  objectRequests: 0.15,
  gigabyteSeconds: 12.5,
  rowsWritten: 1,
};
/** Incoming WebSocket messages that are billed as one request of an object; outgoing ones are free. */
const MESSAGES_PER_REQUEST = 20;
/** Every object is billed as if it had this much memory, while it cannot hibernate. */
const OBJECT_GIGABYTES = 0.128;
/** The Telemetry object keeps its state with each batch; where there is a history, one row more. */
const ROWS_PER_BATCH = 1;
/** A minute's traffic, in steps of ten seconds and as a whole. */
const ROWS_PER_MINUTE = 2;
/** Setting its alarm is billed as a row; the Registry keeps the report in another. */
const ROWS_PER_REPORT = 2;
/** The alarm, and the call of the Registry. */
const CALLS_PER_REPORT = 2;
/** An upper bound of the time for which a batch or a report keeps the object awake that takes it. */
const SECONDS_PER_CALL = 0.01;

/** What was counted while a workload ran. */
export interface Counts {
  /** Requests of gateways, WebSockets that were opened among them. */
  requests: number;
  /** Messages of connectors and of gateways' WebSockets toward the tunnel's object. */
  inboundMessages: number;
  /** How long the tunnel's object could not hibernate. */
  activeSeconds: number;
}

export interface Cost {
  objectRequests: number;
  inboundMessages: number;
  activeTime: number;
  telemetry: number;
  /** Without a history. */
  total: number;
  /** What a history of the requests costs besides. */
  history: number;
}

/** In US dollars. Worker requests are left out: they are the gateway's own, which a service binding adds nothing to. */
export function costOf(
  { requests, inboundMessages, activeSeconds }: Counts,
  { batches, reports, minutes }: Omit<TelemetryLoad, "requests" | "gatherSeconds">,
): Cost {
  const objectRequests = millions(requests) * PER_MILLION.objectRequests;
  const messages = millions(inboundMessages / MESSAGES_PER_REQUEST) * PER_MILLION.objectRequests;
  const activeTime = secondsCost(activeSeconds);
  const calls = batches + CALLS_PER_REPORT * reports;
  const rows = ROWS_PER_BATCH * batches + ROWS_PER_MINUTE * minutes + ROWS_PER_REPORT * reports;
  const telemetry =
    millions(calls) * PER_MILLION.objectRequests +
    millions(rows) * PER_MILLION.rowsWritten +
    secondsCost(calls * SECONDS_PER_CALL);
  const total = objectRequests + messages + activeTime + telemetry;
  const history = millions(batches) * PER_MILLION.rowsWritten;
  return { objectRequests, inboundMessages: messages, activeTime, telemetry, total, history };
}

/** The same until there were a million requests. */
export function perMillion<T extends { requests: number }>(counts: T): T {
  const factor = 1e6 / counts.requests;
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * factor])) as T;
}

function millions(count: number): number {
  return count / 1e6;
}

function secondsCost(seconds: number): number {
  return millions(seconds * OBJECT_GIGABYTES * PER_MILLION.gigabyteSeconds);
}
