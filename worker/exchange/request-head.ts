/*
 * The head of a request as the connector gets it. `relay-request.ts` calls it.
 *
 * Path and query go on byte for byte: a URL parser would resolve dots and change encodings, and the upstream would get another
 * path than the one that the policy has judged. The target comes from the configuration and never from the request.
 *
 * docs/protocol.md#heads; decision 0006.
 */
import { type OpenHead, MAX_REQUEST_PATH_LENGTH, publicError } from "../../shared/protocol/index.ts";
import type { Allowed } from "../tunnel/configuration/access-policy.ts";
import type { GatewayClaim } from "../tunnel/configuration/claim.ts";
import type { CallerFacts } from "./fields/forwarded.ts";
import type { ResourceRules } from "./other-resources.ts";
import { addRelayFields } from "./loop.ts";
import { requestFields } from "./fields/request-fields.ts";

export interface RequestHeadOptions {
  request: Request;
  claim: GatewayClaim;
  allowed: Allowed;
  requestId: string;
  /** See `RequestFieldsOptions`. */
  facts: CallerFacts | null;
  host: string | null;
  resources: ResourceRules;
  /** Null: not known yet. */
  relayName: string | null;
}

/** The head of a request for the connector. Throws URI_TOO_LONG. */
export function requestHead(options: RequestHeadOptions): OpenHead {
  const { request, claim, allowed, requestId, facts, host, resources } = options;
  const path = claim.path ?? rawPath(request.url);
  if (path.length > MAX_REQUEST_PATH_LENGTH) {
    throw publicError(
      "URI_TOO_LONG",
      `Paths with their query have at most ${MAX_REQUEST_PATH_LENGTH} characters.`,
    );
  }
  const fields = requestFields({
    headers: request.headers,
    facts,
    host,
    resources,
    requestId,
  });
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
