import * as z from "zod";
import { decodeBase64url } from "../../../shared/tokens/base64url.ts";
import type { IssuerKeys, SigningAlgorithm } from "./issuer-keys.ts";

/** Enough for a few hundred groups. The edge does not pass longer fields. */
const MAX_TOKEN_LENGTH = 16 * 1024;
/** Tolerance for differing clocks. It never extends an expired token. */
const LEEWAY_SECONDS = 60;

/** `crit` names extensions that must be understood. None is supported. */
const headerSchema = z.looseObject({
  alg: z.enum(["RS256", "ES256"]),
  kid: z.string().min(1),
  crit: z.undefined().optional(),
});

const claimsSchema = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  iat: z.number().optional(),
  nbf: z.number().optional(),
  sub: z.string().optional(),
});

export type JwtClaims = z.infer<typeof claimsSchema>;

/** Which tokens are accepted. */
export interface JwtRule {
  issuer: string;
  /** A cheap check of the claims: audience, subject. */
  accepts: (claims: JwtClaims) => boolean;
}

const ALGORITHMS: Readonly<Record<SigningAlgorithm, SubtleCryptoSignAlgorithm>> = {
  RS256: { name: "RSASSA-PKCS1-v1_5" },
  ES256: { name: "ECDSA", hash: "SHA-256" },
};

/**
 * The claims of a token, if its issuer has signed it, the rule accepts it and it has not expired; otherwise null (RFC 7519 §7.2,
 * RFC 8725). Throws IssuerUnavailable if the signature cannot be checked.
 */
export async function verifyJwt(
  token: string,
  { issuer, accepts }: JwtRule,
  keys: IssuerKeys,
  nowMs: number,
): Promise<JwtClaims | null> {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  const [headerText, claimsText, signatureText, ...rest] = token.split(".");
  if (headerText === undefined || claimsText === undefined || signatureText === undefined) return null;
  if (rest.length > 0) return null;
  const header = headerSchema.safeParse(jsonOf(headerText)).data;
  const claims = claimsSchema.safeParse(jsonOf(claimsText)).data;
  const signature = decodeBase64url(signatureText);
  if (header === undefined || claims === undefined || signature === null) return null;
  // Cheap checks come first, so that the issuer is not asked for a key of a token that would be refused anyway.
  if (claims.iss !== issuer || !isInTime(claims, nowMs / 1_000) || !accepts(claims)) return null;
  const key = await keys.key(header.kid, header.alg);
  if (key === null) return null;
  const signed = new TextEncoder().encode(`${headerText}.${claimsText}`);
  const isSigned = await crypto.subtle.verify(ALGORITHMS[header.alg], key, signature, signed);
  return isSigned ? claims : null;
}

function isInTime({ exp, nbf = 0, iat = 0 }: JwtClaims, nowSeconds: number): boolean {
  return exp > nowSeconds && nbf <= nowSeconds + LEEWAY_SECONDS && iat <= nowSeconds + LEEWAY_SECONDS;
}

function jsonOf(part: string): unknown {
  const bytes = decodeBase64url(part);
  if (bytes === null) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
