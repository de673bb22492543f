import type { StreamKind } from "../protocol/index.ts";

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const REQUEST_EVENT_VERSION = 1;

/**
 * How a request ended.
 * - `answered`: the upstream's answer reached the gateway whole, whatever its status
 * - `refused`: the relay or the connector's allowlist did not let it through
 * - `failed`: the gateway got an answer of the tunnel's own, with `code`
 * - `aborted`: the answer broke off after it had begun, with `code`
 * - `cancelled`: the gateway gave up; `status` is 499
 */
export type RequestOutcome = "answered" | "refused" | "failed" | "aborted" | "cancelled";

/** Whose doing the end of a TCP connection was: of two who ended it as they should, the first. */
export type EndedBy = "gateway" | "upstream" | "tunnel";

/** What people call it: a TCP connection has a method only for those who count by it. */
export function verbOf({ kind, method }: Pick<RequestEvent, "kind" | "method">): string {
  return kind === "tcp" ? "TCP" : method;
}

/** What is logged of each request that reached the relay: exactly one event, when the request is over. */
export interface RequestEvent {
  event: "request";
  version: typeof REQUEST_EVENT_VERSION;
  /** When the request arrived; ISO 8601 in UTC with milliseconds. */
  time: string;
  requestId: string;
  /** 32 hex digits of the W3C trace context; "" when the request was refused before it had one. */
  traceId: string;
  /** "" where the request named none. */
  tunnel: string;
  project: string;
  environment: string;
  /** The service's name, or the host as a network rule matched it; as the request spelt it where nothing matched. */
  service: string;
  kind: StreamKind;
  method: string;
  /** Without its query, unless the relay is set to keep it. */
  path: string;
  /** What the gateway got; 499 when it gave up before there was an answer. */
  status: number;
  outcome: RequestOutcome;
  /** The `culvert-error` of an answer of the tunnel's own, or why an answer broke off; null when all went well. */
  code: string | null;
  /** Why, as the relay or the connector knows it: `no connection to 10.0.0.5:8080: ECONNREFUSED`. For operators. */
  detail?: string;
  /** The connector of the last attempt; null when none was reached. */
  connector: string | null;
  /** What people call it; connectors of version 0.1 do not say. */
  connectorName?: string;
  /** 0 when the request never left the relay. */
  attempts: number;
  /** Body bytes, those of WebSocket messages or of a TCP connection; heads are not counted. */
  requestBytes: number;
  responseBytes: number;
  /** Code of the close that ended a WebSocket, as far as one was seen. */
  closeCode?: number;
  /** Of a TCP connection that stood. */
  endedBy?: EndedBy;
  /** Whole milliseconds from arrival to the last byte; the sum of the four parts that follow. */
  durationMs: number;
  /** Deciding, and waiting for a connector. Failed attempts count here as well. */
  relayMs: number;
  /** From opening the stream to the response's head, without what the connector says it waited for the upstream. */
  tunnelMs: number;
  /** From the connector taking the request to the upstream's response head. */
  upstreamMs: number;
  /** From the response's head to the last byte; the lifetime of a WebSocket or a TCP connection. */
  bodyMs: number;
}
