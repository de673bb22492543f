/**
 * The closed set of reasons a stream or a connection fails with, and their numbers on the wire
 * (docs/protocol.md, "Codes"). Numbers are never reused. Codes from 0x100 are also the public
 * `culvert-error` values; what outsiders learn of the others is decided in worker/failures/problem.ts.
 */
export const ERROR_CODES = {
  NO_ERROR: 0x00,
  PROTOCOL_ERROR: 0x01,
  FLOW_CONTROL: 0x02,
  CALM: 0x03,
  INTERNAL: 0x04,
  /** The side that asked no longer wants the answer. */
  CANCEL: 0x05,
  /** The receiver kept the stream's window closed for too long. */
  STALLED: 0x06,
  /** Not accepted, because this end is shutting down. */
  DRAINING: 0x07,
  /** A frame that the stream's state does not allow, or a head that is not valid HTTP. */
  STREAM_ERROR: 0x08,
  /** The body ended too early. A forwarder must abort it, and never end it cleanly. */
  BODY_ABORTED: 0x09,
  /** A newer connection of the same connector took this one's place. */
  REPLACED: 0x0a,
  TOKEN_REVOKED: 0x0b,
  TUNNEL_DELETED: 0x0c,
  /** A WebSocket message over the limit. */
  MESSAGE_TOO_LARGE: 0x0d,

  NO_CONNECTOR: 0x100,
  OVERLOADED: 0x101,
  UNKNOWN_TUNNEL: 0x102,
  UNKNOWN_SERVICE: 0x103,
  ACCESS_DENIED: 0x104,
  UPSTREAM_NOT_ALLOWED: 0x105,
  UPSTREAM_REFUSED: 0x106,
  UPSTREAM_DNS: 0x107,
  UPSTREAM_TLS: 0x108,
  UPSTREAM_PROTOCOL: 0x109,
  UPSTREAM_CONNECT_TIMEOUT: 0x10a,
  UPSTREAM_RESPONSE_TIMEOUT: 0x10b,
  CONNECTOR_LOST: 0x10c,
  RELAY_RESTART: 0x10d,
  BAD_REQUEST: 0x10e,
  BODY_TOO_LARGE: 0x10f,
  URI_TOO_LONG: 0x110,
  FIELDS_TOO_LARGE: 0x111,
  /** The request has passed this relay before (RFC 8586). */
  LOOP_DETECTED: 0x112,
  /** The connector has no descriptors or memory left for it. The upstream is not at fault. */
  CONNECTOR_OVERLOADED: 0x113,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

const byNumber = new Map<number, ErrorCode>(
  (Object.entries(ERROR_CODES) as [ErrorCode, number][]).map(([code, number]) => [number, code]),
);

/** A number this version does not know means INTERNAL: a newer peer's reason is still a failure. */
export function errorCodeOf(wireNumber: number): ErrorCode {
  return byNumber.get(wireNumber) ?? "INTERNAL";
}
