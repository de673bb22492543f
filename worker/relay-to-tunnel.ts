import { SAFE_METHODS } from "../shared/http/methods.ts";
import { publicError, type TunnelError } from "../shared/protocol/tunnel-error.ts";
import { forget } from "./admission.ts";
import { buildOf } from "./build.ts";
import { type Env, tunnelStub } from "./env.ts";
import { type ChosenObject, servingObjects } from "./serving-objects.ts";
import { type GatewayClaim, type GatewayKeyClaim, OBJECTS_FIELD, UNLOGGED } from "./tunnel/claim.ts";
import { problemResponse } from "./exchange/problem.ts";

/** `isOwn`: not logged by the tunnel's object. */
export interface Relayed {
  response: Response;
  isOwn: boolean;
}

/**
 * Hands a gateway's request to one of the tunnel's objects. Never throws: an object that fails is an answer too. What an
 * object has not processed, or what is safe to ask twice, is handed to another one, once, if it has no body.
 */
export async function relayToTunnel(
  env: Env,
  tunnelId: string,
  claim: GatewayClaim | GatewayKeyClaim,
  request: Request,
): Promise<Relayed> {
  const first = servingObjects.choose(tunnelId);
  if (first === null) throw new Error("every tunnel has an object");
  const outcome = await ask(env, tunnelId, first, claim, request);
  if (!first.hasSiblings || outcome.mayMove === "no") return outcome;
  first.leaveOut();
  const canMove = request.body === null && (outcome.mayMove === "yes" || SAFE_METHODS.has(request.method));
  const other = canMove ? servingObjects.choose(tunnelId, first.name) : null;
  if (other === null) return outcome;
  await outcome.response.body?.cancel();
  return ask(env, tunnelId, other, claim, request);
}

interface Outcome extends Relayed {
  /** Whether another object may be asked: "yes", nothing of the request was processed; "safe", it may have been. */
  mayMove: "yes" | "safe" | "no";
}

async function ask(
  env: Env,
  tunnelId: string,
  object: ChosenObject,
  claim: GatewayClaim | GatewayKeyClaim,
  request: Request,
): Promise<Outcome> {
  const { knownRevision } = object;
  const build = buildOf(env);
  const asked = knownRevision === undefined ? { ...claim, build } : { ...claim, build, knownRevision };
  try {
    // `cf` replaces whatever stood there: no client can make a claim.
    const response = await tunnelStub(env, object.name, object.location).fetch(request, {
      cf: { culvert: asked },
    });
    const told = knownRevision === undefined ? null : response.headers.get(OBJECTS_FIELD);
    if (told !== null) servingObjects.learn(tunnelId, told);
    return outcomeOf(told === null ? response : without(response, OBJECTS_FIELD), tunnelId, object);
  } catch (thrown) {
    const response = problemResponse(objectFailure(thrown), request.method, crypto.randomUUID());
    return { response, isOwn: true, mayMove: "safe" };
  } finally {
    object.done();
  }
}

function outcomeOf(response: Response, tunnelId: string, object: ChosenObject): Outcome {
  // Headers are an object of their own to the runtime, made when asked for.
  switch (response.status) {
    case 401:
    case 404:
      // Of an object that stands for no tunnel, or does not know for whom it acts. No upstream can set that header.
      if (!response.headers.has(UNLOGGED)) break;
      if (response.status === 404) forget({ kind: "tunnel", id: tunnelId });
      return { response: without(response, UNLOGGED), isOwn: true, mayMove: "no" };
    case 503: {
      if (!object.hasSiblings) break;
      const code = response.headers.get("culvert-error");
      if (code === "NO_CONNECTOR" || code === "OVERLOADED") return { response, isOwn: false, mayMove: "yes" };
    }
  }
  return { response, isOwn: false, mayMove: "no" };
}

function without(answer: Response, field: string): Response {
  const response = new Response(answer.body, answer);
  response.headers.delete(field);
  return response;
}

export function objectFailure(thrown: unknown, what: "connection" | "response" = "response"): TunnelError {
  const overloaded = (thrown as { overloaded?: boolean } | null)?.overloaded === true;
  return overloaded
    ? publicError("OVERLOADED", "The tunnel's object has too many requests waiting.", { cause: thrown })
    : publicError("RELAY_RESTART", `The tunnel's object was reset before the ${what} began.`, {
        cause: thrown,
      });
}
