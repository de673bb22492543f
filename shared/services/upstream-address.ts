/** An upstream as an operator writes it, in the canonical spelling of `URL`. */
export interface Endpoint {
  /** `http://host`, `https://host:port`; a default port is left out, as in `URL.origin`. */
  origin: string;
  /** "" or a path that starts with "/" and does not end with one. */
  pathPrefix: string;
}

export interface HostPattern {
  /** True for `*.domain`: every name under it at any depth, not the domain itself. */
  wildcard: boolean;
  /** Host as `URL.hostname` spells it: lower case, IPv6 in brackets, numbers as dotted IPv4. */
  host: string;
  /** Without a port a pattern stands for the default ports of http and https. */
  ports: readonly number[];
}

const ENDPOINT = /^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#\\]*)?$/i;
const HOST_PATTERN = /^(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const DEFAULT_PORTS = [80, 443];

/** Null for anything but an http or https URL without credentials, query and fragment. */
export function parseEndpoint(text: string): Endpoint | null {
  const url = ENDPOINT.test(text) ? URL.parse(text) : null;
  if (url === null) return null;
  return { origin: url.origin, pathPrefix: url.pathname.replace(/\/+$/, "") };
}

/** `tcp://host:port`, or `tls://host:port` where the connection begins with TLS. */
const TCP_ENDPOINT = /^(tcp|tls):\/\/([^\s/?#@\\]+:[0-9]{1,5})\/?$/i;

/** As `tcp://host:port` in the one spelling that its host has in a URL; null for anything else. */
export function parseTcpEndpoint(text: string): string | null {
  const [, scheme, authority] = TCP_ENDPOINT.exec(text) ?? [];
  if (scheme === undefined || authority === undefined) return null;
  // `URL` does not normalise the host for schemes that the standard does not know, so "0x7f.1" would stay.
  const host = parseAuthority(authority);
  return host === null || host.startsWith(":") ? null : `${scheme.toLowerCase()}://${host}`;
}

/** Does it lead to a TCP service? */
export function isTcpEndpoint(text: string): boolean {
  return parseTcpEndpoint(text) !== null;
}

/** `host`, `host:port`, `*.domain:port`, `[IPv6]:port`; null for anything else, a lone `*` included. */
export function parseHostPattern(text: string): HostPattern | null {
  const [, star, written, portText] = HOST_PATTERN.exec(text) ?? [];
  const host = written === undefined ? undefined : URL.parse(`http://${written}`)?.hostname;
  if (host === undefined || host.endsWith(".")) return null;
  const wildcard = star !== undefined;
  if (wildcard && (host.startsWith("[") || IPV4.test(host))) return null;
  if (portText === undefined) return { wildcard, host, ports: DEFAULT_PORTS };
  const port = Number(portText);
  return port >= 1 && port <= 65535 ? { wildcard, host, ports: [port] } : null;
}

/** An authority as it goes into a Host field: names in other scripts in their ASCII form, the port as written. */
export function parseAuthority(text: string): string | null {
  const url = URL.parse(`http://${text}`);
  if (url === null || /[/?#@\\\s]|:$/.test(text)) return null;
  const port = /:(\d+)$/.exec(text)?.[1];
  // `URL` leaves out the default port of a scheme, and accepts port 0, which nobody can connect to.
  if (port !== undefined && Number(port) === 0) return null;
  return port === undefined ? url.hostname : `${url.hostname}:${Number(port)}`;
}
