/** The prefix binds it to this host, to TLS and to the whole site; a subdomain cannot plant one (RFC 6265bis §4.1.3). */
const SESSION_COOKIE = "__Host-culvert-session";
const ACCESS_COOKIE = "CF_Authorization";
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";

/** "" when there is none. */
export function sessionOf(request: Request): string {
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1) ?? "";
}

/** A Cookie field without the session cookie, which no upstream may see; null if nothing is left. */
export function withoutSession(cookies: string): string | null {
  if (!cookies.includes(SESSION_COOKIE)) return cookies;
  const others = cookies.split(";").filter((pair) => !isSession(pair));
  return others.length === 0 ? null : others.join(";").trim();
}

/** The same of Cloudflare Access's own token. */
export function withoutAccess(cookies: string | null): string | null {
  if (cookies?.includes(ACCESS_COOKIE) !== true) return cookies;
  const others = cookies.split(";").filter((pair) => nameOf(pair) !== ACCESS_COOKIE);
  return others.length === 0 ? null : others.join(";").trim();
}

/** Would a browser send back this `Set-Cookie` as a session? It trims names, and some send a nameless cookie as its value alone. */
export function setsSession(setCookie: string): boolean {
  return isSession((setCookie.split(";", 1)[0] ?? "").replace(/^[\s=]+/, ""));
}

function isSession(pair: string): boolean {
  return nameOf(pair) === SESSION_COOKIE;
}

function nameOf(pair: string): string {
  return (pair.split("=", 1)[0] ?? "").trim();
}

export function sessionCookie(session: string, maxAgeSeconds: number): string {
  return `${SESSION_COOKIE}=${session}; ${ATTRIBUTES}; Max-Age=${maxAgeSeconds}`;
}

export function endedSessionCookie(): string {
  return `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
}
