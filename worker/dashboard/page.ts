import { ApiError } from "../api/index.ts";
import { ASSETS, SCRIPT, STYLE } from "./assets.generated.ts";

const ASSETS_PATH = "/dashboard/assets/";

/**
 * Everything is loaded from this relay and sent to this relay. No page may embed the dashboard in a frame, and text never
 * becomes HTML.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const EVERYWHERE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

const PAGE_HEADERS = {
  ...EVERYWHERE,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0f6e74"/><path d="M6 25V18a10 10 0 0 1 20 0v7h-5v-7a5 5 0 0 0-10 0v7z" fill="#fff"/></svg>`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Culvert</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<link rel="stylesheet" href="${ASSETS_PATH}${STYLE}">
<script type="module" src="${ASSETS_PATH}${SCRIPT}"></script>
</head>
<body>
<div id="root"></div>
<noscript>The dashboard needs JavaScript. The culvert command and the API at /v1 do without.</noscript>
</body>
</html>
`;

/** The same page for every path under `/dashboard`. The script reads from the URL what to show. */
export function dashboardPage(): Response {
  return new Response(PAGE, { headers: PAGE_HEADERS });
}

export function dashboardAsset(request: Request, name: string): Response {
  const asset = ASSETS.find((candidate) => candidate.name === name);
  if (asset === undefined) throw new ApiError("NOT_FOUND");
  const etag = `"${asset.name}"`;
  const headers = {
    ...EVERYWHERE,
    "content-type": asset.type,
    "cache-control": "public, max-age=31536000, immutable",
    etag,
  };
  return request.headers.get("if-none-match") === etag
    ? new Response(null, { status: 304, headers })
    : new Response(asset.text, { headers });
}

/** `/`: sends browsers to the dashboard. There is nothing here for programs. */
export function frontDoor(request: Request): Response {
  if (request.headers.get("accept")?.includes("text/html") !== true) throw new ApiError("NOT_FOUND");
  return new Response(null, { status: 302, headers: { ...EVERYWHERE, location: "/dashboard" } });
}
