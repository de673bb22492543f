/*
 * Fields by which a request names a second resource of its upstream: where WebDAV's COPY and MOVE write to, where an object store
 * copies from. `fields/request-fields.ts` calls it.
 *
 * The caller's rules on paths apply to that resource as well, and the endpoint's path contains it. A client knows the service by its
 * public URL, so `Destination` and the URLs in `If` become the upstream's own, as Location becomes public on the way back.
 *
 * docs/gateways.md#location, docs/security.md#what-reaches-an-upstream-is-said-by-the-relay.
 */
import { dashedName, DESTINATION, namesResource, pathNamed } from "../../shared/http/index.ts";
import { publicError } from "../../shared/protocol/index.ts";
import type { Endpoint } from "../../shared/services/index.ts";
import { type KnownAddresses, pathInService } from "./fields/public-location.ts";

/** The upstream's addresses, and the caller's rules. */
export interface ResourceRules extends KnownAddresses {
  /** There are rules on paths, or the endpoint has one. */
  hasPathRule: boolean;
  /** Why the caller may not call this path of the service; null: it may. */
  refusal: (path: string) => string | null;
}

/** The URLs of a tagged list (RFC 4918 §10.4): a list in parentheses follows. */
const TAGGED = /<([^<>\s]+)>(?=\s*\()/g;
/** Clients name a few resources in one condition. More are passed on as they are, because each takes time to read. */
const MAX_TAGS = 64;

/** The value for the upstream. Throws ACCESS_DENIED where the field names what the caller may not call. */
export function resourceField(name: string, value: string, rules: ResourceRules): string {
  if (name === "if") {
    let tags = 0;
    return value.replace(TAGGED, (tag, url: string) => {
      const path = ++tags > MAX_TAGS ? null : pathInService(url, rules);
      return path === null ? tag : `<${upstreamUrl(path, rules)}>`;
    });
  }
  if (!namesResource(name)) return value;
  const isDestination = dashedName(name) === DESTINATION;
  const path = isDestination ? pathInService(value, rules) : ofUpstream(pathNamed(value), rules.endpoint);
  if (rules.hasPathRule) judge(name, path, rules);
  return isDestination && path !== null ? upstreamUrl(path, rules) : value;
}

function judge(name: string, path: string | null, { refusal }: ResourceRules): void {
  const why = path === null ? "It names no URL of the service." : refusal(path);
  if (why !== null) throw publicError("ACCESS_DENIED", `The field ${name} is not allowed: ${why}`);
}

/** As the service's callers would ask for this path of the upstream's; null: it is not below the endpoint's own. */
function ofUpstream(path: string, { pathPrefix }: Endpoint): string | null {
  if (pathPrefix === "") return path;
  return path.startsWith(`${pathPrefix}/`) ? path.slice(pathPrefix.length) : null;
}

function upstreamUrl(path: string, { endpoint, host }: KnownAddresses): string {
  const { protocol, host: own } = new URL(endpoint.origin);
  return `${protocol}//${host ?? own}${endpoint.pathPrefix}${path}`;
}
