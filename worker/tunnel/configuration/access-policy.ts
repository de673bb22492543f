/*
 * The relay's decision on a request: may this caller reach this service or host, and where is it?
 *
 * The answer is no unless a rule says yes. It depends only on the claim, the URL and the tunnel's own copy of its configuration,
 * so no request waits for the Registry. `relay-request.ts` and `relay-tcp.ts` ask before anything is sent, and
 * `open-exchanges.ts` asks again when the rules have changed. The connector's allowlist decides a second time.
 *
 * docs/security.md#promises; decisions 0008 and 0010.
 */
import {
  type Access,
  type Caller,
  DEFAULT_CONNECTOR_WAIT_MS,
  type Network,
  type Service,
  parseEndpoint,
  parseHostPattern,
  parseTcpEndpoint,
} from "../../../shared/services/index.ts";
import type { StartTls } from "../../../shared/protocol/index.ts";
import { climbs, judgePath, type PathRule } from "../../../shared/http/index.ts";
import type { TunnelConfig } from "./tunnel-config.ts";

/** The parts of a `URL` that are decided on. Forward from the same parsed value. */
export type RequestUrl = Pick<URL, "protocol" | "hostname" | "port">;

export interface Allowed {
  allow: true;
  /** The service's name as configured, or the host as requested: for logs and per-service rules. */
  service: string;
  /** Origin of the upstream, without a path. */
  target: string;
  /** "" or a path without a final "/": goes before the request's own. */
  pathPrefix: string;
  /** The caller is limited to some paths, or the endpoint has a path. */
  hasPathRule: boolean;
  /** "endpoint", "public" or an authority. */
  hostHeader: string | undefined;
  /** Only for TCP. */
  startTls: StartTls | undefined;
  idleTimeoutMs: number | undefined;
  maxConnections: number | undefined;
  connectTimeoutMs: number | undefined;
  responseTimeoutMs: number | undefined;
  stallTimeoutMs: number | undefined;
  maxBodyBytes: number | undefined;
  via: boolean;
  /** Answers should contain the request's id. */
  requestId: boolean;
  /** Absent: only safe requests are sent again after the loss of a connector. */
  retry: boolean | undefined;
  connectorWaitMs: number;
}

export interface Denied {
  allow: false;
  code: "UNKNOWN_SERVICE" | "ACCESS_DENIED" | "BAD_REQUEST";
  /** For the caller, so it contains only names that the caller has used. */
  message: string;
}

export type Decision = Allowed | Denied;

/** A tunnel's rules made ready for one look-up per request. */
export interface AccessPolicy {
  /** By name in lower case. */
  services: ReadonlyMap<string, ServiceRule>;
  /** By `host:port`. */
  hosts: ReadonlyMap<string, readonly NetworkRule[]>;
  /** By `domain:port`, for patterns `*.domain:port`. */
  domains: ReadonlyMap<string, readonly NetworkRule[]>;
}

type Protocol = "http" | "tcp";

/** By caller. All others are denied. */
type Callers = ReadonlyMap<string, PathRule>;

interface ServiceRule {
  protocol: Protocol;
  /** The port of its endpoint. */
  port: number;
  callers: Callers;
  allowed: Allowed;
}

