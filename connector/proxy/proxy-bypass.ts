import ipaddr from "ipaddr.js";

/** Whether this host and port are reached without the proxy. */
export type ProxyBypass = (host: string, port: number) => boolean;

/**
 * Reads `NO_PROXY` as curl and Go do: `*`, `host` (and every name under it), `.domain`, `*.domain`,
 * each with or without `:port`; addresses; CIDR ranges; commas or blanks between them. Entries of any other form match nothing.
 */
export function parseProxyBypass(text: string): ProxyBypass {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "");
  return (host, port) => entries.some((entry) => matches(entry, host.toLowerCase().replace(/\.$/, ""), port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  if (ipaddr.isValidCIDR(entry)) return isInRange(entry, host);
  if (ipaddr.isValid(entry)) return sameAddress(entry, host);
  const [, name = "", entryPort] = /^(.*?)\.?(?::(\d{1,5}))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  const bare = name.replace(/^\[(.*)\]$/, "$1");
  if (ipaddr.isValid(bare)) return sameAddress(bare, host);
  const domain = name.replace(/^\*?\./, "");
  return host.endsWith(`.${domain}`) || (host === domain && domain === name);
}

function isInRange(range: string, host: string): boolean {
  if (!ipaddr.isValid(host)) return false;
  const [address, [base, bits]] = [ipaddr.process(host), ipaddr.parseCIDR(range)];
  return address.kind() === base.kind() && address.match(base, bits);
}

function sameAddress(entry: string, host: string): boolean {
  return ipaddr.isValid(host) && ipaddr.process(host).toString() === ipaddr.process(entry).toString();
}
