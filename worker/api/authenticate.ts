import { accessKeyProof } from "../auth/access-key.ts";
import { equalDigests, sha256Hex } from "../auth/digest.ts";
import { FailureLimiter } from "../auth/failure-limiter.ts";
import { sessionOf } from "../dashboard/session-cookie.ts";
import { refuseOtherSites } from "../dashboard/same-origin.ts";
import type { Env } from "../env.ts";
import { registryStub } from "../env.ts";
import type { Actor } from "../registry/audit-log.ts";
import type { Role } from "../registry/key-store.ts";
import type { OpenSession } from "../registry/session-store.ts";
import { ApiError } from "./problem.ts";

export interface Principal {
  role: Role;
  by: Actor;
}

/** One per isolate. Keys and tunnel tokens count together: both are guesses at a secret. */
const limiter = new FailureLimiter();

/** The client as the platform sees it. Without Cloudflare in front all clients count as one. */
function clientAddress(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "";
}

/** Refuses to look at a credential from an address with too many failures. */
export function refuseGuessing(request: Request, nowMs: number): void {
  const waitMs = limiter.waitMs(clientAddress(request), nowMs);
  if (waitMs > 0) {
    throw new ApiError("RATE_LIMITED", { headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } });
  }
}

/** The one answer to every credential that does not hold, whatever is wrong with it. */
export function unauthenticated(request: Request, nowMs: number, scheme = "Bearer"): ApiError {
  limiter.failed(clientAddress(request), nowMs);
  return new ApiError("UNAUTHENTICATED", { headers: { "www-authenticate": scheme } });
}

/** "" when there is none. */
export function bearerCredential(request: Request): string {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}

/** Who calls the admin API, by a key or by a browser's session; throws `ApiError` otherwise. */
export async function authenticate(request: Request, env: Env, nowMs: number): Promise<Principal> {
  refuseGuessing(request, nowMs);
  const session = request.headers.has("authorization") ? "" : sessionOf(request);
  if (session !== "") refuseOtherSites(request);
  const holder =
    session === "" ? await keyHolder(bearerCredential(request), env) : await openSession(session, env, nowMs);
  if (holder === null) throw unauthenticated(request, nowMs);
  const { role, actor } = holder;
  return { role, by: { actor, address: clientAddress(request), atMs: nowMs } };
}

export interface KeyHolder {
  role: Role;
  /** As the audit log names it. */
  actor: string;
  isAdminKey: boolean;
}

/** Whose key this is; null for what is none. */
export async function keyHolder(credential: string, env: Env): Promise<KeyHolder | null> {
  if (await isAdminKey(credential, env.ADMIN_KEY ?? "")) {
    return { role: "admin", actor: "admin-key", isAdminKey: true };
  }
  const proof = await accessKeyProof("api", credential);
  const role = proof && (await registryStub(env).apiKeyRole(proof));
  return proof && role && { role, actor: proof.kid, isAdminKey: false };
}

/** Null for whatever is not, or no longer, a session. */
export async function openSession(session: string, env: Env, nowMs: number): Promise<OpenSession | null> {
  const proof = await accessKeyProof("session", session);
  return proof && registryStub(env).useSession(proof, await adminProof(session, env), nowMs);
}

/** What ties a session to the `ADMIN_KEY` that it was opened with. Says nothing of the key to whom it is stored with. */
export function adminProof(session: string, { ADMIN_KEY = "" }: Env): Promise<string> {
  return sha256Hex(new TextEncoder().encode(`${session}\n${ADMIN_KEY}`));
}

async function isAdminKey(credential: string, adminKey: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [presented, expected] = await Promise.all([
    sha256Hex(encoder.encode(credential)),
    sha256Hex(encoder.encode(adminKey)),
  ]);
  return equalDigests(presented, expected) && adminKey !== "";
}
