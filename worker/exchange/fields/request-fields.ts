/*
 * Which fields of a gateway's request go on, and which the relay says itself. `request-head.ts` calls it.
 *
 * Fields by which an upstream may recognise a caller are removed where the relay cannot vouch for them, and written anew where
 * it can. Fields of one connection (hop by hop) end here.
 *
 * docs/security.md#what-reaches-an-upstream-is-said-by-the-relay; decisions 0032 and 0047.
 */
import {
  connectionOptions,
  dashedName,
  HOP_BY_HOP,
  isPathOverride,
  TRACEPARENT,
} from "../../../shared/http/index.ts";
import type { Field } from "../../../shared/protocol/index.ts";
import { isRelayField } from "../loop.ts";
import { callerClaim } from "./caller-claims.ts";
import { type CallerFacts, forwardedFields } from "./forwarded.ts";
import { type ResourceRules, resourceField } from "../other-resources.ts";

/** The relay's own fields in both directions: no client and no upstream can set them. */
export const RESERVED_PREFIX = "culvert-";
/** Fields of the request itself, which have exactly one spelling. */
const NO_OTHER_SPELLING = /^(?:cf-.*|content-length|host|expect)$/;
/** Fields of the handshake between gateway and relay. The connector writes its own. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

export interface RequestFieldsOptions {
  headers: Headers;
  /** The values for Forwarded and similar fields. Null: the gateway's own are passed on. */
  facts: CallerFacts | null;
  /** The Host that the connector should send instead of the target's own. */
  host: string | null;
  resources: ResourceRules;
  requestId: string;
}

/** The fields of the gateway's request that are passed on, and those that the relay sets. */
export function requestFields(options: RequestFieldsOptions): Field[] {
  const { headers, facts, host, resources, requestId } = options;
  const fields: Field[] = [];
  const traced = TRACEPARENT.test(headers.get("traceparent") ?? "");
  const connection = headers.get("connection");
  const ofThisHop = connection === null ? null : connectionOptions(connection);
  for (const field of headers) {
    const [name] = field;
    // Read before `Connection` is applied, so that a sender cannot hide that a request comes a second time.
    if (isRelayField(name)) continue;
    if (HOP_BY_HOP.has(name) || ofThisHop?.has(name) === true) continue;
    if (name === "host" || name === "expect" || HANDSHAKE_FIELDS.has(name)) continue;
    // Where the path was judged, no field may name another one.
    if (isOurs(name) || (resources.hasPathRule && isPathOverride(name))) continue;
    const claim = facts === null ? null : callerClaim(name);
    if (facts !== null && claim !== null && !(claim === "edge" && facts.isBehindEdge)) {
      if (claim === "address" && facts.address !== null) fields.push([name, facts.address]);
      continue;
    }
    // `tracestate` without `traceparent` has no meaning.
    if (!traced && (name === "traceparent" || name === "tracestate")) continue;
    fields.push([name, resourceField(name, field[1], resources)]);
  }
  if (!traced) fields.push(newTraceparent(requestId));
  if (facts !== null) fields.push(...forwardedFields(facts));
  if (host !== null) fields.push(["host", host]);
  return fields;
}

/** Whether an upstream could take this field for one that the relay or the edge sets, however CGI would read its name. */
function isOurs(name: string): boolean {
  const read = dashedName(name);
  if (read.startsWith(RESERVED_PREFIX)) return true;
  // Names in their usual spelling are not refused here: other code decides about them.
  if (read === name) return false;
  return (
    callerClaim(read) !== null || NO_OTHER_SPELLING.test(read) || HOP_BY_HOP.has(read) || isRelayField(read)
  );
}

/** W3C Trace Context §3.2.2, not sampled: a caller that wants a trace starts one. A UUID's lower half is never zero. */
export function newTraceparent(requestId: string): Field {
  const hex = requestId.replaceAll("-", "");
  return ["traceparent", `00-${hex}-${hex.slice(16)}-00`];
}
