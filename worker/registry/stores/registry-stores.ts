import { AuditLog } from "./audit-log.ts";
import { CaptureRecordStore } from "./capture-record-store.ts";
import { IdentityStore } from "./identity-store.ts";
import { KeyStore } from "./key-store.ts";
import { LogDestinationStore } from "./log-destination-store.ts";
import { PushQueue } from "./push-queue.ts";
import { RegistryStore } from "./registry-store.ts";
import { SessionStore } from "./session-store.ts";
import { TailRegister } from "./tail-register.ts";
import { TelemetryReportStore } from "./telemetry-report-store.ts";
import { TunnelObjectStore } from "./tunnel-object-store.ts";

/** The Registry's tables. Each part of the Registry gets those that it needs. */
export interface RegistryStores {
  tunnels: RegistryStore;
  objects: TunnelObjectStore;
  queue: PushQueue;
  identities: IdentityStore;
  keys: KeyStore;
  sessions: SessionStore;
  tails: TailRegister;
  destinations: LogDestinationStore;
  reports: TelemetryReportStore;
  captures: CaptureRecordStore;
  audit: AuditLog;
}

export function openStores(sql: SqlStorage): RegistryStores {
  const keys = new KeyStore(sql);
  return {
    tunnels: new RegistryStore(sql),
    objects: new TunnelObjectStore(sql),
    queue: new PushQueue(sql),
    identities: new IdentityStore(sql),
    keys,
    sessions: new SessionStore(sql),
    tails: new TailRegister(sql),
    destinations: new LogDestinationStore(sql),
    reports: new TelemetryReportStore(sql),
    captures: new CaptureRecordStore(sql),
    audit: new AuditLog(sql, (actor) => keys.apiKeyName(actor)),
  };
}
