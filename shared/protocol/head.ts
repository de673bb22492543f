import type { Field } from "../http/index.ts";

export type { Field } from "../http/index.ts";

export type StreamKind = "http" | "websocket" | "tcp";

/** Used as method and path of a TCP connection, which has neither, in events and logs. Never on the wire. */
export const TCP_METHOD = "CONNECT";
export const TCP_PATH = "";
/** The status of the HEAD of a TCP connection, which means that it is established. There is no other. */
export const TCP_STATUS = 200;

/** How a connector starts TLS on a connection that begins without it. */
export type StartTls = "postgres";

/** Everything a connector needs to serve one stream: it keeps no state of its own. */
export interface OpenHead {
  kind: StreamKind;
  /** Origin of the upstream, `http://host:port` or `https://host:port`; of kind tcp `tcp://host:port` or `tls://host:port`. */
  target: string;
  /** Service name, or the host as a network rule matched it. For logs and per-service rules. */
  service: string;
  method: string;
  /** Path and query exactly as they go to the upstream. */
  path: string;
  /** Who is calling, from the binding's props or the gateway key; never from a header. */
  project: string;
  environment: string;
  requestId: string;
  /** Absent means the connector's default. */
  connectTimeoutMs?: number;
  responseTimeoutMs?: number;
  /** How long a window of the stream may stay closed, in either direction. */
  stallTimeoutMs?: number;
  /** Only for kind tcp: how long the connection may be without traffic. */
  idleTimeoutMs?: number;
  /** Only for kind tcp, and only if the target's scheme is tcp. */
  startTls?: StartTls;
  /** Only for kind tcp: how many connections to the service a connector may have open at once. */
  maxConnections?: number;
  fields: readonly Field[];
}

export interface ResponseHead {
  /** 101 (kind websocket only), 200–599; 1xx others are informational. */
  status: number;
  /** HTTP/1.1 reason phrase, "" when there is none. */
  reason: string;
  /** How long the connector waited for it, from the stream's start; whole milliseconds. Absent: it does not say. */
  upstreamMs?: number;
  fields: readonly Field[];
}
