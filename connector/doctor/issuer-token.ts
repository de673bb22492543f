import { fail, type Finding, pass } from "./finding.ts";

const REFRESH = "the platform must keep a current token in this file: check what mounts it";

/**
 * The claims of an identity's token, to compare them with what the tunnel trusts, because the relay does not say why it refuses a token. Only
 * the relay checks the signature.
 */
export function issuerTokenFinding(tokenText: string, identity: string, nowMs: number): Finding {
  const claims = claimsOf(tokenText);
  if (claims === null) return fail("token", `not a JSON Web Token, which ${identity} needs`, REFRESH);
  const { iss, aud, sub, exp } = claims;
  const says = `iss ${shown(iss)}, aud ${shown(aud)}, sub ${shown(sub)}`;
  if (typeof exp !== "number")
    return fail("token", `${says}, without an expiry time: the relay refuses such tokens`, REFRESH);
  const leftSeconds = Math.round(exp - nowMs / 1_000);
  const detail = `proves ${identity}: ${says}`;
  return leftSeconds > 0
    ? pass("token", `${detail}, valid for ${leftSeconds} s`)
    : fail("token", `${detail}, ended ${-leftSeconds} s ago`, REFRESH);
}

function shown(claim: unknown): string {
  return JSON.stringify(claim) ?? "none";
}

function claimsOf(tokenText: string): Record<string, unknown> | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(tokenText.split(".")[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
