import type { AlertInput } from "../../shared/signals/alert.ts";
import type { DescribedAlert, FiringCondition } from "../alerts/alerts.ts";
import type { LogDestination, LogDestinationInput } from "../../shared/events/log-destination.ts";
import type { Problem } from "../../shared/problems.ts";
import type { ServicesFile } from "../../shared/services/index.ts";
import type { KeyProof, RegistryAnswer, Subject } from "../auth/index.ts";
import type { StoredIdentity } from "../auth/workload-identity/known-identities.ts";
import type { IssuerKeySource } from "../auth/workload-identity/workload-identity.ts";
import type { ShippingList, TelemetryReport } from "../telemetry/metrics/telemetry-report.ts";
import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import type { LocationHint } from "../tunnel/configuration/tunnel-objects.ts";
import type { ObjectLoad, ScalingWish } from "../registry/scaling/scaling.ts";
import type {
  TunnelObjectRecord,
  Actor,
  AuditEntry,
  CaptureRecord,
  IdentityRecord,
  DescribedDestination,
  ApiKeyFacts,
  ApiKeyRecord,
  GatewayKeyRecord,
  Role,
  ServicesVersion,
  StoredServicesFile,
  TokenRecord,
  TunnelRecord,
  OpenSession,
  SessionHolder,
  StoredReport,
} from "../registry/stores/index.ts";

export type Outcome = "done" | "not_found" | "limit_reached" | "invalid";

export type PutOutcome = { outcome: "done"; version: number } | { outcome: "not_found" | "stale" };

export type RollBackOutcome =
  | { outcome: "done"; version: number; changes: string[] }
  | { outcome: "not_found" | "not_kept" | "stale" }
  | { outcome: "invalid"; problems: Problem[] };

export type DestinationOutcome =
  | { outcome: "done"; described: DescribedDestination }
  | { outcome: "not_found" | "limit_reached" }
  | { outcome: "invalid"; problems: Problem[] };

export type DestinationName = Pick<LogDestination, "id" | "name" | "kind">;

/** Which services a tunnel has. */
export interface TunnelServices {
  /** For pages. */
  seq: number;
  id: string;
  services: string[];
}

export type CaptureOutcome =
  | { outcome: "done"; record: CaptureRecord }
  | { outcome: "not_found" | "limit_reached" }
  | { outcome: "invalid"; message: string };

/** What is to be captured. */
export interface NewCapture {
  id: string;
  service: string;
  seconds: number;
  maxRequests: number;
}

export interface TunnelDetails extends TunnelRecord {
  tokens: TokenRecord[];
  identities: IdentityRecord[];
  services: StoredServicesFile;
  objects: TunnelObjectRecord[];
  /** Objects that have carried it, and when each last reported requests. Their telemetry still exists. */
  pastObjects: { name: string; atMs: number }[];
  /** Those that run. */
  captures: CaptureRecord[];
}

export type TunnelChange = { [Name in keyof ScalingWish]?: ScalingWish[Name] | undefined } & {
  name?: string | undefined;
};

export interface NewTunnel {
  id: string;
  name: string;
  /** Where its first object is wanted. */
  location?: LocationHint | undefined;
}

/** The Registry's RPC methods. Every call is asynchronous and may fail, because it goes to another object. */
export interface RegistryCalls extends Rpc.DurableObjectBranded {
  /**
   * The configuration for a tunnel's object that has no copy yet, or an older one; null if it carries no tunnel. From this call on, the
   * object gets changes.
   */
  tunnelConfig(objectName: string): TunnelConfig | null;

  createTunnel(by: Actor, tunnel: NewTunnel, token: KeyProof): Promise<Outcome>;

  /** Settings that are not named stay unchanged. */
  changeTunnel(by: Actor, id: string, change: TunnelChange): Promise<Outcome>;

  /** An object's report of its load. The list of the tunnel's objects may change because of it. */
  objectReport(objectName: string, load: ObjectLoad): Promise<void>;

  tunnels(limit: number, afterSeq: number): TunnelRecord[];

  /** In order of creation. */
  tunnelServices(limit: number, afterSeq: number): TunnelServices[];

  tunnel(id: string): TunnelDetails | null;

  deleteTunnel(by: Actor, id: string): Promise<Outcome>;

  /** The tunnel's older tokens expire after the overlap. */
  addToken(by: Actor, tunnelId: string, token: KeyProof, overlapMs: number): Promise<Outcome>;

  deleteToken(by: Actor, tunnelId: string, kid: string): Promise<Outcome>;

  addIdentity(by: Actor, tunnelId: string, id: string, identity: StoredIdentity): Promise<Outcome>;

  /** Oldest first; null for a tunnel that does not exist. */
  identities(tunnelId: string): IdentityRecord[] | null;

