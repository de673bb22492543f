import type { Field } from "../../shared/protocol/index.ts";

const CDN_LOOP = "cdn-loop";
const VIA = "via";

/**
 * Has this request passed the relay before? By CDN-Loop (RFC 8586). The name is looked for anywhere in the value and not
 * among its parsed members: a client could open a quoted string that hides all which is added behind it. The name is
 * random, so that nothing else holds it by chance.
 */
export function cameBack(headers: Headers, relayName: string): boolean {
  return headers.get(CDN_LOOP)?.toLowerCase().includes(relayName) ?? false;
}

/** Fields that name who has carried a request, which each hop adds to. */
export function isRelayField(name: string): boolean {
  return name === CDN_LOOP || name === VIA;
}

/** What clients and other relays have said is kept, and ours comes behind it. */
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
