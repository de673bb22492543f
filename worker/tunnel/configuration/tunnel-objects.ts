/*
 * A tunnel is carried by a list of objects, which the Registry owns. Growing, shrinking and moving are edits of the list
 * (docs/decisions/0037-a-tunnel-is-a-list-of-objects.md). The first object has the tunnel's id as its name, the others
 * that id, a dot and a name of their own.
 */

/** Where an object is wanted; the platform places it when it is first called. */
export const LOCATION_HINTS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const;
export type LocationHint = (typeof LOCATION_HINTS)[number];

/** Part of a tunnel's id, since an object's id depends on it: `tnl_eu_…`. */
export const JURISDICTIONS = ["eu", "us", "fedramp"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/**
 * attaching ──every connector is attached──▶ serving ──too many, or in the wrong place──▶ leaving ──idle, or its time is over──▶ (off the list)
 *
 * Connectors dial all of them; gateways use those that serve.
 */
export type ObjectPhase = "attaching" | "serving" | "leaving";

export interface TunnelObject {
  name: string;
  /** Null: near its first caller, which is a connector. */
  location: LocationHint | null;
  phase: ObjectPhase;
}

export interface TunnelObjects {
  /** Grows with each edit. */
  revision: number;
  list: readonly TunnelObject[];
}

/** The part of an object that a Worker has to know. */
export interface ServingObject {
  name: string;
  location: LocationHint | null;
}

/** The objects that gateways use, in one line: `7 tnl_…,tnl_….k3x@weur`. */
export function formatServing({ revision, list }: TunnelObjects): string {
  const names = list
    .filter(({ phase }) => phase === "serving")
    .map(({ name, location }) => (location === null ? name : `${name}@${location}`));
  return `${revision} ${names.join(",")}`;
}

/** Null for anything else. */
export function parseServing(text: string): { revision: number; objects: ServingObject[] } | null {
  const [, revision, names] = /^(\d{1,9}) (\S+)$/.exec(text) ?? [];
  if (revision === undefined || names === undefined) return null;
  const objects = names.split(",").map((part): ServingObject => {
    const [name = "", location] = part.split("@");
    return { name, location: isLocationHint(location) ? location : null };
  });
  return { revision: Number(revision), objects };
}

export function isLocationHint(text: string | null | undefined): text is LocationHint {
  return (LOCATION_HINTS as readonly (string | null | undefined)[]).includes(text);
}

/** The tunnel that an object of this name carries. */
export function tunnelIdOf(objectName: string): string {
  return objectName.split(".", 1)[0] ?? objectName;
}

/** Null: the tunnel's data may be anywhere. */
export function jurisdictionOf(objectName: string): Jurisdiction | null {
  return JURISDICTIONS.find((jurisdiction) => objectName.startsWith(`tnl_${jurisdiction}_`)) ?? null;
}
