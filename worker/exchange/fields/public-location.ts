import type { Endpoint } from "../../../shared/services/index.ts";

/** How an upstream names itself, and how its gateway's clients do. */
export interface PublicLocation {
  endpoint: Endpoint;
  /** The Host that it is sent, where that is not the endpoint's own. */
  host: string | null;
  publicUrl: Endpoint;
}

/** RFC 3986 Appendix B, with what stands before the path apart. */
const REFERENCE = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/**
 * A Location or Content-Location as the gateway's clients can follow it: the endpoint's origin and prefix become those of
 * the public URL. What leads elsewhere, what is public already, and what is relative to the request stays as it is.
 */
export function publicLocation(value: string, { endpoint, host, publicUrl }: PublicLocation): string {
  const [, scheme, authority, path = "", rest = ""] = REFERENCE.exec(value) ?? [];
  if (authority === undefined) {
    if (scheme !== undefined || !path.startsWith("/") || isUnder(path, publicUrl.pathPrefix)) return value;
    const mapped = mappedPath(path, endpoint, publicUrl);
    if (mapped === null) return value;
    // A path that begins so names a host.
    const origin = /^\/[/\\]/.test(mapped) ? publicUrl.origin : "";
    return `${origin}${mapped === "" ? "/" : mapped}${rest}`;
  }
  const { protocol } = new URL(endpoint.origin);
  const origin = originOf(scheme === undefined ? protocol : `${scheme}:`, authority);
  if (origin === null) return value;
  if (origin === publicUrl.origin && isUnder(path, publicUrl.pathPrefix)) return value;
  // It is told the public host, and may name that with the scheme that it is asked by, before paths of its own.
  const publicHost = new URL(publicUrl.origin).host;
  const own = [endpoint.origin, publicUrl.origin, originOf(protocol, publicHost)];
  if (!own.includes(origin) && (host === null || origin !== originOf(protocol, host))) return value;
  const mapped = mappedPath(path, endpoint, publicUrl);
  return mapped === null ? value : `${publicUrl.origin}${mapped}${rest}`;
}

/** Null for what is not under the endpoint. */
function mappedPath(path: string, endpoint: Endpoint, publicUrl: Endpoint): string | null {
  if (endpoint.pathPrefix !== "" && !isUnder(path, endpoint.pathPrefix)) return null;
  return publicUrl.pathPrefix + path.slice(endpoint.pathPrefix.length);
}

/** Of whole segments. Under no prefix is nothing that would have to stay. */
function isUnder(path: string, prefix: string): boolean {
  return prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`));
}

function originOf(scheme: string, authority: string): string | null {
  const url = authority.includes("@") ? null : URL.parse(`${scheme}//${authority}`);
  return url === null || url.origin === "null" ? null : url.origin;
}
