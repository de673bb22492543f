/*
 * The Registry's tables, one file for what belongs together.
 *
 * A store runs SQL and knows no rule: who may do something, and what else has to happen, is decided by its user within one transaction.
 * A table's form changes only by a new step in `migrations.ts`, because deployed relays have the old one.
 *
 * Begin with `registry-stores.ts` (all stores by name), then `migrations.ts`. docs/registry.md lists the tables; decision 0008.
 */
export type { Actor, AuditChange, AuditEntry, AuditFacts } from "./audit-log.ts";
export { isRunning, type CaptureRecord } from "./capture-record-store.ts";
export { identityFacts, type IdentityRecord } from "./identity-store.ts";
export type { ApiKeyFacts, ApiKeyRecord, GatewayKeyRecord, Role } from "./key-store.ts";
export {
  described,
  destinationFacts,
  type DescribedDestination,
  type LogDestinationRecord,
} from "./log-destination-store.ts";
export { migrate } from "./migrations.ts";
export type { PendingPush, PushQueue } from "./push-queue.ts";
export type {
  RegistryStore,
  ServicesVersion,
  StoredServicesFile,
  TokenRecord,
  TunnelRecord,
} from "./registry-store.ts";
export { openStores, type RegistryStores } from "./registry-stores.ts";
export { SESSION_MS, type OpenSession, type SessionHolder } from "./session-store.ts";
export type { StoredReport } from "./telemetry-report-store.ts";
export type { TunnelObjectRecord, TunnelObjectStore } from "./tunnel-object-store.ts";
