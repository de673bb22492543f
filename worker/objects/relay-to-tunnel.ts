/*
 * From the Worker to one of the tunnel's objects. Both entrances call it.
 *
 * It never throws: the platform may reset an object under a request, and the gateway still gets an answer with a code. A request
 * goes to a second object only if the first one surely did nothing with it, or if doing it twice does no harm.
 *
 * Decisions 0033 and 0037.
 */
import { forget } from "../subject-check.ts";
import { objectFailure } from "./ask-object.ts";
import { buildOf } from "../build.ts";
import type { Env } from "../env.ts";
import { askChosen, overObjects, type MoveVerdict, verdictOnCode, verdictOnFailure } from "./over-objects.ts";
import { type ChosenObject, servingObjects } from "./serving-objects.ts";
import {
  type GatewayClaim,
  type GatewayKeyClaim,
  OBJECTS_FIELD,
  UNLOGGED,
} from "../tunnel/configuration/claim.ts";
import { problemResponse } from "../failures/problem.ts";

/** `isOwn`: not logged by the tunnel's object. */
export interface Relayed {
  response: Response;
  isOwn: boolean;
}

/**
 * Passes a gateway's request to one of the tunnel's objects. Never throws: a failed object becomes an answer. A request without a
 * body that the object has not processed, or that is safe to send twice, goes to another object, once.
 */
export function relayToTunnel(
  env: Env,
  tunnelId: string,
  claim: GatewayClaim | GatewayKeyClaim,
  request: Request,
): Promise<Relayed> {
  return overObjects<Outcome>(
    servingObjects,
    tunnelId,
    (object) => ask(env, tunnelId, object, claim, request),
    ({ verdict }) => verdict,
    async ({ response }) => response.body?.cancel(),
  );
}

interface Outcome extends Relayed {
  verdict: MoveVerdict;
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
  const hasBody = request.body !== null;
  try {
    // This replaces any `cf` of the request, so no client can make a claim.
    const response = await askChosen(env, object, (stub) => stub.fetch(request, { cf: { culvert: asked } }));
    const told = knownRevision === undefined ? null : response.headers.get(OBJECTS_FIELD);
    if (told !== null) servingObjects.learn(tunnelId, told);
    return outcomeOf(told === null ? response : without(response, OBJECTS_FIELD), tunnelId, object, hasBody);
  } catch (thrown) {
    const response = problemResponse(objectFailure(thrown), request.method, crypto.randomUUID());
    return { response, isOwn: true, verdict: verdictOnFailure(request.method, hasBody) };
  }
}

function outcomeOf(response: Response, tunnelId: string, object: ChosenObject, hasBody: boolean): Outcome {
  // Read once, because the runtime creates the headers' object on each first use.
  switch (response.status) {
    case 401:
    case 404:
      // The object has no tunnel, or does not know its caller. No upstream can set this header.
      if (!response.headers.has(UNLOGGED)) break;
      if (response.status === 404) forget({ kind: "tunnel", id: tunnelId });
      return { response: without(response, UNLOGGED), isOwn: true, verdict: "keep" };
    case 503:
      if (!object.hasSiblings) break;
      return {
        response,
        isOwn: false,
        verdict: verdictOnCode(response.headers.get("culvert-error"), hasBody),
      };
  }
  return { response, isOwn: false, verdict: "keep" };
}

function without(answer: Response, field: string): Response {
  const response = new Response(answer.body, answer);
  response.headers.delete(field);
  return response;
}
