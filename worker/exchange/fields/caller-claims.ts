/**
 * Fields by which various proxies tell upstreams the caller's address. Frameworks and libraries believe them (Rails `Client-IP`,
 * WebLogic `WL-Proxy-Client-IP`, and so on), but a client can send any value.
 */
const ADDRESSES: ReadonlySet<string> = new Set([
  "ali-cdn-real-ip",
  "cdn-src-ip",
  "client-ip",
  "do-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "forwarded-for",
  "forwarded-for-ip",
  "http-client-ip",
  "incap-client-ip",
  "proxy-client-ip",
  "real-ip",
  "remote-addr",
  "true-client-ip",
  "wl-proxy-client-ip",
  "x-appengine-user-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-envoy-external-address",
  "x-nf-client-connection-ip",
  "x-original-forwarded-for",
  "x-originating-ip",
  "x-proxyuser-ip",
  "x-real-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-sucuri-clientip",
  "x-vercel-forwarded-for",
]);

/** Fields that claim the scheme and the host that the caller used. */
const OTHERS: ReadonlySet<string> = new Set([
  "front-end-https",
  "x-arr-ssl",
  "x-host",
  "x-http-host-override",
  "x-original-host",
  "x-original-proto",
  "x-real-port",
  "x-real-proto",
  "x-scheme",
  "x-url-scheme",
]);

const FORWARDED = /^(?:forwarded|x-forwarded(?:-.*)?)$/;
/** Cloudflare's edge sets these, and removes those that a client sends. Credentials for Access are not among them. */
const BY_EDGE = /^cf-(?!access-(?:client-id|client-secret|jwt-assertion|token)$)/;

/**
 * What a field claims about the caller. "address" may be replaced by the known address; only the relay sets "other"; "edge" is true
 * behind the edge. Null: the field claims nothing. `name` is the name as CGI reads it, with "-" only.
 */
export function callerClaim(name: string): "address" | "other" | "edge" | null {
  if (ADDRESSES.has(name)) return "address";
  if (OTHERS.has(name) || FORWARDED.test(name)) return "other";
  return BY_EDGE.test(name) ? "edge" : null;
}
