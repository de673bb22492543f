import { ApiError } from "./problem.ts";

/** No form can send it, and no other site's script without a preflight, which this relay never allows. */
const CSRF_HEADER = "culvert-csrf";

/**
 * A browser sends its cookie whichever page makes the request, so requests with a cookie must come from the relay's own pages. Reading is
 * also allowed from the address bar. WebSockets are not, because another page could read their messages.
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

/** Decides by fields that no script can set. Older browsers only send the origin. */
function isSameOrigin({ headers, url }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  return headers.get("origin") === new URL(url).origin;
}
