/** The prefix binds it to this host, to TLS and to the whole site; a subdomain cannot plant one (RFC 6265bis §4.1.3). */
const NAME = "__Host-culvert-session";
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";

/** "" when there is none. */
export function sessionOf(request: Request): string {
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${NAME}=`))?.slice(NAME.length + 1) ?? "";
}

export function sessionCookie(session: string, maxAgeSeconds: number): string {
  return `${NAME}=${session}; ${ATTRIBUTES}; Max-Age=${maxAgeSeconds}`;
}

export function endedSessionCookie(): string {
  return `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;
}
