/*
 * The pages of one tunnel: overview, requests, live view, tokens, connectors, objects.
 *
 * What a page shows, its filter included, stands in the URL and can be handed on. The verdict on a tunnel is the one that
 * `culvert` and alerts show, from `shared/verdict`.
 *
 * Begin with `tunnel-page.tsx`, then the view in question; `live/` is the live view. docs/dashboard.md#what-is-there; decision 0042 is
 * about the list of the last requests.
 */
export { TunnelPage } from "./tunnel-page.tsx";
export { VerdictBadge, recentTraffic } from "./verdict-badge.tsx";
