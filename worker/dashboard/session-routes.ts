import * as z from "zod";
import { adminProof, keyHolder, openSession, refuseGuessing, unauthenticated } from "../api/authenticate.ts";
import { readJson } from "../api/body.ts";
import { ApiError } from "../api/problem.ts";
import { isoTime } from "../api/time.ts";
import { accessKeyDigest, accessKeyProof, formatAccessKey } from "../auth/access-key.ts";
import { newKid, newSecret } from "../auth/random-id.ts";
import { type Env, registryStub } from "../env.ts";
import { SESSION_MS, type SessionHolder } from "../registry/session-store.ts";
import { refuseOtherSites } from "./same-origin.ts";
import { endedSessionCookie, sessionCookie, sessionOf } from "./session-cookie.ts";

const BODY_BYTES = 4096;

const signInSchema = z.strictObject({ key: z.string().min(1).max(1024) });

/** `POST /v1/session`: a browser signs in with a key. */
export async function signIn(request: Request, env: Env, nowMs: number): Promise<Response> {
  refuseOtherSites(request);
  refuseGuessing(request, nowMs);
  const input = signInSchema.safeParse(await readJson(request, BODY_BYTES));
  // Nothing more: what is wrong with it might be a part of a secret.
  if (!input.success) throw new ApiError("INVALID_REQUEST");
  const holder = await keyHolder(input.data.key.trim(), env);
  if (holder === null) throw unauthenticated(request, nowMs);

  const secret = newSecret();
  const kid = newKid();
  const session = formatAccessKey("session", kid, secret);
  const owner: SessionHolder = holder.isAdminKey
    ? { key: "admin-key", proofHex: await adminProof(session, env) }
    : { key: "api-key", kid: holder.actor };
  const proof = { kid, digestHex: await accessKeyDigest(secret) };
  await registryStub(env).openSession(proof, owner, nowMs);
  const { role, actor } = holder;
  return sessionAnswer(
    { role, actor, endsAtMs: nowMs + SESSION_MS },
    sessionCookie(session, SESSION_MS / 1000),
  );
}

/** `GET /v1/session`: who is signed in. Nobody is an answer too: a page that asks is no guess at a secret. */
export async function describeSession(request: Request, env: Env, nowMs: number): Promise<Response> {
  const session = sessionOf(request);
  if (session === "") return sessionAnswer(null);
  refuseOtherSites(request);
  refuseGuessing(request, nowMs);
  const open = await openSession(session, env, nowMs);
  return open === null ? sessionAnswer(null, endedSessionCookie()) : sessionAnswer(open);
}

/** `DELETE /v1/session`: signs out. */
export async function signOut(request: Request, env: Env): Promise<Response> {
  refuseOtherSites(request);
  const proof = await accessKeyProof("session", sessionOf(request));
  if (proof !== null) await registryStub(env).closeSession(proof);
  return new Response(null, {
    status: 204,
    headers: { "set-cookie": endedSessionCookie(), "cache-control": "no-store" },
  });
}

function sessionAnswer(
  session: { role: string; actor: string; endsAtMs: number } | null,
  cookie?: string,
): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  if (cookie !== undefined) headers.set("set-cookie", cookie);
  const body = session && { role: session.role, actor: session.actor, endsAt: isoTime(session.endsAtMs) };
  return Response.json({ session: body }, { headers });
}
