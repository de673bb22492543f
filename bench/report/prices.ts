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
/** The tunnel's object hands its events to the Telemetry object so often at most, or when it has so many. */
export const BATCH_SECONDS = 2;
const BATCH_EVENTS = 500;
/** The Telemetry object keeps its state with each batch, and the batch itself while it waits for a log destination. */
const ROWS_PER_BATCH = 2;

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
  total: number;
}

/** In US dollars. Worker requests are left out: they are the gateway's own, which a service binding adds nothing to. */
export function costOf({ requests, inboundMessages, activeSeconds }: Counts): Cost {
  const objectRequests = (requests / 1e6) * PER_MILLION.objectRequests;
  const messages = (inboundMessages / MESSAGES_PER_REQUEST / 1e6) * PER_MILLION.objectRequests;
  const activeTime = secondsCost(activeSeconds);
  const batches =
    requests === 0 ? 0 : Math.max(requests / BATCH_EVENTS, Math.min(requests, activeSeconds / BATCH_SECONDS));
  const telemetry =
    (batches / 1e6) * (PER_MILLION.objectRequests + ROWS_PER_BATCH * PER_MILLION.rowsWritten) +
    // It gathers as long before it writes, and does not sleep meanwhile.
    secondsCost(Math.min(batches * BATCH_SECONDS, activeSeconds));
  const total = objectRequests + messages + activeTime + telemetry;
  return { objectRequests, inboundMessages: messages, activeTime, telemetry, total };
}

/** The same workload until it has made a million requests. */
export function perMillion({ requests, inboundMessages, activeSeconds }: Counts): Counts {
  const factor = 1e6 / requests;
  return { requests: 1e6, inboundMessages: inboundMessages * factor, activeSeconds: activeSeconds * factor };
}

function secondsCost(seconds: number): number {
  return (seconds * OBJECT_GIGABYTES * PER_MILLION.gigabyteSeconds) / 1e6;
}
