/*
 * The allowlist: what the operator lets this connector reach, by name, port and address.
 *
 * A name is judged as it is written, and again by each address that it resolves to when it is dialled, because DNS is not under
 * the operator's control. Without rules nothing is allowed. `permit.ts` and `dial.ts` ask.
 *
 * docs/connector.md#what-it-may-reach; decision 0010.
 */
import ipaddr from "ipaddr.js";
import { TunnelError } from "../../shared/protocol/index.ts";
import { parseTcpEndpoint } from "../../shared/services/index.ts";
import { inRange, isBlockedAddress, parseAddress, unmapped } from "./blocked-address.ts";

export type HostRule =
  | { kind: "any" }
  | { kind: "host"; host: string; port: number | null }
  /** `suffix` starts with the dot: "*.corp.internal" never means "corp.internal" itself. */
  | { kind: "subdomains"; suffix: string; port: number | null }
  /** An address as a host: permits that target, not every name that resolves to it. */
  | { kind: "address"; address: string; port: number | null }
  /** A CIDR range: permits whatever is found inside it. */
  | { kind: "range"; range: [ipaddr.IPv4 | ipaddr.IPv6, number]; port: number | null };

export type Allowlist =
  | { ok: true; rules: readonly HostRule[] }
  /** Each problem says which entry it is, by number. */
  | { ok: false; problems: readonly string[] };

/** Where an upstream is. The target is parsed once, so the decision and the connection cannot differ. */
export interface UpstreamAddress {
  readonly origin: string;
  /** From the scheme: `http(s)://`, or `tcp://` and `tls://`. */
  readonly protocol: "http" | "tcp";
  /** The connection begins with TLS. */
  readonly secure: boolean;
  /** Lower case; IPv6 without brackets; no trailing dot. */
  readonly host: string;
  readonly port: number;
  /** `host:port` as it goes into `TUNNEL_ALLOW`. */
  readonly authority: string;
}

/**
 * Reads `TUNNEL_ALLOW`: comma-separated `host`, `host:port`, `*.domain`, `*.domain:port`, `CIDR`, `CIDR:port`,
 * IPv6 in brackets, or `*`. Without a port, every port.
 */
export function parseAllowlist(text: string): Allowlist {
  const rules: HostRule[] = [];
  const problems: string[] = [];
  for (const [index, entry] of text
    .split(",")
    .map((part) => part.trim())
    .entries()) {
    if (entry === "") continue;
    const rule = parseHostRule(entry);
    // The entry itself is not repeated, because it may contain a password if somebody mistook the format.
    if (typeof rule === "string") problems.push(`entry ${index + 1}: ${rule}`);
    else rules.push(rule);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rules };
}

const ENTRY = /^(?<host>\[[^\]]+\](?:\/\d+)?|[^:[\]]+)(?::(?<port>[^:]*))?$/;
const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** One entry of an allowlist; a string says what is wrong with it. */
export function parseHostRule(entry: string): HostRule | string {
  if (entry === "*") return { kind: "any" };
  if (entry.includes("://")) return "give the host alone, or host:port, without the scheme";
  const parts = ENTRY.exec(entry)?.groups;
  if (parts?.["host"] === undefined) {
    return "must be host, host:port, *.domain:port, CIDR:port, [IPv6]:port or *";
  }
  const port = parts["port"] === undefined ? null : Number(parts["port"]);
  if (port !== null && !(/^\d+$/.test(parts["port"] ?? "") && port >= 1 && port <= 65_535)) {
    return "the port must be a number from 1 to 65535";
  }
  const host = parts["host"].toLowerCase().replaceAll(/[[\]]/g, "").replace(/\.$/, "");
  if (host.includes("/")) {
    if (!ipaddr.isValidCIDR(host)) return "not a valid CIDR range";
    return { kind: "range", range: ipaddr.parseCIDR(host), port };
  }
  if (ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host)) {
    return { kind: "address", address: canonicalAddress(host) ?? host, port };
  }
  const suffix = host.startsWith("*.") ? host.slice(1) : null;
  if (!HOST_NAME.test(suffix?.slice(1) ?? host)) return "not a valid host name";
  return suffix === null ? { kind: "host", host, port } : { kind: "subdomains", suffix, port };
}

/** Cached targets and verdicts. A connector has few targets, and needs them for every request. */
const MAX_REMEMBERED = 256;
const parsedTargets = new Map<string, UpstreamAddress>();

/** The parsed target of a stream; throws BAD_REQUEST unless it is a bare `http(s)://host[:port]` or `tcp://` or `tls://host:port`. */
export function parseTarget(target: string): UpstreamAddress {
  return remembered(parsedTargets, target, () => parse(target));
}

function remembered<T>(known: Map<string, T>, key: string, find: () => T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  if (known.size >= MAX_REMEMBERED) known.clear();
  known.set(key, found);
  return found;
}

