import * as z from "zod";
import {
  accessPerson,
  adminKeyNotice,
  adminProof,
  keyHolder,
  sessionHolder,
  readJson,
  ApiError,
  isoTime,
  refuseOtherSites,
} from "../api/index.ts";
import { authenticationFailed, credentialPresence } from "../subject-check.ts";
import {
  accessKeyDigest,
  accessKeyProof,
  formatAccessKey,
  newKid,
  newSecret,
  endedSessionCookie,
  sessionCookie,
  sessionOf,
} from "../auth/index.ts";
import { type Env, registryStub } from "../env.ts";
import { SESSION_MS, type SessionHolder } from "../registry/stores/index.ts";

const BODY_BYTES = 4096;
/** The sign-out path that Cloudflare's edge has on every host behind Access. */
const ACCESS_SIGN_OUT = "/cdn-cgi/access/logout";

const signInSchema = z.strictObject({ key: z.string().min(1).max(1024) });

/** `POST /v1/session`: signs a browser in with a key. */
export async function signIn(request: Request, env: Env, nowMs: number): Promise<Response> {
  refuseOtherSites(request);
  const input = signInSchema.safeParse(await readJson(request, BODY_BYTES));
  // The response says nothing more, because details might reveal a part of a secret.
  if (!input.success) throw new ApiError("INVALID_REQUEST");
  const holder = await keyHolder(input.data.key.trim(), request, env, nowMs);

  const secret = newSecret();
  const kid = newKid();
  const session = formatAccessKey("session", kid, secret);
  const owner: SessionHolder = holder.isAdminKey
    ? { key: "admin-key", proofHex: await adminProof(session, env) }
    : { key: "api-key", kid: holder.actor };
  const proof = { kid, digestHex: await accessKeyDigest(secret) };
  const endsAtMs = (await registryStub(env).openSession(proof, owner, nowMs)) ?? nowMs + SESSION_MS;
  const { role, actor } = holder;
  const cookie = sessionCookie(session, Math.ceil((endsAtMs - nowMs) / 1000));
  return sessionAnswer({ role, actor, endsAtMs }, cookie);
}

/**
 * `GET /v1/session`: who is signed in, or that nobody is. An invalid cookie counts as a failed attempt, like any other
 * invalid credential. The response deletes that cookie, so a browser whose session has ended sends it only once.
 */
export async function describeSession(request: Request, env: Env, nowMs: number): Promise<Response> {
  const session = sessionOf(request);
  if (session === "") return byAccess(request, env, nowMs);
  refuseOtherSites(request);
  try {
    return sessionAnswer(await sessionHolder(session, request, env, nowMs));
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== "UNAUTHENTICATED") throw thrown;
    return byAccess(request, env, nowMs, endedSessionCookie());
  }
}

/**
 * Sessions of Cloudflare Access, which also does the sign-out. A person to whom Access gives no role is not signed in, and
 * learns why.
 */
async function byAccess(request: Request, env: Env, nowMs: number, cookie?: string): Promise<Response> {
  try {
    const person = await accessPerson(request, env, nowMs);
    return person === null
      ? nobody(env, cookie)
      : sessionAnswer({ ...person, signOutUrl: ACCESS_SIGN_OUT }, cookie);
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    if (thrown.code === "FORBIDDEN") return answer({ session: null, notice: thrown.message }, cookie);
    if (thrown.code === "UNAUTHENTICATED") return nobody(env, cookie);
    throw thrown;
  }
}

/** `DELETE /v1/session`: signs out. Always removes the cookie. Only a well-formed cookie is looked up. */
export async function signOut(request: Request, env: Env, nowMs: number): Promise<Response> {
  refuseOtherSites(request);
  const session = sessionOf(request);
  const proof = await accessKeyProof("session", session);
  const subject = proof && ({ kind: "session", id: proof.kid } as const);
  const isAbsent =
    proof === null ||
    subject === null ||
    (await credentialPresence(env, subject, proof.digestHex, request)) === "absent";
  if (!isAbsent) await registryStub(env).closeSession(proof);
  else if (session !== "" && authenticationFailed(request, subject, nowMs) > 0)
    throw new ApiError("RATE_LIMITED");
  return new Response(null, {
    status: 204,
    headers: { "set-cookie": endedSessionCookie(), "cache-control": "no-store" },
  });
}

interface ShownSession {
  role: string;
  actor: string;
  endsAtMs: number;
  /** Where to sign out; absent if that is `DELETE /v1/session`. */
  signOutUrl?: string;
}

function sessionAnswer({ role, actor, endsAtMs, signOutUrl }: ShownSession, cookie?: string): Response {
  const session = {
    role,
    actor,
    endsAt: isoTime(endsAtMs),
    ...(signOutUrl === undefined ? {} : { signOutUrl }),
  };
  return answer({ session }, cookie);
}

/** For the sign-in page, which shows the notice before somebody tries a key. */
function nobody(env: Env, cookie?: string): Response {
  const notice = adminKeyNotice(env);
  return answer({ session: null, ...(notice === null ? {} : { notice }) }, cookie);
}

function answer(body: object, cookie?: string): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  if (cookie !== undefined) headers.set("set-cookie", cookie);
  return Response.json(body, { headers });
}
