import type { Role } from "../../registry/stores/index.ts";
import { type AccessSettings, accessSettings, type AccessVariables } from "./access-settings.ts";
import { askIssuer, IssuerUnavailable } from "../jwt/ask-issuer.ts";
import { IssuerKeys } from "../jwt/issuer-keys.ts";
import { type JwtClaims, verifyJwt } from "../jwt/verify-jwt.ts";
import { IdentityGroups } from "./identity-groups.ts";

export const ASSERTION_FIELD = "cf-access-jwt-assertion";
/** The prefix of people's names in the audit log. No key's id begins with it. */
export const ACCESS_ACTOR_PREFIX = "access:";
const MAX_EMAIL_LENGTH = 254;
const EVERYBODY = "*";

/** `none`: nobody is signed in by Access. `no-role`: Access knows the person, but none of the person's groups has a role. */
export type AccessOutcome =
  | { outcome: "holder"; role: Role; actor: string; endsAtMs: number }
  | { outcome: "none" | "invalid" | "no-role" | "unavailable" };

const nowMs = (): number => Date.now();
/** This isolate's keys by issuer. Outside of tests there is one issuer. */
const keysOf = new Map<string, IssuerKeys>();
const identities = new IdentityGroups(nowMs);

/** The person whom Cloudflare Access names. In any doubt, nobody is signed in. */
export async function accessHolder(
  { headers }: Pick<Request, "headers">,
  variables: AccessVariables,
): Promise<AccessOutcome> {
  const token = headers.get(ASSERTION_FIELD);
  const settings = accessSettings(variables);
  if (token === null || settings === null) return { outcome: "none" };
  try {
    const { issuer, audiences } = settings;
    const rule = { issuer, accepts: (claims: JwtClaims) => isForRelay(claims, audiences) };
    const claims = await verifyJwt(token, rule, issuerKeys(issuer), nowMs());
    if (claims === null) return { outcome: "invalid" };
    const { email } = claims;
    // A service token names no person. Services use keys.
    if (typeof email !== "string" || !isEmail(email)) return { outcome: "no-role" };
    const role = await roleOf(settings, () => identities.of(token, claims, settings.issuer));
    if (role === null) return { outcome: "no-role" };
    return {
      ...{ outcome: "holder", role, actor: `${ACCESS_ACTOR_PREFIX}${email}` },
      endsAtMs: claims.exp * 1_000,
    };
  } catch (thrown) {
    if (thrown instanceof IssuerUnavailable) return { outcome: "unavailable" };
    throw thrown;
  }
}

/** The audience of the application, not of the whole team. */
function isForRelay({ aud, type = "app" }: JwtClaims, audiences: ReadonlySet<string>): boolean {
  return type === "app" && [aud].flat().some((audience) => audiences.has(audience));
}

function issuerKeys(issuer: string): IssuerKeys {
  const known = keysOf.get(issuer);
  if (known !== undefined) return known;
  const keys = new IssuerKeys({ nowMs, fetch: () => askIssuer(`${issuer}/cdn-cgi/access/certs`) });
  keysOf.set(issuer, keys);
  return keys;
}

async function roleOf(
  { adminGroups, viewerGroups }: AccessSettings,
  groupsOf: () => Promise<ReadonlySet<string>>,
): Promise<Role | null> {
  if (adminGroups.has(EVERYBODY)) return "admin";
  const asked = new Set([...adminGroups, ...viewerGroups]);
  asked.delete(EVERYBODY);
  const groups = asked.size === 0 ? new Set<string>() : await groupsOf();
  const isIn = (wanted: ReadonlySet<string>): boolean => [...wanted].some((group) => groups.has(group));
  if (isIn(adminGroups)) return "admin";
  return viewerGroups.has(EVERYBODY) || isIn(viewerGroups) ? "viewer" : null;
}

/** It appears in the audit log, so it must be readable. */
function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_LENGTH && /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u.test(text);
}
