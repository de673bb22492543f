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
 * What the Worker decides before it calls any object: a made-up tunnel or key ends here, since each call of an object's
 * stub makes the object and a file that stays. The object, or the Registry, still decides on all that passes.
 * Both memories are this isolate's: see docs/decisions/0030-who-knows-the-secret.md.
 */
const knowledge = new RegistryKnowledge(() => Date.now());
const limiter = new FailureLimiter();

/** `absent`: surely not. `unknown`: the Registry could not say in time, so whoever decides is to be asked. */
export type SubjectPresence = "known" | "absent" | "unknown";

/** Is there such a tunnel? The Registry's answer names its objects as well. */
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

/** Is there such a key, and is this its secret's digest? It takes as long for a key that is not there as for another. */
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

/** Does a tunnel trust an identity of this name? */
export async function identityPresence(
  env: Env,
  subject: Subject,
  request: Pick<Request, "headers">,
): Promise<SubjectPresence> {
  const answer = await learn(env, subject, request);
  return answer === undefined ? "unknown" : answer === null ? "absent" : "known";
}

/** Whoever decides does not know it (any more). */
export function forget(subject: Subject): void {
  knowledge.forget(subject);
}

/** Counts a failed authentication. The result: 0 while that is within the limits, else how long to wait. */
export function authenticationFailed(
  request: Pick<Request, "headers">,
  subject: Subject | null,
  nowMs: number,
): number {
  // Ids that nobody gave out are countless, and each is looked up once: only real ones are counted by.
  const isReal = subject !== null && typeof knowledge.recall(subject) === "string";
  const sources = [`address ${addressBlock(clientAddress(request))}`];
  return limiter.failed(isReal ? [...sources, `key ${subject.kind} ${subject.id}`] : sources, nowMs);
}

/** Synchronous where it is known: the way of every request. */
function learn(env: Env, subject: Subject, request: Pick<Request, "headers">) {
  const recalled = knowledge.recall(subject);
  if (recalled !== undefined) return recalled;
  return knowledge.learn(subject, {
    lookUp: async (subjects) => await registryStub(env).lookUp([...subjects]),
    isSuspect: limiter.waitMs(`address ${addressBlock(clientAddress(request))}`, Date.now()) > 0,
    waitUntil,
  });
}
