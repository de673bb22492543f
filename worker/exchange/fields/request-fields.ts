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

/** Ours in both directions: no client can set them, no upstream can answer them. */
export const RESERVED_PREFIX = "culvert-";
/** A field of the request itself: there is one spelling of it, and clients do not choose another. */
const NO_OTHER_SPELLING = /^(?:cf-.*|content-length|host|expect)$/;
/** Of the handshake between gateway and relay; the connector makes its own. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

export interface RequestFieldsOptions {
  headers: Headers;
  /** What Forwarded and its like say. Null: the gateway's own go on. */
  facts: CallerFacts | null;
  /** Said to the connector, which asks with it in place of the target's own. */
  host: string | null;
  /** What path is asked for has been judged: no field may name another. */
  hasPathRule: boolean;
  requestId: string;
}

/** The fields that go on from the gateway's request, and those that the relay says. */
export function requestFields(options: RequestFieldsOptions): Field[] {
  const { headers, facts, host, hasPathRule, requestId } = options;
  const fields: Field[] = [];
  const traced = TRACEPARENT.test(headers.get("traceparent") ?? "");
  const connection = headers.get("connection");
  const ofThisHop = connection === null ? null : connectionOptions(connection);
  for (const field of headers) {
    const [name] = field;
    // Before what Connection says of them: whoever sends a request must not be able to hide that it comes again.
    if (isRelayField(name)) continue;
    if (HOP_BY_HOP.has(name) || ofThisHop?.has(name) === true) continue;
    if (name === "host" || name === "expect" || HANDSHAKE_FIELDS.has(name)) continue;
    if (isOurs(name) || (hasPathRule && isPathOverride(name))) continue;
    const claim = facts === null ? null : callerClaim(name);
    if (facts !== null && claim !== null && !(claim === "edge" && facts.isBehindEdge)) {
      if (claim === "address" && facts.address !== null) fields.push([name, facts.address]);
      continue;
    }
    // Without the one the other says nothing.
    if (!traced && (name === "traceparent" || name === "tracestate")) continue;
    fields.push(field);
  }
  if (!traced) fields.push(newTraceparent(requestId));
  if (facts !== null) fields.push(...forwardedFields(facts));
  if (host !== null) fields.push(["host", host]);
  return fields;
}

/** Said by the relay, or by the edge before it, in a spelling that an upstream may take for it. */
function isOurs(name: string): boolean {
  const read = dashedName(name);
  if (read.startsWith(RESERVED_PREFIX)) return true;
  // What the gateway sets it spells as it is spelt.
  if (read === name) return false;
  return (
    callerClaim(read) !== null || NO_OTHER_SPELLING.test(read) || HOP_BY_HOP.has(read) || isRelayField(read)
  );
}

/** W3C Trace Context §3.2.2, not sampled: whoever wants the trace starts it. A UUID's lower half is never zero. */
export function newTraceparent(requestId: string): Field {
  const hex = requestId.replaceAll("-", "");
  return ["traceparent", `00-${hex}-${hex.slice(16)}-00`];
}
