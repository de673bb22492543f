import type { Field } from "../../shared/protocol/index.ts";

const CDN_LOOP = "cdn-loop";
const VIA = "via";

/**
 * Whether this request has passed the relay before, according to CDN-Loop (RFC 8586). The relay's name is searched anywhere in the
 * value and not among parsed members, because a client could open a quoted string that hides everything after it. The name is
 * random, so nothing else contains it by chance.
 */
export function cameBack(headers: Headers, relayName: string): boolean {
  return headers.get(CDN_LOOP)?.toLowerCase().includes(relayName) ?? false;
}

/** Fields to which each hop adds its name. */
export function isRelayField(name: string): boolean {
  return name === CDN_LOOP || name === VIA;
}

/** Appends our name to what clients and other relays have written. */
export function addRelayFields(
  fields: Field[],
  headers: Headers,
  relayName: string | null,
  via: boolean,
): void {
  add(fields, CDN_LOOP, headers.get(CDN_LOOP), relayName);
  add(fields, VIA, headers.get(VIA), via && relayName !== null ? `1.1 ${relayName}` : null);
}

function add(fields: Field[], name: string, before: string | null, ours: string | null): void {
  const members = [before, ours].filter((member) => member !== null && member !== "");
  if (members.length > 0) fields.push([name, members.join(", ")]);
}
