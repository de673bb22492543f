/** The closed list of what a gateway may see in `culvert-error` (docs/operations.md says when each comes). */
export const PUBLIC_CODES = [
  "NO_CONNECTOR",
  "OVERLOADED",
  "UNKNOWN_TUNNEL",
  "UNKNOWN_SERVICE",
  "ACCESS_DENIED",
  "UPSTREAM_NOT_ALLOWED",
  "UPSTREAM_REFUSED",
  "UPSTREAM_DNS",
  "UPSTREAM_TLS",
  "UPSTREAM_PROTOCOL",
  "UPSTREAM_CONNECT_TIMEOUT",
  "UPSTREAM_RESPONSE_TIMEOUT",
  "CONNECTOR_LOST",
  "RELAY_RESTART",
  "BAD_REQUEST",
  "BODY_TOO_LARGE",
  "URI_TOO_LONG",
  "FIELDS_TOO_LARGE",
  "LOOP_DETECTED",
  "CONNECTOR_OVERLOADED",
] as const;

export type PublicCode = (typeof PUBLIC_CODES)[number];
