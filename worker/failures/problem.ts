import type { ErrorCode, PublicCode, TunnelError } from "../../shared/protocol/index.ts";

const MAX_DETAIL_LENGTH = 500;

interface Outcome {
  status: number;
  title: string;
  /** The text for gateways, if the peer's own message is not for them. */
  reason: string;
  /** Of the registry in RFC 9209 §2.3. */
  proxyError: string;
  retryAfterSeconds?: number;
}

const OUTCOMES: Readonly<Record<PublicCode, Outcome>> = {
  NO_CONNECTOR: {
    status: 503,
    title: "No connector is attached",
    reason: "No connector is attached to this tunnel.",
    proxyError: "destination_unavailable",
    retryAfterSeconds: 2,
  },
  OVERLOADED: {
    status: 503,
    title: "The tunnel is at its limit",
    reason: "The tunnel has its maximum of open requests; try again soon.",
    proxyError: "connection_limit_reached",
    retryAfterSeconds: 1,
  },
  UNKNOWN_TUNNEL: {
    status: 404,
    title: "No such tunnel",
    reason: "There is no tunnel with this id.",
    proxyError: "destination_not_found",
  },
  UNKNOWN_SERVICE: {
    status: 404,
    title: "No such service",
    reason: "The tunnel has no service with this name, and no network rule for this host.",
    proxyError: "destination_not_found",
  },
  ACCESS_DENIED: {
    status: 403,
    title: "Access denied",
    reason: "This project and environment may not call this service.",
    proxyError: "http_request_denied",
  },
  UPSTREAM_NOT_ALLOWED: {
    status: 502,
    title: "The connector does not allow this upstream",
    reason: "The connector's own settings do not permit this upstream.",
    proxyError: "destination_ip_prohibited",
  },
  UPSTREAM_REFUSED: {
    status: 502,
    title: "The upstream refused the connection",
    reason: "The connector could not connect to the upstream.",
    proxyError: "connection_refused",
  },
  UPSTREAM_DNS: {
    status: 502,
    title: "The upstream's name was not found",
    reason: "The connector found no address for the upstream's name.",
    proxyError: "dns_error",
  },
  UPSTREAM_TLS: {
    status: 502,
    title: "TLS with the upstream failed",
    reason: "The connector and the upstream could not set up a TLS connection that can be trusted.",
    proxyError: "tls_protocol_error",
  },
  UPSTREAM_PROTOCOL: {
    status: 502,
    title: "The upstream's answer could not be understood",
    reason: "The upstream's answer is not valid, or it broke off before its head was complete.",
    proxyError: "http_protocol_error",
  },
  UPSTREAM_CONNECT_TIMEOUT: {
    status: 504,
    title: "Connecting to the upstream took too long",
    reason: "The connector could not connect to the upstream in time.",
    proxyError: "connection_timeout",
  },
  UPSTREAM_RESPONSE_TIMEOUT: {
    status: 504,
    title: "The upstream took too long to answer",
    reason: "The upstream did not answer in time.",
    proxyError: "http_response_timeout",
  },
  CONNECTOR_LOST: {
    status: 502,
    title: "The connector went away",
    reason:
      "The connector went away before the answer began; whether the request was processed is not known.",
    proxyError: "connection_terminated",
  },
  RELAY_RESTART: {
    status: 502,
    title: "The relay restarted",
    reason:
      "The tunnel's object was reset before the answer began; whether the request was processed is not known.",
    proxyError: "proxy_internal_error",
  },
  BAD_REQUEST: {
    status: 400,
    title: "The request cannot be carried",
    reason: "The tunnel cannot carry a request like this.",
    proxyError: "http_request_error",
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: "The request body is too large",
    reason: "The request's body is larger than the service accepts.",
    proxyError: "http_request_error",
  },
  URI_TOO_LONG: {
    status: 414,
    title: "The request's URL is too long",
    reason: "The path with its query is longer than the tunnel can carry.",
    proxyError: "http_request_error",
  },
  FIELDS_TOO_LARGE: {
    status: 431,
    title: "The request's fields are too large",
    reason: "The request's fields are larger than the tunnel can carry.",
    proxyError: "http_request_error",
  },
  LOOP_DETECTED: {
    status: 508,
    title: "The request came back",
    reason: "The request has passed this relay before.",
    proxyError: "proxy_loop_detected",
  },
  CONNECTOR_OVERLOADED: {
    status: 503,
    title: "The connector is at its limit",
    reason: "The connector has run out of file descriptors or memory; try again soon.",
    proxyError: "connection_limit_reached",
    retryAfterSeconds: 1,
  },
};

