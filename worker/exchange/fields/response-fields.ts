/*
 * Which fields of an upstream's answer the gateway gets. `response-body.ts` and `relay-websocket.ts` call it.
 *
 * Fields of one connection end here. An upstream can set no cookie of the relay's own, and a Location inside the private network
 * becomes one that the public can follow, where the operator has said how.
 *
 * docs/gateways.md#location; decision 0032.
 */
import { dashedName, HOP_BY_HOP, listMembers } from "../../../shared/http/index.ts";
import type { Field } from "../../../shared/protocol/index.ts";
import { setsSession } from "../../auth/index.ts";
import { type PublicLocation, publicLocation } from "./public-location.ts";
import { RESERVED_PREFIX } from "./request-fields.ts";

/** The field with the request's id, by which the answer's event can be found. */
const REQUEST_ID = `${RESERVED_PREFIX}request-id`;

/**
 * The headers of the gateway's Response, in the form that is cheapest for the platform. `requestId`: added as a field; null: not
 * added.
 */
export function responseHeaders(
  fields: readonly Field[],
  location: PublicLocation | null,
  requestId: string | null,
): Record<string, string> | Headers {
  const headers: Record<string, string> = requestId === null ? {} : { [REQUEST_ID]: requestId };
  for (const [name, received] of fields) {
    const value = passed(name, received, location);
    if (value === null) continue;
    // An object cannot contain a name twice, or names such as `__proto__`, so these need a list.
    if (name in headers) return repeatedHeaders(fields, location, requestId);
    headers[name] = value;
  }
  return headers;
}

function repeatedHeaders(
  fields: readonly Field[],
  location: PublicLocation | null,
  requestId: string | null,
): Headers {
  const headers = new Headers(requestId === null ? {} : { [REQUEST_ID]: requestId });
  for (const [name, received] of fields) {
    const value = passed(name, received, location);
    if (value !== null) headers.append(name, value);
  }
  return headers;
}

/** The value to pass on for an upstream's field; null: drop the field. */
function passed(name: string, value: string, location: PublicLocation | null): string | null {
  if (HOP_BY_HOP.has(name) || dashedName(name).startsWith(RESERVED_PREFIX)) return null;
  switch (name) {
    case "proxy-status":
      return withoutOurs(value);
    case "location":
    case "content-location":
      return location === null ? value : publicLocation(value, location);
    case "set-cookie":
      // Over `/~/` this cookie could sign an operator out of the dashboard, or in as somebody else.
      return setsSession(value) ? null : value;
    default:
      return value;
  }
}

/** `Proxy-Status` (RFC 9209) without members that would pass for the relay's own. */
function withoutOurs(value: string): string | null {
  const members = listMembers(value);
  // Readers differ about what an unclosed quote hides.
  if (members === null) return /culvert/i.test(value) ? null : value;
  const others = members.filter((member) => !isOurs(member));
  if (others.length === members.length) return value;
  return others.length === 0 ? null : others.join(",").trim();
}

/** Whether this member has the relay's name, in quotes or without them. */
function isOurs(member: string): boolean {
  const [name = ""] = member.split(";", 1);
  return name.replaceAll('"', "").trim().toLowerCase() === "culvert";
}
