import { PUBLIC_CODES, type PublicCode } from "../../shared/protocol/public-code.ts";

/** Through `/~/` alone: the key is none, or too many wrong ones came. */
const KEY_CODES = ["UNAUTHENTICATED", "RATE_LIMITED"] as const;

/** Every code that `tunnelError` can give. */
export const TUNNEL_ERROR_CODES = [...PUBLIC_CODES, ...KEY_CODES] as const;

export type TunnelErrorCode = PublicCode | (typeof KEY_CODES)[number];

/** Why the tunnel answered in the API's place. */
export interface TunnelFailure {
  /** A code that this version does not know yet is "UNKNOWN". */
  code: TunnelErrorCode | "UNKNOWN";
  status: number;
  /** Names the request in the relay's log; null where the relay gave none. */
  requestId: string | null;
  /** For people; "" where there is none. */
  detail: string;
  /**
   * The upstream got nothing of the request, and what went wrong may be over in a moment: sending it again is safe for
   * every method.
   */
  retryable: boolean;
}

/** No byte of the request has reached an upstream, and time may help. */
const RETRYABLE: readonly TunnelErrorCode[] = [
  "NO_CONNECTOR",
  "OVERLOADED",
  "CONNECTOR_OVERLOADED",
  "UPSTREAM_REFUSED",
  "UPSTREAM_DNS",
  "UPSTREAM_CONNECT_TIMEOUT",
];

/**
 * What went wrong in the tunnel; null for every answer of the API itself, its 404s and 500s included. Reads header
 * fields alone: the body can still be passed on. No upstream can set these fields.
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
