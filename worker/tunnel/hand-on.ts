import type { GatewayClaim } from "./configuration/claim.ts";
import type { TunnelObject, TunnelObjects } from "./configuration/tunnel-objects.ts";

/** How often a request has been handed on by an object that could not carry it. */
export type Hops = Pick<GatewayClaim, "handedOn" | "handedOnTwice">;

export interface Hop {
  object: TunnelObject;
  hops: Hops;
}

/**
 * Whom an object hands a request to, its body unread; null: nobody, it answers itself. First to any that serves. One that
 * has no connector either hands it to the first on the list, where a connector is if there is one anywhere: those of
 * older versions attach to no other. Then whoever has it keeps it.
 */
export function nextHop(
  objects: TunnelObjects | undefined,
  own: { name: string; takesRequests: boolean },
  { handedOn, handedOnTwice }: Hops,
  random: () => number,
): Hop | null {
  const list = objects?.list ?? [];
  const serving = list.filter(({ phase }) => phase === "serving");
  if (handedOn) {
    const [first] = serving;
    if (own.takesRequests || handedOnTwice || first === undefined || first.name === own.name) return null;
    return { object: first, hops: { handedOn: true, handedOnTwice: true } };
  }
  if (own.takesRequests && carries(objects, own.name)) return null;
  const siblings = serving.filter(({ name }) => name !== own.name);
  const object = siblings[Math.floor(random() * siblings.length)];
  return object === undefined ? null : { object, hops: { handedOn: true } };
}

/** Copies of version 0.1 name no objects: then there is one. One that leaves or has left takes nothing new. */
function carries(objects: TunnelObjects | undefined, ownName: string): boolean {
  if (objects === undefined) return true;
  const own = objects.list.find(({ name }) => name === ownName);
  return own !== undefined && own.phase !== "leaving";
}
