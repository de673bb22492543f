import type { StreamKind } from "../protocol/index.ts";

/** Raised when a field changes its meaning or is removed. New fields do not raise it. */
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

/** Who ended a TCP connection. If both sides ended it properly, the first one. */
export type EndedBy = "gateway" | "upstream" | "tunnel";

/** The verb to show for a request. A TCP connection has a method only so that it can be counted by method. */
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
  /** "" if the request named none. */
  tunnel: string;
  project: string;
  environment: string;
  /** The service's name, or the host that a network rule matched. If nothing matched, the name in the request. */
  service: string;
  kind: StreamKind;
  method: string;
  /** Without its query, unless the relay is set to keep it. */
  path: string;
  /** What the gateway got; 499 when it gave up before there was an answer. */
  status: number;
  outcome: RequestOutcome;
  /** The `culvert-error` of the tunnel's own answer, or why an answer broke off; null if there was no failure. */
  code: string | null;
  /** Why, as the relay or the connector knows it: `no connection to 10.0.0.5:8080: ECONNREFUSED`. For operators. */
  detail?: string;
  /** The connector of the last attempt; null when none was reached. */
  connector: string | null;
  /** The connector's name. Connectors of version 0.1 do not send one. */
  connectorName?: string;
  /** 0 when the request never left the relay. */
  attempts: number;
  /** Bytes of the body, of WebSocket messages or of a TCP connection, without heads. */
  requestBytes: number;
  responseBytes: number;
  /** The close code of a WebSocket, if one was seen. */
  closeCode?: number;
  /** For a TCP connection that was established. */
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
