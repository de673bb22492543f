import { IDENTITY_FIELD } from "../../../shared/tokens/token.ts";
import { forget, objectPresence, tunnelPresence } from "../../subject-check.ts";
import { clientAddress, type ConnectClaim } from "../../auth/index.ts";
import { buildOf } from "../../build.ts";
import type { Env } from "../../env.ts";
import { tunnelStub } from "../../env.ts";
import { OBJECTS_FIELD } from "../../tunnel/configuration/claim.ts";
import { servingObjects } from "../../objects/serving-objects.ts";
import { type ServingObject, tunnelIdOf } from "../../tunnel/configuration/tunnel-objects.ts";
import { unauthenticated } from "../authenticate.ts";
import { ApiError } from "../problem.ts";
import { connectorCredential } from "../connector-credential.ts";

const SUBPROTOCOL = "culvert.v1";
/** The maximum length of an address. Without Cloudflare in front, the client itself can set the field. */
const MAX_ADDRESS_LENGTH = 64;

/**
 * A connector's WebSocket. Anything that is neither a token of this relay nor a proof of an identity is refused here. The tunnel's object
 * decides whether it is still valid, and answers 101 or 401.
 */
export async function connect(request: Request, env: Env, nowMs: number): Promise<Response> {
  if (request.headers.has("origin")) throw new ApiError("ORIGIN_REFUSED");
  if (!speaksCulvert(request.headers)) {
    const headers = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-protocol": SUBPROTOCOL };
    throw new ApiError("UPGRADE_REQUIRED", { detail: `This relay speaks ${SUBPROTOCOL}.`, headers });
  }
  const credential = await connectorCredential(request, env, nowMs);
  const { tunnelId, kid, digestHex, subject } = credential;
  const address = clientAddress(request);
  const { colo } = (request.cf ?? {}) as { colo?: unknown };
  const claim: ConnectClaim = {
    ...{ kind: "connect", kid, secretDigestHex: digestHex, build: buildOf(env) },
    ...(typeof colo === "string" ? { dataCentre: colo.slice(0, 8) } : {}),
    ...(address === "" ? {} : { address: address.slice(0, MAX_ADDRESS_LENGTH) }),
  };
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  headers.delete(IDENTITY_FIELD);
  const onward = new Request(request, { headers });
  let response = await dial(env, await dialledObject(request, env, tunnelId), onward, claim);
  // This isolate's list was out of date. A connector that named no object is sent on to the current first object.
  const told = response.status === 410 ? response.headers.get(OBJECTS_FIELD) : null;
  if (told !== null) {
    servingObjects.learn(tunnelId, told);
    if (named(request) === null) response = await dial(env, servingObjects.first(tunnelId), onward, claim);
  }
  if (response.status === 410) {
    forget({ kind: "object", id: named(request) ?? tunnelId });
    throw notOnTheList();
  }
  if (response.status === 401) {
    credential.refused();
    throw unauthenticated(request, nowMs, { subject });
  }
  if (response.status === 409)
    throw new ApiError("LIMIT_REACHED", { detail: "The tunnel has its maximum of connections." });
  return response;
}

async function dial(
  env: Env,
  object: ServingObject,
  request: Request,
  claim: ConnectClaim,
): Promise<Response> {
  try {
    return await tunnelStub(env, object.name, object.location).fetch(request, { cf: { culvert: claim } });
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

/** `?object=NAME`: one of the objects that the relay has told the connector of. */
function named(request: Request): string | null {
  return new URL(request.url).searchParams.get("object");
}

/** The object that the connector names, or the first one on the list. */
async function dialledObject(request: Request, env: Env, tunnelId: string): Promise<ServingObject> {
  const name = named(request);
  if (name === null) {
    await tunnelPresence(env, tunnelId, request);
    return servingObjects.first(tunnelId);
  }
  if (tunnelIdOf(name) !== tunnelId) throw notOnTheList();
  const presence = await objectPresence(env, name, request);
  if (presence === "absent") throw notOnTheList();
  // If it is not known, the object decides by its own copy.
  return { name, location: presence === "unknown" ? null : presence.location };
}

function notOnTheList(): ApiError {
  return new ApiError("NOT_FOUND", { detail: "The tunnel has no object with this name." });
}

function speaksCulvert(headers: Headers): boolean {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
  return headers.get("upgrade")?.toLowerCase() === "websocket" && offered.includes(SUBPROTOCOL);
}
