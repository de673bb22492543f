import {
  accessKeyProof,
  adminKeyProblem,
  isAdminKey,
  clientAddress,
  sha256Hex,
  type Subject,
  sessionOf,
} from "../auth/index.ts";
import { accessHolder } from "../auth/cloudflare-access/access-holder.ts";
import { authenticationFailed, credentialPresence, forget } from "../subject-check.ts";
import { refuseOtherSites } from "./same-origin.ts";
import type { Env } from "../env.ts";
import { registryStub } from "../env.ts";
import type { Actor, Role, OpenSession } from "../registry/stores/index.ts";
import { ApiError } from "./problem.ts";

export interface Principal {
  role: Role;
  by: Actor;
  credential: Credential;
}

/** The credential of a caller. Whatever is opened with it ends with it. */
export interface Credential {
  /** The id of the API key or session; "admin-key"; for a person whom Access has signed in, the actor. */
  kid: string;
  /** When it expires. Absent: it is valid until it is deleted. */
  endsAtMs?: number;
}

/**
 * The same answer for every invalid credential, whatever is wrong with it, or 429 if the client, or attempts on the key, fail too often.
 * It is made only after a credential has failed, so a valid one always passes.
 */
export function unauthenticated(
  request: Request,
  nowMs: number,
  {
    subject = null,
    scheme = "Bearer",
    detail,
  }: { subject?: Subject | null; scheme?: string; detail?: string } = {},
): ApiError {
  const waitMs = authenticationFailed(request, subject, nowMs);
  if (waitMs > 0)
    return new ApiError("RATE_LIMITED", { headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } });
  const headers = { "www-authenticate": scheme };
  return new ApiError("UNAUTHENTICATED", detail === undefined ? { headers } : { detail, headers });
}

/** "" when there is none. */
export function bearerCredential(request: Request): string {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}

/** The caller of the admin API: by a key, by a browser's session or by Cloudflare Access. Throws `ApiError` otherwise. */
export async function authenticate(request: Request, env: Env, nowMs: number): Promise<Principal> {
  const session = request.headers.has("authorization") ? "" : sessionOf(request);
  if (session !== "") refuseOtherSites(request);
  const by = (actor: string): Actor => ({ actor, address: clientAddress(request), atMs: nowMs });
  if (session === "" && !request.headers.has("authorization")) {
    const person = await accessPerson(request, env, nowMs);
    if (person !== null) {
      const { role, actor, endsAtMs } = person;
      return { role, by: by(actor), credential: { kid: actor, endsAtMs } };
    }
  }
  if (session === "") {
    const { role, actor } = await keyHolder(bearerCredential(request), request, env, nowMs);
    return { role, by: by(actor), credential: { kid: actor } };
  }
  const { role, actor, kid, endsAtMs } = await sessionHolder(session, request, env, nowMs);
  return { role, by: by(actor), credential: { kid, endsAtMs } };
}

/**
 * The person whom Cloudflare Access has signed in; null if there is none. Browsers send its assertion with every request, whichever page
 * makes it, so the rules for a session's cookie apply. Throws `ApiError` if the person has no role here.
 */
export async function accessPerson(
  request: Request,
  env: Env,
  nowMs: number,
): Promise<{ role: Role; actor: string; endsAtMs: number } | null> {
  const access = await accessHolder(request, env);
  switch (access.outcome) {
    case "none":
      return null;
    case "holder":
      refuseOtherSites(request);
      return access;
    case "invalid":
      throw unauthenticated(request, nowMs);
    case "no-role":
      throw new ApiError("FORBIDDEN", {
        detail: "None of your groups in Cloudflare Access has a role here.",
      });
    case "unavailable":
      throw new ApiError("ACCESS_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

export interface KeyHolder {
  role: Role;
  /** As the audit log names it. */
  actor: string;
  isAdminKey: boolean;
}

/** The owner of this key. Throws `ApiError` if it is not valid. */
export async function keyHolder(
  credential: string,
  request: Request,
  env: Env,
  nowMs: number,
): Promise<KeyHolder> {
  if (await isAdminKey(credential, env.ADMIN_KEY))
    return { role: "admin", actor: "admin-key", isAdminKey: true };
  const proof = await accessKeyProof("api", credential);
  const subject = proof && ({ kind: "api-key", id: proof.kid } as const);
  if (proof !== null && subject !== null) {
    const role =
      (await credentialPresence(env, subject, proof.digestHex, request)) === "absent"
        ? null
        : await registryStub(env).apiKeyRole(proof);
    if (role !== null) return { role, actor: proof.kid, isAdminKey: false };
    forget(subject);
  }
  const problem = adminKeyNotice(env);
  throw unauthenticated(request, nowMs, { subject, ...(problem === null ? {} : { detail: problem }) });
}

/** Throws `ApiError` if it is not a session, or not any more. */
export async function sessionHolder(
  session: string,
  request: Request,
  env: Env,
  nowMs: number,
): Promise<OpenSession & { kid: string }> {
  const proof = await accessKeyProof("session", session);
  const subject = proof && ({ kind: "session", id: proof.kid } as const);
  if (proof !== null && subject !== null) {
    const open =
      (await credentialPresence(env, subject, proof.digestHex, request)) === "absent"
        ? null
        : await registryStub(env).useSession(proof, await adminProof(session, env), nowMs);
    if (open !== null) return { ...open, kid: proof.kid };
    forget(subject);
  }
  throw unauthenticated(request, nowMs, { subject });
}

/** Binds a session to the `ADMIN_KEY` with which it was opened, without revealing the key to the Registry. */
export function adminProof(session: string, { ADMIN_KEY = "" }: Env): Promise<string> {
  return sha256Hex(new TextEncoder().encode(`${session}\n${ADMIN_KEY}`));
}

/** The problem with this relay's ADMIN_KEY, for people who cannot sign in because of it. The log has it too. */
export function adminKeyNotice({ ADMIN_KEY }: Env): string | null {
  const problem = adminKeyProblem(ADMIN_KEY);
  if (problem !== null) warnOnce(problem);
  return problem;
}

let hasWarned = false;

/** Logged once per isolate, so that it can be found in the log, but guesses cannot flood the log. */
function warnOnce(problem: string): void {
  if (hasWarned) return;
  hasWarned = true;
  console.error({ event: "admin_key_refused", problem });
}