function parse(target: string): UpstreamAddress {
  return /^(?:tcp|tls):/i.test(target) ? parseTcp(target) : parseHttp(target);
}

function parseTcp(target: string): UpstreamAddress {
  const origin = parseTcpEndpoint(target);
  // Only the canonical spelling is accepted, so the target that is checked is exactly the one that the relay named.
  if (origin === null || origin !== target) {
    throw new TunnelError("BAD_REQUEST", "the target is not tcp://host:port or tls://host:port", {
      notProcessed: true,
    });
  }
  const url = new URL(origin);
  const host = url.hostname.replaceAll(/[[\]]/g, "").replace(/\.$/, "");
  const port = Number(url.port);
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { origin, protocol: "tcp", secure: origin.startsWith("tls:"), host, port, authority };
}

function parseHttp(target: string): UpstreamAddress {
  const url = URL.canParse(target) ? new URL(target) : null;
  const secure = url?.protocol === "https:";
  if (
    url === null ||
    (!secure && url.protocol !== "http:") ||
    url.hostname === "" ||
    `${url.origin}/` !== url.href
  ) {
    throw new TunnelError("BAD_REQUEST", "the target is not an http or https origin", { notProcessed: true });
  }
  const host = url.hostname.replaceAll(/[[\]]/g, "").replace(/\.$/, "");
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { origin: url.origin, protocol: "http", secure, host, port, authority };
}

type Verdict = "yes" | "needs-address-check" | "no";

/** What this connector may reach, according to its operator. Without rules: nothing. */
export class UpstreamPolicy {
  readonly #rules: readonly HostRule[];
  readonly #verdicts = new Map<string, Verdict>();

  constructor(rules: readonly HostRule[]) {
    this.#rules = rules;
  }

  /** The verdict before the name is resolved. "needs-address-check": a CIDR rule may allow one of its addresses. */
  allowsTarget(target: UpstreamAddress): Verdict {
    return remembered(this.#verdicts, target.origin, () => this.#verdictOn(target));
  }

  #verdictOn(target: UpstreamAddress): Verdict {
    const address = parseAddress(target.host);
    if (address !== null) return this.allowsAddress(target, target.host) ? "yes" : "no";
    if (this.#rules.some((rule) => matchesName(rule, target))) return "yes";
    return this.#rules.some((rule) => rule.kind === "range" && matchesPort(rule.port, target.port))
      ? "needs-address-check"
      : "no";
  }

  /** Asked for every address that DNS answers, and again for the one connected to. */
  allowsAddress(target: UpstreamAddress, addressText: string): boolean {
    const parsed = parseAddress(addressText);
    if (parsed === null || isBlockedAddress(parsed)) return false;
    const address = unmapped(parsed);
    return this.#rules.some(
      (rule) =>
        matchesName(rule, target) || (rule.kind === "range" && matchesRange(rule, target.port, address)),
    );
  }
}

/** Whether the rule matches the target as written, before its name is resolved. */
export function matchesTarget(rule: HostRule, target: UpstreamAddress): boolean {
  if (matchesName(rule, target)) return true;
  const address = rule.kind === "range" ? parseAddress(target.host) : null;
  return rule.kind === "range" && address !== null && matchesRange(rule, target.port, unmapped(address));
}

function matchesName(rule: HostRule, { host, port }: UpstreamAddress): boolean {
  switch (rule.kind) {
    case "any":
      return true;
    case "host":
      return rule.host === host && matchesPort(rule.port, port);
    case "subdomains":
      return host.endsWith(rule.suffix) && host.length > rule.suffix.length && matchesPort(rule.port, port);
    case "address":
      return rule.address === canonicalAddress(host) && matchesPort(rule.port, port);
    case "range":
      return false;
  }
}

function matchesRange(
  { range, port }: HostRule & { kind: "range" },
  targetPort: number,
  address: ipaddr.IPv4 | ipaddr.IPv6,
): boolean {
  return matchesPort(port, targetPort) && inRange(address, range);
}

/** The canonical spelling of an address; null for a name. */
function canonicalAddress(host: string): string | null {
  const address = parseAddress(host);
  return address === null ? null : unmapped(address).toString();
}

function matchesPort(allowed: number | null, port: number): boolean {
  return allowed === null || allowed === port;
}

/** The error of every denial: the relay gets the code, and the operator's log says which setting to change. */
export function notAllowed(target: UpstreamAddress, address = target.host): TunnelError {
  const parsed = parseAddress(address);
  const message =
    parsed !== null && isBlockedAddress(parsed)
      ? `${target.authority} is at an address that is always blocked`
      : `${target.authority} is not in the connector's allowlist; to permit it, add "${target.authority}" to TUNNEL_ALLOW`;
  return new TunnelError("UPSTREAM_NOT_ALLOWED", message, { notProcessed: true });
}