  /** For a Worker that has to check the identity's tokens. Null: the tunnel has no such identity. */
  identity(tunnelId: string, id: string): StoredIdentity | null;

  setIdentityKeys(
    by: Actor,
    tunnelId: string,
    id: string,
    keySource: IssuerKeySource,
    proofHex: string,
  ): Promise<Outcome>;

  deleteIdentity(by: Actor, tunnelId: string, id: string): Promise<Outcome>;

  servicesFile(tunnelId: string, version?: number): StoredServicesFile | null;

  /** `expected`: the versions of which one has to be the newest; null when any will do. */
  putServicesFile(
    by: Actor,
    tunnelId: string,
    file: ServicesFile,
    expected: readonly number[] | null,
  ): Promise<PutOutcome>;

  /** Newest first; null for a tunnel that does not exist. */
  servicesVersions(tunnelId: string, limit: number, beforeVersion: number): ServicesVersion[] | null;

  /** Activates the file of an earlier version, as a new version. `expected`: as for `putServicesFile`. */
  rollBackServices(
    by: Actor,
    tunnelId: string,
    rolledBackTo: number,
    expected: readonly number[] | null,
  ): Promise<RollBackOutcome>;

  addGatewayKey(by: Actor, key: KeyProof & { project: string; environment: string }): Promise<Outcome>;

  gatewayKeys(limit: number, afterSeq: number): GatewayKeyRecord[];

  deleteGatewayKey(by: Actor, kid: string): Promise<Outcome>;

  /** A Worker of version 0.1 sends only the role. */
  addApiKey(by: Actor, key: KeyProof, said: ApiKeyFacts | Role): Promise<Outcome>;

  apiKeys(limit: number, afterSeq: number): ApiKeyRecord[];

  deleteApiKey(by: Actor, kid: string): Promise<Outcome>;

  /** For a Worker that decides before it calls any object: see `RegistryKnowledge`. */
  lookUp(subjects: readonly Subject[]): RegistryAnswer[];

  /** Called only if no tunnel's object can answer. */
  isGatewayKey(key: KeyProof): boolean;

  /** Null: it is not a key of this relay. */
  apiKeyRole(key: KeyProof): Role | null;

  /** When the session ends. A Registry that still runs older code returns nothing. */
  openSession(session: KeyProof, holder: SessionHolder, nowMs: number): Promise<number | undefined>;

  /** Null: it is not a session, or not any more. */
  useSession(session: KeyProof, adminProofHex: string, nowMs: number): OpenSession | null;

  closeSession(session: KeyProof): Promise<void>;

  /** Registers a watcher at this object. False: its key or session is no longer valid. */
  registerTail(objectName: string, kid: string, untilMs: number): boolean;

  addLogDestination(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome>;

  putLogDestination(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome>;

  deleteLogDestination(by: Actor, id: string): Promise<Outcome>;

  /** All of them: there are few. */
  logDestinations(): DescribedDestination[];

  logDestinationNames(): DestinationName[];

  logDestination(id: string): DescribedDestination | null;

  /** With its secrets. Only for code that sends to it. */
  shippingDestination(id: string): LogDestination | null;

  /** With their secrets. Only for Telemetry objects. */
  shippingList(): ShippingList;

  /** False: its tunnel was deleted, so the object may delete everything. */
  telemetryReport(objectName: string, report: TelemetryReport): Promise<boolean>;

  telemetryReports(limit: number, afterName: string): StoredReport[];

  /** Null for a tunnel that does not exist. */
  tunnelReports(tunnelId: string): StoredReport[] | null;

  /** Null: the limit is reached. */
  addAlert(by: Actor, id: string, input: AlertInput): Promise<DescribedAlert | null>;

  deleteAlert(by: Actor, id: string): Promise<Outcome>;

  /** All webhooks, and what is wrong now. */
  alerts(): { alerts: DescribedAlert[]; firing: FiringCondition[] };

  /** With its secrets. Only for code that sends to it. */
  sendableAlert(id: string): AlertInput | null;

  startCapture(by: Actor, tunnelId: string, capture: NewCapture): Promise<CaptureOutcome>;

  /** The newest first, those that are over included; null for a tunnel that does not exist. */
  captures(tunnelId: string): CaptureRecord[] | null;

  /** Records in the audit log who reads a capture. Null: there is no such capture. */
  readCapture(by: Actor, tunnelId: string, id: string): Promise<CaptureRecord | null>;

  stopCapture(by: Actor, tunnelId: string, id: string): Promise<CaptureOutcome>;

  deleteCapture(by: Actor, tunnelId: string, id: string): Promise<Outcome>;

  /** The capture is full, so the tunnel's objects are told to stop it. */
  captureFull(tunnelId: string, id: string): Promise<void>;

  auditLog(limit: number, beforeId: number): AuditEntry[];
}
