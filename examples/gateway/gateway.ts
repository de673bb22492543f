/**
 * A gateway Worker with one policy, two routes into the private network, and error messages that its callers understand
 * when the tunnel fails. Bodies are streamed and WebSockets work, because requests and responses are passed on unchanged.
 */
interface Env {
  TUNNEL: Fetcher;
  /** The key that this gateway's callers send in `x-api-key`. */
  GATEWAY_API_KEY: string;
}

/** Messages for the tunnel's own failures. For any other code the message is "unavailable". */
const FRIENDLY: Record<string, string> = {
  NO_CONNECTOR: "The payments network is not connected right now.",
  OVERLOADED: "The payments network is busy.",
  UNKNOWN_SERVICE: "There is no such service.",
  ACCESS_DENIED: "This gateway may not call that service.",
  UPSTREAM_CONNECT_TIMEOUT: "The service did not answer in time.",
  UPSTREAM_RESPONSE_TIMEOUT: "The service did not answer in time.",
  BODY_TOO_LARGE: "The request is too large.",
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (!(await isKnownCaller(request, env))) {
      return Response.json({ message: "Send your key in x-api-key." }, { status: 401 });
    }
    const path = pathOf(request);
    if (path === "/hello") return Response.json({ message: "Hello from the gateway." });

    const target = upstreamFor(path);
    if (target === null) return Response.json({ message: "No such route." }, { status: 404 });

    const upstreamRequest = new Request(target, request);
    upstreamRequest.headers.delete("x-api-key");
    const response = await env.TUNNEL.fetch(upstreamRequest);

    // Only the tunnel can set this header, so an API behind it cannot pretend to be the tunnel.
    const code = response.headers.get("culvert-error");
    return code === null ? response : friendlyAnswer(code, response);
  },
} satisfies ExportedHandler<Env>;

/** `/payments/…` leads to one service; `/services/NAME/…` leads to any service that the services file allows. */
function upstreamFor(path: string): string | null {
  if (path.startsWith("/payments/")) return `http://payments-api-prod${path.slice("/payments".length)}`;
  const named = /^\/services\/([a-zA-Z0-9-]{3,24})(\/.*)$/.exec(path);
  return named === null ? null : `http://${named[1]}${named[2]}`;
}

/** Path and query exactly as the caller sent them: `new URL()` would resolve dot segments. */
function pathOf(request: Request): string {
  return request.url.slice(request.url.indexOf("/", "https://".length));
}

async function isKnownCaller(request: Request, env: Env): Promise<boolean> {
  const [given, expected] = await Promise.all([
    digest(request.headers.get("x-api-key") ?? ""),
    digest(env.GATEWAY_API_KEY),
  ]);
  return crypto.subtle.timingSafeEqual(given, expected);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

function friendlyAnswer(code: string, response: Response): Response {
  const headers = new Headers({ "culvert-error": code });
  const retryAfter = response.headers.get("retry-after");
  if (retryAfter !== null) headers.set("retry-after", retryAfter);
  const message = FRIENDLY[code] ?? "The service is unavailable.";
  return Response.json({ message, code }, { status: response.status, headers });
}
