/*
 * The routes of the admin API, one file per kind of thing.
 *
 * A route checks who may do it, asks an object by RPC, and shapes the answer; it keeps no state and decides nothing that an object
 * decides. Each change is one call of the Registry, which writes the audit entry in the same transaction.
 *
 * Begin with `tunnels.ts` as the typical one; `connect.ts` and `tail.ts` are the two that answer with a WebSocket. docs/api.md#routes;
 * decision 0008 says why a change is answered before every object has heard of it.
 */
export { alertOperations } from "./alerts.ts";
export { auditLogOperations } from "./audit-log.ts";
export { captureOperations } from "./captures.ts";
export { connect } from "./connect.ts";
export { identityOperations } from "./identities.ts";
export { keyOperations } from "./keys.ts";
export { logDestinationOperations } from "./log-destinations.ts";
export { requestOperations } from "./requests.ts";
export { servicesConfigurationOperations } from "./services-configuration.ts";
export { tailOperations } from "./tail.ts";
export { telemetryOperations } from "./telemetry.ts";
export { tunnelOperations } from "./tunnels.ts";
