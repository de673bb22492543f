/*
 * The pages that do not belong to one tunnel: the list of tunnels, keys, log destinations, alerts, audit log, sign-in.
 *
 * A page is one component. It loads its data from the admin API, and keeps nothing after it is left. It does not show
 * buttons that the person's role may not use; the API refuses such calls in any case.
 *
 * Begin with `tunnels-page.tsx`. docs/dashboard.md#what-is-there; decision 0019 is about signing in.
 */
export { AlertsPage } from "./alerts-page.tsx";
export { AuditPage } from "./audit-page.tsx";
export { DestinationsPage } from "./destinations-page.tsx";
export { KeysPage } from "./keys-page.tsx";
export { SignInPage } from "./sign-in-page.tsx";
export { TunnelsPage } from "./tunnels-page.tsx";
