import type { GatewayClaim } from "./configuration/claim.ts";
import type { TunnelObject, TunnelObjects } from "./configuration/tunnel-objects.ts";

/** How often a request has been handed on by an object that could not carry it. */
export type Hops = Pick<GatewayClaim, "handedOn" | "handedOnTwice">;

export interface Hop {
  object: TunnelObject;
  hops: Hops;
}

/**
 * The object to which a request is handed on, with its body unread. Null: this object answers itself. The first hand-on goes to any
 * serving object. If that one has no connector either, the request goes to the first object on the list, because connectors of
 * older versions attach only there. After that it is not handed on again.
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

/** Whether this object accepts new requests: it is on the list and is not leaving. Copies of version 0.1 name no objects. */
function carries(objects: TunnelObjects | undefined, ownName: string): boolean {
  if (objects === undefined) return true;
  const own = objects.list.find(({ name }) => name === ownName);
  return own !== undefined && own.phase !== "leaving";
}
