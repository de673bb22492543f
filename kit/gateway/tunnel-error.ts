import { PUBLIC_CODES, type PublicCode } from "../../shared/protocol/public-code.ts";

/** Only through `/~/`: the key is not valid, or too many wrong keys came from this address. */
const KEY_CODES = ["UNAUTHENTICATED", "RATE_LIMITED"] as const;

/** Every code that `tunnelError` can return. */
export const TUNNEL_ERROR_CODES = [...PUBLIC_CODES, ...KEY_CODES] as const;

export type TunnelErrorCode = PublicCode | (typeof KEY_CODES)[number];

/** Why the tunnel answered instead of the API. */
export interface TunnelFailure {
  /** "UNKNOWN" for a code that this version does not know. */
  code: TunnelErrorCode | "UNKNOWN";
  status: number;
  /** Identifies the request in the relay's log; null if the relay gave it no id. */
  requestId: string | null;
  /** For people; "" if there is none. */
  detail: string;
  /**
   * The upstream received nothing of the request, and the failure may be temporary. Sending the request again is then safe
   * for every method.
   */
  retryable: boolean;
}

/** No byte of the request has reached an upstream, and a later attempt may succeed. */
const RETRYABLE: readonly TunnelErrorCode[] = [
  "NO_CONNECTOR",
  "OVERLOADED",
  "CONNECTOR_OVERLOADED",
  "UPSTREAM_REFUSED",
  "UPSTREAM_DNS",
  "UPSTREAM_CONNECT_TIMEOUT",
];

/**
 * What failed in the tunnel; null for every response of the API itself, including 404 and 500. Reads header fields only, so
 * the body can still be passed on. No upstream can set these fields.
 */
export function tunnelError(response: {
  status: number;
  headers: Pick<Headers, "get">;
}): TunnelFailure | null {
  const code = response.headers.get("culvert-error");
  if (code === null) return null;
  const known = TUNNEL_ERROR_CODES.find((one) => one === code) ?? "UNKNOWN";
  return {
    code: known,
    status: response.status,
    requestId: response.headers.get("culvert-request-id"),
    detail: response.headers.get("culvert-error-detail") ?? "",
    retryable: RETRYABLE.some((one) => one === code),
  };
}
