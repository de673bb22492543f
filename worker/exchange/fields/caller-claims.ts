/**
 * By these, proxies tell upstreams the address of who calls, each in its own way; frameworks and libraries believe them
 * (Rails `Client-IP`, WebLogic `WL-Proxy-Client-IP`, and so on). What a client sends of them says what it likes.
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

/** And by these, how and at which host it asked. */
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
/** Cloudflare's edge says these, and takes off what a client sends of them. Credentials for its Access are none of them. */
const BY_EDGE = /^cf-(?!access-(?:client-id|client-secret|jwt-assertion|token)$)/;

/**
 * What a field claims of who calls: "address" may be answered with the address that is known, "other" is said by the relay
 * alone, "edge" is true behind the edge. Null: nothing. `name` as CGI reads it, with "-" alone.
 */
export function callerClaim(name: string): "address" | "other" | "edge" | null {
  if (ADDRESSES.has(name)) return "address";
  if (OTHERS.has(name) || FORWARDED.test(name)) return "other";
  return BY_EDGE.test(name) ? "edge" : null;
}
