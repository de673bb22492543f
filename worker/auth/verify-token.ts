import type { Caller } from "../../shared/services/index.ts";
import type { TokenDigest, TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import { DUMMY_DIGEST_HEX, equalDigests } from "./digest.ts";

/** The Worker passes this to the tunnel's object as `cf.culvert`. The object decides by its own copy of the configuration. */
export interface ConnectClaim {
  kind: "connect";
  kid: string;
  secretDigestHex: string;
  /** The data centre at which the handshake arrived. */
  dataCentre?: string;
  /** The connector's address, as the platform saw it. */
  address?: string;
  /** The build of the Worker's code: see `CallersBuild` in tunnel/configuration/claim.ts. */
  build?: string;
}

/** Whether a connector that proves this digest may attach now. */
export function verifyToken(config: TunnelConfig, kid: string, digestHex: string, nowMs: number): boolean {
  const token = config.tokens.find((candidate) => candidate.kid === kid);
  const equal = equalDigests(digestHex, token?.digestHex ?? DUMMY_DIGEST_HEX);
  return equal && token !== undefined && isLive(token, nowMs);
}

/** Whether this token is still valid. Checked for attached connectors whenever a new configuration arrives. */
export function tokenIsLive(config: TunnelConfig, kid: string, nowMs: number): boolean {
  return config.tokens.some((token) => token.kid === kid && isLive(token, nowMs));
}

/** The caller for whom a gateway key stands; null if the key is not known. */
export function verifyGatewayKey(
  config: TunnelConfig,
  kid: string,
  digestHex: string,
): (Caller & { publicUrl?: string }) | null {
  const key = config.gatewayKeys.find((candidate) => candidate.kid === kid);
  const equal = equalDigests(digestHex, key?.digestHex ?? DUMMY_DIGEST_HEX);
  if (!equal || key === undefined) return null;
  const { project, environment, publicUrl } = key;
  return { project, environment, ...(publicUrl === undefined ? {} : { publicUrl }) };
}

function isLive(token: TokenDigest, nowMs: number): boolean {
  return token.expiresAtMs === null || nowMs < token.expiresAtMs;
}