interface NetworkRule {
  protocol: Protocol;
  callers: Callers;
  network: Network;
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

export function compilePolicy(config: Pick<TunnelConfig, "services" | "networks">): AccessPolicy {
  const services = new Map<string, ServiceRule>();
  for (const service of config.services) {
    const rule = serviceRule(service);
    if (rule !== null) services.set(service.name.toLowerCase(), rule);
  }
  const hosts = new Map<string, NetworkRule[]>();
  const domains = new Map<string, NetworkRule[]>();
  for (const network of config.networks) {
    const rule: NetworkRule = {
      protocol: network.protocol ?? "http",
      callers: callersOf(network.configurations),
      network,
    };
    for (const text of network.hosts) {
      const pattern = parseHostPattern(text);
      if (pattern === null) continue;
      for (const port of pattern.ports) {
        append(pattern.wildcard ? domains : hosts, `${pattern.host}:${port}`, rule);
      }
    }
  }
  return { services, hosts, domains };
}

/**
 * Whether this caller may reach what this URL names, and where that is. The default is no. A service's name takes precedence over a
 * host of the same spelling. A URL with a port names a host. `rawPath` is the path that will be forwarded; with null, which means
 * that it is not known any more, rules on paths do not apply.
 */
export function decide(
  policy: AccessPolicy,
  caller: Caller,
  url: RequestUrl,
  rawPath: string | null,
): Decision {
  const host = url.hostname.toLowerCase();
  const key = callerKey(caller);
  const service = url.port === "" ? policy.services.get(host) : undefined;
  if (service !== undefined) {
    if (service.protocol === "tcp") return service.callers.has(key) ? USE_DIAL : ACCESS_DENIED;
    return decidePath(service.callers.get(key), service.allowed, rawPath);
  }

  const port = url.port === "" ? DEFAULT_PORT[url.protocol] : Number(url.port);
  if (port === undefined || !(url.protocol in DEFAULT_PORT)) return UNKNOWN_SERVICE;
  const rule = networkRule(policy, host, port, key, "http");
  if (rule === UNKNOWN_SERVICE) {
    const named = policy.services.get(host);
    if (named?.protocol === "tcp" && named.port === port && named.callers.has(key)) return USE_DIAL;
  }
  if ("code" in rule) return rule;
  const authority = url.port === "" ? host : `${host}:${port}`;
  const upstream = { origin: `${url.protocol}//${authority}`, pathPrefix: "" };
  return decidePath(rule.callers.get(key), allowed(rule.network, authority, upstream), rawPath);
}

/** A service's name, `NAME:PORT` or `host:port`, with an IPv6 address in brackets. */
const TCP_ADDRESS = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

/**
 * The same for a TCP connection, which has no path and no method. A name with a port means the service if its endpoint has that
 * port, and otherwise a host.
 */
export function decideTcp(policy: AccessPolicy, caller: Caller, address: string): Decision {
  const url = TCP_ADDRESS.test(address) ? URL.parse(`http://${address}`) : null;
  if (url === null) return BAD_ADDRESS;
  const host = url.hostname.toLowerCase();
  // A URL leaves out port 80.
  const port = /:[0-9]+$/.test(address) ? Number(url.port || 80) : null;
  const key = callerKey(caller);
  const service = policy.services.get(host);
  if (service !== undefined && (port === null || port === service.port)) {
    if (!service.callers.has(key)) return ACCESS_DENIED;
    return service.protocol === "tcp" ? service.allowed : USE_FETCH;
  }
  if (port === null) return UNKNOWN_TCP_SERVICE;
  const rule = networkRule(policy, host, port, key, "tcp");
  if ("code" in rule) return rule;
  const authority = `${host}:${port}`;
  return allowed(rule.network, authority, { origin: `tcp://${authority}`, pathPrefix: "" });
}

/** The first rule that names this caller. One for the other protocol is only used for the error message. */
function networkRule(
  policy: AccessPolicy,
  host: string,
  port: number,
  key: string,
  protocol: Protocol,
): NetworkRule | Denied {
  const rules = networkRules(policy, host, port);
  const callable = rules.filter(({ callers }) => callers.has(key));
  const rule = callable.find((candidate) => candidate.protocol === protocol);
  if (rule !== undefined) return rule;
  if (callable.length > 0) return protocol === "http" ? USE_DIAL : USE_FETCH;
  return rules.length === 0 ? UNKNOWN_SERVICE : ACCESS_DENIED;
}

/** No rule: this caller is not named. */
function decidePath(rule: PathRule | undefined, decision: Allowed, rawPath: string | null): Decision {
  if (rule === undefined) return ACCESS_DENIED;
  if (rawPath === null) return decision;
  if (decision.pathPrefix !== "" && climbs(rawPath)) return AMBIGUOUS_PATH;
  switch (judgePath(rule, rawPath)) {
    case "allowed":
      return rule === null || decision.hasPathRule ? decision : { ...decision, hasPathRule: true };
    case "denied":
      return PATH_DENIED;
    case "ambiguous":
      return AMBIGUOUS_PATH;
  }
}

const ACCESS_DENIED: Denied = {
  allow: false,
  code: "ACCESS_DENIED",
  message: "This project and environment may not call this service.",
};

const PATH_DENIED: Denied = {
  allow: false,
  code: "ACCESS_DENIED",
  message: "This project and environment may not call this path of the service.",
};

const AMBIGUOUS_PATH: Denied = {
  allow: false,
  code: "BAD_REQUEST",
  message: "The path can be read in more than one way, and this service has rules on paths.",
};

const BAD_ADDRESS: Denied = {
  allow: false,
  code: "BAD_REQUEST",
  message: "The address must be a service's name, or host:port.",
};

const USE_DIAL: Denied = {
  allow: false,
  code: "BAD_REQUEST",
  message: "This is a TCP service: open it by dial() of the binding, or connectTcp(), not by fetch().",
};

const USE_FETCH: Denied = {
  allow: false,
  code: "BAD_REQUEST",
  message: "This is an HTTP service: call it by fetch() of the binding, not by dial() or connect().",
};

const UNKNOWN_TCP_SERVICE: Denied = {
  allow: false,
  code: "UNKNOWN_SERVICE",
  message: "The tunnel has no service with this name; a host also needs its port.",
};

const UNKNOWN_SERVICE: Denied = {
  allow: false,
  code: "UNKNOWN_SERVICE",
  message: "The tunnel has no service with this name, and no network rule for this host.",
};

function serviceRule(service: Service): ServiceRule | null {
  const tcp = parseTcpEndpoint(service.endpoint);
  const endpoint = tcp === null ? parseEndpoint(service.endpoint) : { origin: tcp, pathPrefix: "" };
  if (endpoint === null) return null;
  return {
    protocol: tcp === null ? "http" : "tcp",
    port: portOf(endpoint.origin),
    callers: callersOf(service.configurations),
    allowed: allowed(service, service.name, endpoint),
  };
}

function allowed(
  rule: Omit<Network, "hosts" | "protocol"> & Pick<Service, "hostHeader" | "startTls">,
  service: string,
  upstream: { origin: string; pathPrefix: string },
): Allowed {
  return {
    allow: true,
    service,
    target: upstream.origin,
    pathPrefix: upstream.pathPrefix,
    hasPathRule: upstream.pathPrefix !== "",
    hostHeader: rule.hostHeader,
    startTls: rule.startTls,
    idleTimeoutMs: rule.idleTimeoutMs,
    maxConnections: rule.maxConnections,
    connectTimeoutMs: rule.connectTimeoutMs,
    responseTimeoutMs: rule.responseTimeoutMs,
    stallTimeoutMs: rule.stallTimeoutMs,
    maxBodyBytes: rule.maxBodyBytes,
    via: rule.via ?? false,
    requestId: rule.requestId ?? false,
    retry: rule.retry,
    connectorWaitMs: rule.connectorWaitMs ?? DEFAULT_CONNECTOR_WAIT_MS,
  };
}

/** The port of `scheme://host:port`, or the scheme's default. */
function portOf(origin: string): number {
  const { protocol, port } = new URL(origin);
  return port === "" ? (DEFAULT_PORT[protocol] ?? 0) : Number(port);
}

/** First the rules for the host itself, then those for its closest parent domain, and so on. */
function networkRules(policy: AccessPolicy, host: string, port: number): readonly NetworkRule[] {
  const found = [...(policy.hosts.get(`${host}:${port}`) ?? [])];
  if (policy.domains.size === 0) return found;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    found.push(...(policy.domains.get(`${host.slice(dot + 1)}:${port}`) ?? []));
  }
  return found;
}

/** A key for a caller. The schema of the services file allows no line break in either part. */
function callerKey(caller: Caller): string {
  return `${caller.project}\n${caller.environment}`;
}

/** A caller named several times may do what any of them allows. */
function callersOf(configurations: readonly Access[]): Callers {
  const callers = new Map<string, PathRule>();
  for (const { project, accessibleBy, paths = null } of configurations) {
    for (const environment of [accessibleBy].flat()) {
      const key = callerKey({ project, environment });
      const before = callers.get(key);
      callers.set(key, before === undefined ? paths : before && paths && [...before, ...paths]);
    }
  }
  return callers;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
