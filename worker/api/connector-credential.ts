import { IDENTITY_FIELD, parseIdentityNames, parseToken } from "../../shared/tokens/token.ts";
import { credentialPresence, forget, identityPresence } from "../subject-check.ts";
import { sha256Hex, type Subject } from "../auth/index.ts";
import { IssuerUnavailable } from "../auth/jwt/ask-issuer.ts";
import { KnownIdentities } from "../auth/workload-identity/known-identities.ts";
import { type Env, registryStub } from "../env.ts";
import { withTimeout } from "../with-timeout.ts";
import { bearerCredential, unauthenticated } from "./authenticate.ts";
import { ApiError } from "./problem.ts";

/** A connector's credential. The tunnel's object decides whether it is valid. */
export interface ConnectorCredential {
  tunnelId: string;
  kid: string;
  digestHex: string;
  subject: Subject;
  /** The tunnel's object has refused it. */
  refused(): void;
}

/** The Registry answers in milliseconds. */
const TIMEOUT_MS = 5_000;

const knownIdentities = new KnownIdentities(() => Date.now());

/** Throws `ApiError` if it certainly is neither a token of this relay nor the proof of an identity that one of its tunnels trusts. */
export async function connectorCredential(
  request: Request,
  env: Env,
  nowMs: number,
): Promise<ConnectorCredential> {
  const names = request.headers.get(IDENTITY_FIELD);
  return names === null ? byToken(request, env, nowMs) : byIdentity(names, request, env, nowMs);
}

async function byToken(request: Request, env: Env, nowMs: number): Promise<ConnectorCredential> {
  const parsed = parseToken(bearerCredential(request));
  if (!parsed.ok) throw unauthenticated(request, nowMs);
  const { tunnelId, kid, secret } = parsed.token;
  const digestHex = await sha256Hex(secret);
  const subject: Subject = { kind: "token", id: kid, tunnelId };
  if ((await credentialPresence(env, subject, digestHex, request)) === "absent")
    throw unauthenticated(request, nowMs, { subject });
  return { tunnelId, kid, digestHex, subject, refused: () => forget(subject) };
}

/** Checks an issuer's token here, so that a bad one starts no object. The proof shows the object that the current keys were used. */
async function byIdentity(
  names: string,
  request: Request,
  env: Env,
  nowMs: number,
): Promise<ConnectorCredential> {
  const named = parseIdentityNames(names);
  if (named === null) throw unauthenticated(request, nowMs);
  const { tunnelId, kid } = named;
  const subject: Subject = { kind: "identity", id: kid, tunnelId };
  if ((await identityPresence(env, subject, request)) === "absent")
    throw unauthenticated(request, nowMs, { subject });
  const digestHex = await proofOf(bearerCredential(request), tunnelId, kid, env);
  if (digestHex === null) throw unauthenticated(request, nowMs, { subject });
  const refused = (): void => {
    forget(subject);
    knownIdentities.forget(tunnelId, kid);
  };
  return { tunnelId, kid, digestHex, subject, refused };
}

async function proofOf(token: string, tunnelId: string, kid: string, env: Env): Promise<string | null> {
  const unavailable = (detail: string) =>
    new ApiError("TUNNEL_UNAVAILABLE", { detail, headers: { "retry-after": "1" } });
  try {
    return await knownIdentities.proofHex(token, tunnelId, kid, async () => {
      const asked = registryStub(env).identity(tunnelId, kid);
      const answer = await withTimeout(
        asked.catch(() => undefined),
        TIMEOUT_MS,
        undefined,
      );
      if (answer === undefined) throw unavailable("The identity could not be looked up.");
      return answer;
    });
  } catch (thrown) {
    if (thrown instanceof IssuerUnavailable)
      throw unavailable("The keys of the identity's issuer cannot be had now.");
    throw thrown;
  }
}
