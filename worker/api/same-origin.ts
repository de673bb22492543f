import { ApiError } from "./problem.ts";

/** No form can send it, and no other site's script without a preflight, which this relay never allows. */
const CSRF_HEADER = "culvert-csrf";

/**
 * A cookie is sent whoever makes the browser send it, so a request that counts on one has to come from the relay's own
 * pages. What only reads may also be typed into the address bar; a WebSocket may not, as its messages could be read.
 */
export function refuseOtherSites(request: Request): void {
  const isUpgrade = request.headers.has("upgrade");
  const isSafe = request.method === "GET" || request.method === "HEAD";
  const isAllowed =
    isSafe && !isUpgrade
      ? (request.headers.get("sec-fetch-site") ?? "none") === "none" || isSameOrigin(request)
      : isSameOrigin(request) && (isUpgrade || request.headers.get(CSRF_HEADER) === "1");
  if (!isAllowed) throw new ApiError("CROSS_SITE_REFUSED");
}

/** By what the browser says of itself, which no script can set; older ones say the origin alone. */
function isSameOrigin({ headers, url }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  return headers.get("origin") === new URL(url).origin;
}
