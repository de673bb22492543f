import { connectionOptions, HOP_BY_HOP } from "../../shared/http/fields.ts";
import { TRACEPARENT } from "../../shared/http/trace-context.ts";
import type { Field, OpenHead } from "../../shared/protocol/head.ts";
import { MAX_REQUEST_PATH_LENGTH } from "../../shared/protocol/limits.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import type { Allowed } from "../tunnel/access-policy.ts";
import type { GatewayClaim } from "../tunnel/claim.ts";
import { addRelayFields, isRelayField } from "./loop.ts";

/** Ours in both directions: no client can set them, no upstream can answer them. */
const RESERVED_PREFIX = "culvert-";
const FORWARDED = /^(?:forwarded|x-forwarded-.*)$/;
/** Of the handshake between gateway and relay; the connector makes its own. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

export interface RequestHeadOptions {
  request: Request;
  url: URL;
  claim: GatewayClaim;
  allowed: Allowed;
  requestId: string;
  /** Null: not known yet. */
  relayName: string | null;
}

/** What the connector is told of a request. Throws URI_TOO_LONG. */
export function requestHead(options: RequestHeadOptions): OpenHead {
  const { request, url, claim, allowed, requestId } = options;
  const path = rawPath(request.url);
  if (path.length > MAX_REQUEST_PATH_LENGTH) {
    throw new TunnelError(
      "URI_TOO_LONG",
      `Paths with their query have at most ${MAX_REQUEST_PATH_LENGTH} characters.`,
    );
  }
  const fields = requestFields(request.headers, url, claim.keepForwarded, requestId);
  addRelayFields(fields, request.headers, options.relayName, allowed.via);
  const open: OpenHead = {
    kind: isWebSocket(request) ? "websocket" : "http",
    target: allowed.target,
    service: allowed.service,
    method: request.method,
    path: allowed.pathPrefix + path,
    project: claim.project,
    environment: claim.environment,
    requestId,
    fields,
  };
  if (allowed.connectTimeoutMs !== undefined) open.connectTimeoutMs = allowed.connectTimeoutMs;
  if (allowed.responseTimeoutMs !== undefined) open.responseTimeoutMs = allowed.responseTimeoutMs;
  if (allowed.stallTimeoutMs !== undefined) open.stallTimeoutMs = allowed.stallTimeoutMs;
  return open;
}

export function isWebSocket({ headers }: Request): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

export function withoutQuery(path: string): string {
  return path.split("?", 1)[0] ?? "";
}

/** Path and query byte for byte: `new URL()` would resolve dot segments that the gateway's runtime left. */
export function rawPath(url: string): string {
  const authorityAt = url.indexOf("//") + 2;
  const end = url.indexOf("#", authorityAt);
  const whole = end === -1 ? url : url.slice(0, end);
  const at = whole.slice(authorityAt).search(/[/?]/);
  if (at === -1) return "/";
  const path = whole.slice(authorityAt + at);
  return path.startsWith("/") ? path : `/${path}`;
}

function requestFields(headers: Headers, url: URL, keepForwarded: boolean, requestId: string): Field[] {
  const fields: Field[] = [];
  const traced = TRACEPARENT.test(headers.get("traceparent") ?? "");
  const connection = headers.get("connection");
  const ofThisHop = connection === null ? null : connectionOptions(connection);
  for (const field of headers) {
    const [name] = field;
    // Before what Connection says of them: whoever sends a request must not be able to hide that it comes again.
    if (isRelayField(name)) continue;
    if (HOP_BY_HOP.has(name) || ofThisHop?.has(name) === true) continue;
    if (name === "host" || name === "expect" || name.startsWith(RESERVED_PREFIX)) continue;
    if (HANDSHAKE_FIELDS.has(name) || (!keepForwarded && FORWARDED.test(name))) continue;
    // Without the one the other says nothing.
    if (!traced && (name === "traceparent" || name === "tracestate")) continue;
    fields.push(field);
  }
  if (!traced) fields.push(["traceparent", traceparentOf(requestId)]);
  if (!keepForwarded) {
    const proto = url.protocol.slice(0, -1);
    fields.push(["forwarded", `host="${url.host}";proto=${proto}`]);
    fields.push(["x-forwarded-host", url.host], ["x-forwarded-proto", proto]);
  }
  return fields;
}

/** W3C Trace Context §3.2.2, not sampled: whoever wants the trace starts it. A UUID's lower half is never zero. */
function traceparentOf(requestId: string): string {
  const hex = requestId.replaceAll("-", "");
  return `00-${hex}-${hex.slice(16)}-00`;
}

/** The headers of the gateway's Response, in the form that costs the platform least to take. */
export function responseHeaders(fields: readonly Field[]): Record<string, string> | Headers {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (name.startsWith(RESERVED_PREFIX) || HOP_BY_HOP.has(name)) continue;
    // Only a list holds a name twice, or one that means something to an object.
    if (name in headers) return repeatedHeaders(fields);
    headers[name] = value;
  }
  return headers;
}

function repeatedHeaders(fields: readonly Field[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) {
    if (!name.startsWith(RESERVED_PREFIX) && !HOP_BY_HOP.has(name)) headers.append(name, value);
  }
  return headers;
}
