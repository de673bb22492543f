/*
 * The dashboard's part in the browser: router, API client, sign-in. `worker/dashboard` serves it.
 *
 * It uses the admin API and nothing else, so it can do only what the signed-in person may do. It is one script and one
 * style sheet, loads nothing from other hosts, and a test limits its size. Every view has a URL.
 *
 * Begin with `main.tsx`, `app.tsx` and `route.ts`, then `pages/` and `tunnel/`. This door is for scripts that make
 * screenshots; the rooms inside use the files here directly. docs/dashboard.md; decision 0019 is about sessions.
 */
export type { Connector, Traffic, TunnelDetails } from "./api-types.ts";
