import { accessKeyProof } from "../auth/access-key.ts";
import { equalDigests, sha256Hex } from "../auth/digest.ts";
import { FailureLimiter } from "../auth/failure-limiter.ts";
import type { Env } from "../env.ts";
import { registryStub } from "../env.ts";
import type { Actor } from "../registry/audit-log.ts";
import type { Role } from "../registry/key-store.ts";
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

/** Who calls the admin API; throws `ApiError` otherwise. */
export async function authenticate(request: Request, env: Env, nowMs: number): Promise<Principal> {
  refuseGuessing(request, nowMs);
  const at = { address: clientAddress(request), atMs: nowMs };
  const credential = bearerCredential(request);
  if (await isAdminKey(credential, env.ADMIN_KEY ?? ""))
    return { role: "admin", by: { actor: "admin-key", ...at } };
  const proof = await accessKeyProof("api", credential);
  const role = proof && (await registryStub(env).apiKeyRole(proof));
  if (proof === null || role === null) throw unauthenticated(request, nowMs);
  return { role, by: { actor: proof.kid, ...at } };
}

async function isAdminKey(credential: string, adminKey: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [presented, expected] = await Promise.all([
    sha256Hex(encoder.encode(credential)),
    sha256Hex(encoder.encode(adminKey)),
  ]);
  return equalDigests(presented, expected) && adminKey !== "";
}
