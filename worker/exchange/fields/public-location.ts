import type { Endpoint } from "../../../shared/services/index.ts";

/** The addresses of a service: the upstream's own, and the public one that the gateway's clients use. */
export interface PublicLocation {
  endpoint: Endpoint;
  /** The Host that the upstream gets, if it is not the endpoint's own. */
  host: string | null;
  publicUrl: Endpoint;
}

/** The addresses by which a request may name its service. */
export interface KnownAddresses extends Omit<PublicLocation, "publicUrl"> {
  /** Null: not known. */
  publicUrl: Endpoint | null;
  /** Scheme and host of the URL that the gateway called. */
  origin: string;
}

/** RFC 3986 Appendix B, with scheme and authority separate. */
const REFERENCE = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/**
 * A Location or Content-Location that the gateway's clients can follow: the endpoint's origin and prefix become those of the public
 * URL. A value that leads elsewhere, is already public, or is relative to the request stays unchanged.
 */
export function publicLocation(value: string, { endpoint, host, publicUrl }: PublicLocation): string {
  const [, scheme, authority, path = "", rest = ""] = REFERENCE.exec(value) ?? [];
  if (authority === undefined) {
    if (scheme !== undefined || !path.startsWith("/") || isUnder(path, publicUrl.pathPrefix)) return value;
    const mapped = mappedPath(path, endpoint, publicUrl);
    if (mapped === null) return value;
    // A reference that begins with `//` names a host.
    const origin = /^\/[/\\]/.test(mapped) ? publicUrl.origin : "";
    return `${origin}${mapped === "" ? "/" : mapped}${rest}`;
  }
  const { protocol } = new URL(endpoint.origin);
  const origin = originOf(scheme === undefined ? protocol : `${scheme}:`, authority);
  if (origin === null) return value;
  if (origin === publicUrl.origin && isUnder(path, publicUrl.pathPrefix)) return value;
  // The upstream gets the public host, so it may combine that host with its own scheme and its own paths.
  const publicHost = new URL(publicUrl.origin).host;
  const own = [endpoint.origin, publicUrl.origin, originOf(protocol, publicHost)];
  if (!own.includes(origin) && (host === null || origin !== originOf(protocol, host))) return value;
  const mapped = mappedPath(path, endpoint, publicUrl);
  return mapped === null ? value : `${publicUrl.origin}${mapped}${rest}`;
}

/**
 * The path within the service, with its query, that a URL of a request names: the reverse of the above. The URL may be the public one, the
 * one that the gateway called, or the upstream's own. Null: it leads elsewhere.
 */
export function pathInService(value: string, known: KnownAddresses): string | null {
  const { endpoint, publicUrl } = known;
  const [, scheme, authority, path = "", rest = ""] = REFERENCE.exec(value.trim()) ?? [];
  const query = rest.replace(/#.*/s, "");
  const below = (prefix: string): string | null => {
    if (prefix !== "" && !isUnder(path, prefix)) return null;
    return `${path.slice(prefix.length) || "/"}${query}`;
  };
  if (authority === undefined) {
    if (scheme !== undefined || !path.startsWith("/")) return null;
    return below(publicUrl?.pathPrefix ?? "") ?? below("");
  }
  // A proxy in front of the gateway may have ended TLS, so the scheme says nothing.
  const host = hostOf(originOf(`${scheme ?? "http"}:`, authority));
  if (host === null) return null;
  if (host === hostOf(publicUrl?.origin)) return below(publicUrl?.pathPrefix ?? "");
  if (host === hostOf(known.origin)) return below("");
  return host === hostOf(endpoint.origin) || host === known.host ? below(endpoint.pathPrefix) : null;
}

function hostOf(origin: string | null | undefined): string | null {
  return origin ? new URL(origin).host : null;
}

/** The rest of the path below the endpoint's prefix; null if it is not below it. */
function mappedPath(path: string, endpoint: Endpoint, publicUrl: Endpoint): string | null {
  if (endpoint.pathPrefix !== "" && !isUnder(path, endpoint.pathPrefix)) return null;
  return publicUrl.pathPrefix + path.slice(endpoint.pathPrefix.length);
}

/** Compares whole segments. Without a prefix, every path is below it. */
function isUnder(path: string, prefix: string): boolean {
  return prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`));
}

function originOf(scheme: string, authority: string): string | null {
  const url = authority.includes("@") ? null : URL.parse(`${scheme}//${authority}`);
  return url === null || url.origin === "null" ? null : url.origin;
}
