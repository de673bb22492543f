/*
 * The connector's own decision: may this be sent to this upstream? Everything that is sent passes it, whoever wants it sent.
 *
 * It depends only on what this connector's operator has set. The relay can ask for less, and never for more.
 *
 * docs/connector.md#what-it-may-reach; decision 0010.
 */
import { isRequestMethod, isRequestPath } from "../../shared/http/index.ts";
import { TunnelError } from "../../shared/protocol/index.ts";
import { receivedText } from "./http-fields.ts";
import { notAllowed, parseTarget, type UpstreamAddress, type UpstreamPolicy } from "./policy.ts";
import {
  enforceLimits,
  enforceNamedPath,
  type LimitsByService,
  limitsFor,
  refuseUnlimited,
} from "./service-limits.ts";

/** What this connector's operator allows. */
export interface PermitRules {
  policy: UpstreamPolicy;
  limits: LimitsByService;
}

/** A request as it will be sent. */
export interface WantedRequest {
  /** The service whose limits apply. */
  service: string;
  /** `http(s)://host[:port]`. */
  target: string;
  method: string;
  /** Latin-1, byte for byte what the request carries. */
  path: string;
  /** Names and Latin-1 values in turn. Absent: none that matters here. */
  rawHeaders?: readonly string[];
}

/**
 * The one check of everything that is sent upstream, whatever it is for: a gateway's request, a WebSocket handshake, a
 * health check, `culvert doctor`; TCP connections have `permitTcp`. Throws BAD_REQUEST or UPSTREAM_NOT_ALLOWED, as not processed.
 */
export function permit(
  { service, target, method, path, rawHeaders = [] }: WantedRequest,
  rules: PermitRules,
): UpstreamAddress {
  if (!isRequestMethod(method)) throw refused("the tunnel cannot carry this method");
  // `http://other/`, `*` or `host:port` would name another target than the one that is checked here.
  if (!isRequestPath(path)) throw refused("the path does not begin with a slash, or it contains blanks");
  const limits = limitsFor(rules.limits, service);
  enforceLimits(limits, method, receivedText(path));
  if (limits.paths !== null) {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2)
      enforceNamedPath(limits, rawHeaders[i] ?? "", receivedText(rawHeaders[i + 1] ?? ""));
  }
  return permitOf("http", target, rules.policy);
}

/** A TCP connection. Throws as `permit` does. */
export function permitTcp(
  { service, target }: Pick<WantedRequest, "service" | "target">,
  rules: PermitRules,
): UpstreamAddress {
  refuseUnlimited(limitsFor(rules.limits, service));
  return permitOf("tcp", target, rules.policy);
}

function permitOf(
  protocol: UpstreamAddress["protocol"],
  target: string,
  policy: UpstreamPolicy,
): UpstreamAddress {
  const address = permitTarget(target, policy);
  if (address.protocol !== protocol) throw refused(`the target is not for ${protocol}`);
  return address;
}

/** For a connection on which nothing is sent. The addresses of the name are checked when it is dialled. */
export function permitTarget(target: string, policy: UpstreamPolicy): UpstreamAddress {
  const address = parseTarget(target);
  if (policy.allowsTarget(address) === "no") throw notAllowed(address);
  return address;
}

function refused(why: string): TunnelError {
  return new TunnelError("BAD_REQUEST", why, { notProcessed: true });
}
