import { publicError, type TunnelError } from "../../shared/protocol/index.ts";
import { problemResponse } from "../failures/problem.ts";
import { type GatewayClaim, KEY_REFUSED, OBJECTS_FIELD, UNLOGGED } from "./configuration/claim.ts";
import type { TunnelConfig } from "./configuration/tunnel-config.ts";
import { formatServing } from "./configuration/tunnel-objects.ts";

/*
 * The answers that a tunnel's object gives itself, and what it adds to an answer for the Worker.
 */

/** The answer, with the newer list of objects if the Worker knows an older one. Never beside a WebSocket. */
export function withObjects(
  response: Response,
  config: TunnelConfig,
  claim: Pick<GatewayClaim, "knownRevision">,
): Response {
  const newer = newerObjects(config, claim);
  if (newer === null || response.webSocket !== null) return response;
  const told = new Response(response.body, response);
  told.headers.set(OBJECTS_FIELD, newer);
  return told;
}

/** The list of objects for the Worker; null if the Worker already has it. */
export function newerObjects(
  { objects }: TunnelConfig,
  { knownRevision }: Pick<GatewayClaim, "knownRevision">,
): string | null {
  const isNewer = objects !== undefined && knownRevision !== undefined && knownRevision < objects.revision;
  return isNewer ? formatServing(objects) : null;
}

/** The answer to a connector that dials an object off the list, with the objects to dial instead if they are known. */
export function offTheList({ objects }: TunnelConfig): Response {
  const headers = objects === undefined ? {} : { [OBJECTS_FIELD]: formatServing(objects) };
  return new Response(null, { status: 410, headers });
}

/** Tells the Worker that the key is invalid. The Worker gives the same answer to all invalid keys. */
export function keyRefusal(request: Request): Response {
  request.body?.cancel().catch(() => {});
  return new Response(null, { status: 401, headers: { "culvert-error": KEY_REFUSED, [UNLOGGED]: "1" } });
}

export function refusal(reason: TunnelError, request: Request): Response {
  request.body?.cancel().catch(() => {});
  return problemResponse(reason, request.method, crypto.randomUUID());
}

/** Marks an answer that the Worker has to log, because it belongs to no tunnel. */
export function unlogged(response: Response): Response {
  response.headers.set(UNLOGGED, "1");
  return response;
}

export function unknownTunnel(): TunnelError {
  return publicError("UNKNOWN_TUNNEL", "There is no tunnel with this id.");
}
