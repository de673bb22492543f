import { waitUntil } from "cloudflare:workers";
import {
  addressBlock,
  clientAddress,
  DUMMY_DIGEST_HEX,
  equalDigests,
  FailureLimiter,
  RegistryKnowledge,
  type Subject,
} from "./auth/index.ts";
import { type Env, registryStub } from "./env.ts";
import { servingObjects } from "./objects/serving-objects.ts";
import { isLocationHint, type LocationHint } from "./tunnel/configuration/tunnel-objects.ts";

/*
 * What the Worker checks before it calls any object. Requests for made-up tunnels or keys end here, because each call of an object
 * creates the object and a file that stays. The object or the Registry still decides about everything that passes. Both memories
 * belong to this isolate: see docs/decisions/0030-who-knows-the-secret.md.
 */
const knowledge = new RegistryKnowledge(() => Date.now());
const limiter = new FailureLimiter();

/** `absent`: it certainly does not exist. `unknown`: the Registry did not answer in time, so ask the object that decides. */
export type SubjectPresence = "known" | "absent" | "unknown";

/** Whether there is such a tunnel. The Registry's answer also names its objects. */
export async function tunnelPresence(
  env: Env,
  tunnelId: string,
  request: Pick<Request, "headers">,
): Promise<SubjectPresence> {
  const answer = await learn(env, { kind: "tunnel", id: tunnelId }, request);
  if (typeof answer === "string") servingObjects.learn(tunnelId, answer);
  return answer === undefined ? "unknown" : answer === null ? "absent" : "known";
}

/** Where a further object of a tunnel is wanted; "absent": connectors may not dial one of this name. */
export async function objectPresence(
  env: Env,
  objectName: string,
  request: Request,
): Promise<{ location: LocationHint | null } | "absent" | "unknown"> {
  const answer = await learn(env, { kind: "object", id: objectName }, request);
  if (answer === undefined) return "unknown";
  return answer === null ? "absent" : { location: isLocationHint(answer) ? answer : null };
}

/** Whether there is such a key with this digest. It takes equally long for keys that do not exist. */
export async function credentialPresence(
  env: Env,
  subject: Subject,
  digestHex: string,
  request: Pick<Request, "headers">,
): Promise<SubjectPresence> {
  const answer = await learn(env, subject, request);
  const isEqual = equalDigests(digestHex, answer ?? DUMMY_DIGEST_HEX);
  if (answer === undefined) return "unknown";
  return answer !== null && isEqual ? "known" : "absent";
}

/** Whether a tunnel trusts an identity of this name. */
export async function identityPresence(
  env: Env,
  subject: Subject,
  request: Pick<Request, "headers">,
): Promise<SubjectPresence> {
  const answer = await learn(env, subject, request);
  return answer === undefined ? "unknown" : answer === null ? "absent" : "known";
}

/** Forgets a subject that the object or the Registry does not know (any more). */
export function forget(subject: Subject): void {
  knowledge.forget(subject);
}

/** Counts a failed authentication. Returns 0 while that is within the limits, or how long to wait. */
export function authenticationFailed(
  request: Pick<Request, "headers">,
  subject: Subject | null,
  nowMs: number,
): number {
  // Only real ids are counted, because there are countless made-up ones, and each is looked up once.
  const isReal = subject !== null && typeof knowledge.recall(subject) === "string";
  const sources = [`address ${addressBlock(clientAddress(request))}`];
  return limiter.failed(isReal ? [...sources, `key ${subject.kind} ${subject.id}`] : sources, nowMs);
}

/** Synchronous if the answer is known, because every request passes here. */
function learn(env: Env, subject: Subject, request: Pick<Request, "headers">) {
  const recalled = knowledge.recall(subject);
  if (recalled !== undefined) return recalled;
  return knowledge.learn(subject, {
    lookUp: async (subjects) => await registryStub(env).lookUp([...subjects]),
    isSuspect: limiter.waitMs(`address ${addressBlock(clientAddress(request))}`, Date.now()) > 0,
    waitUntil,
  });
}