/** The only place that decides what outsiders learn about an error. */
export function publicCodeOf(error: Pick<TunnelError, "code" | "scope">): PublicCode {
  if (error.scope === "connection") return "CONNECTOR_LOST";
  return publicCode(error.code);
}

function publicCode(code: ErrorCode): PublicCode {
  switch (code) {
    case "NO_ERROR":
    case "PROTOCOL_ERROR":
    case "FLOW_CONTROL":
    case "CALM":
    case "INTERNAL":
    case "CANCEL":
    case "STREAM_ERROR":
    case "BODY_ABORTED":
    case "MESSAGE_TOO_LARGE":
      return "UPSTREAM_PROTOCOL";
    case "STALLED":
      return "UPSTREAM_RESPONSE_TIMEOUT";
    case "DRAINING":
    case "REPLACED":
    case "TOKEN_REVOKED":
    case "TUNNEL_DELETED":
      return "CONNECTOR_LOST";
    case "NO_CONNECTOR":
    case "OVERLOADED":
    case "UNKNOWN_TUNNEL":
    case "UNKNOWN_SERVICE":
    case "ACCESS_DENIED":
    case "UPSTREAM_NOT_ALLOWED":
    case "UPSTREAM_REFUSED":
    case "UPSTREAM_DNS":
    case "UPSTREAM_TLS":
    case "UPSTREAM_PROTOCOL":
    case "UPSTREAM_CONNECT_TIMEOUT":
    case "UPSTREAM_RESPONSE_TIMEOUT":
    case "CONNECTOR_LOST":
    case "RELAY_RESTART":
    case "BAD_REQUEST":
    case "BODY_TOO_LARGE":
    case "URI_TOO_LONG":
    case "FIELDS_TOO_LARGE":
    case "LOOP_DETECTED":
    case "CONNECTOR_OVERLOADED":
      return code;
  }
}

/**
 * The reason, in words that a gateway may see and pass on: the relay's own, or what the code means. A connector's message names addresses,
 * hosts, certificates and settings of the private network, so it only goes into the event's `detail`.
 */
export function publicReasonOf(error: TunnelError): string {
  return error.isPublic ? error.message : OUTCOMES[publicCodeOf(error)].reason;
}

/** The status of an answer with this code. */
export function statusOf(code: PublicCode): number {
  return OUTCOMES[code].status;
}

/** The answer to a gateway: status, `culvert-error`, `Proxy-Status` (RFC 9209) and problem+json (RFC 9457). */
export function problemResponse(error: TunnelError, method: string, requestId: string): Response {
  const code = publicCodeOf(error);
  const { status, title, proxyError, retryAfterSeconds } = OUTCOMES[code];
  const detail = publicReasonOf(error);
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "culvert-error": code,
    // The same as in the body, because a HEAD has none, and because a gateway can read this and still pass the body on unread.
    "culvert-error-detail": fieldText(detail),
    "culvert-request-id": requestId,
    "proxy-status": `culvert; error=${proxyError}`,
  });
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  const problem = { type: "about:blank", title, status, code, detail, requestId };
  return new Response(method === "HEAD" ? null : JSON.stringify(problem), { status, headers });
}

/** The text as it may appear in a field's value. The body has it unchanged. */
function fieldText(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, MAX_DETAIL_LENGTH)
    .trim();
}
