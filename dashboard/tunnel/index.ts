/*
 * The pages of one tunnel: overview, requests, live view, tokens, connectors, objects.
 *
 * The URL contains what a page shows, including its filter, so that a link to it can be shared. The verdict on a tunnel
 * comes from `shared/verdict`, as it does in `culvert` and in alerts.
 *
 * Begin with `tunnel-page.tsx`, then the view in question; `live/` is the live view. docs/dashboard.md#what-is-there;
 * decision 0042 is about the list of the last requests.
 */
export { TunnelPage } from "./tunnel-page.tsx";
export { VerdictBadge, recentTraffic } from "./verdict-badge.tsx";
