import type { TelemetryLoad } from "./quiet-load.ts";

/** Cloudflare's prices in the Workers Paid plan for usage beyond what is included, in US dollars, as of 2026-11. */
const PER_MILLION = {
  objectRequests: 0.15,
  gigabyteSeconds: 12.5,
  rowsWritten: 1,
};
/** This many incoming WebSocket messages are billed as one request of an object. Outgoing messages are free. */
const MESSAGES_PER_REQUEST = 20;
/** Every object is billed for this much memory while it cannot hibernate. */
const OBJECT_GIGABYTES = 0.128;
/** The Telemetry object writes its state with each batch. A history writes one more row. */
const ROWS_PER_BATCH = 1;
/** A minute's traffic is stored in steps of ten seconds and as a whole. */
const ROWS_PER_MINUTE = 2;
/** Setting the alarm is billed as a row, and the Registry stores the report in another. */
const ROWS_PER_REPORT = 2;
/** The alarm, and the call of the Registry. */
const CALLS_PER_REPORT = 2;
/** An upper bound for how long a batch or report keeps the receiving object awake. */
const SECONDS_PER_CALL = 0.01;

/** What was counted during a workload. */
export interface Counts {
  /** Requests of gateways, including the WebSockets that were opened. */
  requests: number;
  /** Messages from connectors and gateways' WebSockets to the tunnel's object. */
  inboundMessages: number;
  /** How long the tunnel's object could not hibernate. */
  activeSeconds: number;
}

export interface Cost {
  objectRequests: number;
  inboundMessages: number;
  activeTime: number;
  telemetry: number;
  /** Without the history of requests. */
  total: number;
  /** The additional cost of the history. */
  history: number;
}

/** In US dollars. Requests of Workers are left out: a service binding adds none to the gateway's own. */
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

/** The same counts, scaled to a million requests. */
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
