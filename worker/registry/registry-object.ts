import { DurableObject } from "cloudflare:workers";
import {
  type DescribedDestination,
  type Actor,
  type AuditEntry,
  type CaptureRecord,
  type ApiKeyFacts,
  type ApiKeyRecord,
  type GatewayKeyRecord,
  type Role,
  migrate,
  type ServicesVersion,
  type StoredServicesFile,
  type TunnelRecord,
  openStores,
  type RegistryStores,
  type OpenSession,
  type SessionHolder,
  type StoredReport,
  type IdentityRecord,
} from "./stores/index.ts";
import type { LogDestination, LogDestinationInput } from "../../shared/events/log-destination.ts";
import type { ServicesFile } from "../../shared/services/index.ts";
import type { AlertInput } from "../../shared/signals/alert.ts";
import { Alerts, type DescribedAlert, type FiringCondition } from "../alerts/alerts.ts";
import { sendNotice } from "../alerts/send-notice.ts";
import { type KeyProof, type RegistryAnswer, MAX_SUBJECTS_PER_LOOK_UP, type Subject } from "../auth/index.ts";
import type { StoredIdentity } from "../auth/workload-identity/known-identities.ts";
import type { IssuerKeySource } from "../auth/workload-identity/workload-identity.ts";
import type { Env } from "../env.ts";
import { telemetryStub, tunnelStub } from "../env.ts";
import { RELAY_TELEMETRY } from "../events/index.ts";
import { alertPatiencePercent } from "../log-settings.ts";
import { HistorySweep } from "../history/history-sweep.ts";
import type { ShippingList, TelemetryReport } from "../telemetry/metrics/telemetry-report.ts";
import type { GatewayKeyDigest, TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import { tunnelIdOf } from "../tunnel/configuration/tunnel-objects.ts";
import { withTimeout } from "../with-timeout.ts";
import { AdminAccess } from "./admin-access.ts";
import { AlertWebhooks } from "./alert-webhooks.ts";
import { CaptureControl } from "./capture-control.ts";
import type { Change, MakeChange } from "./change.ts";
import { GatewayKeys } from "./gateway-keys.ts";
import { Identities } from "./identities.ts";
import { LogDestinations } from "./log-destinations.ts";
import { answerOf } from "./look-up.ts";
import { ObjectScaling } from "./scaling/object-scaling.ts";
import { PUSH_WAIT_MS } from "./push-config.ts";
import type {
  CaptureOutcome,
  DestinationName,
  DestinationOutcome,
  NewCapture,
  NewTunnel,
  Outcome,
  PutOutcome,
  RegistryCalls,
  RollBackOutcome,
  TunnelChange,
  TunnelDetails,
  TunnelServices,
} from "../calls/registry-calls.ts";
import type { ObjectLoad } from "./scaling/scaling.ts";
import { ServicesFiles } from "./services-files.ts";
import { TunnelConfigs } from "./tunnel-configs.ts";
import { Tunnels } from "./tunnels.ts";

/**
 * The source of truth. Every method is one short turn over SQLite, and changes are pushed to the tunnels that they concern. `RegistryCalls`
 * says what each method does; the parts that they call do the work. This class joins the parts, makes changes atomic, and shares the one
 * alarm.
 */
export class Registry extends DurableObject<Env> implements RegistryCalls {
  readonly #stores: RegistryStores;
  readonly #configs: TunnelConfigs;
  readonly #scaling: ObjectScaling;
  readonly #tunnels: Tunnels;
  readonly #identities: Identities;
  readonly #services: ServicesFiles;
  readonly #gatewayKeys: GatewayKeys;
  readonly #access: AdminAccess;
  readonly #destinations: LogDestinations;
  readonly #captures: CaptureControl;
  readonly #alerts: Alerts;
  readonly #webhooks: AlertWebhooks;
  readonly #sweep: HistorySweep;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage);
    const stores = openStores(ctx.storage.sql);
    const change: MakeChange = (by, make) => this.#change(by, make);
    this.#stores = stores;
    this.#sweep = new HistorySweep(ctx.storage);
    this.#scaling = new ObjectScaling(stores.objects);
    this.#configs = new TunnelConfigs(
      stores,
      async (objectName, config) => (await tunnelStub(env, objectName).applyConfig(config)).version,
    );
    this.#alerts = new Alerts(ctx.storage.sql, {
      tunnel: (id) => {
        const tunnel = stores.tunnels.tunnel(id);
        if (tunnel === null) return null;
        const objectNames = stores.objects.of(id).map(({ name }) => name);
        return { name: tunnel.name, tokens: stores.tunnels.tokens(id), objectNames };
      },
      endingKeys: () => stores.keys.endingApiKeys(),
      send: sendNotice,
      random: () => Math.random(),
      patiencePercent: alertPatiencePercent(env),
    });
    this.#webhooks = new AlertWebhooks(this.#alerts, change);
    this.#tunnels = new Tunnels({
      ...{ stores, change, configs: this.#configs, scaling: this.#scaling, alerts: this.#alerts },
      deleteCaptured: (tunnelId) => {
        const deleted = telemetryStub(env, tunnelId).deleteCaptured(null);
        // If deleting fails now, it is done a day later.
        ctx.waitUntil(deleted.catch(() => {}));
      },
    });
    this.#identities = new Identities(stores, change);
    this.#services = new ServicesFiles(stores.tunnels, change);
    this.#gatewayKeys = new GatewayKeys(stores, change);
    this.#access = new AdminAccess({
      ...{ stores, change, alerts: this.#alerts },
      schedule: () => this.#scheduleAlarm(),
      tellEnded: async (objectName, kids) => {
        await tunnelStub(env, objectName).endTails(kids);
      },
    });
    this.#destinations = new LogDestinations(stores, change);
    this.#captures = new CaptureControl(stores, this.#services, change);
  }

  // ── tunnels and their objects ───────────────────────────────────────────────────────────────────

  /** Only an object that has asked gets changes, because a push would create it near the Registry, wherever that is. */
  tunnelConfig(objectName: string): TunnelConfig | null {
    return this.ctx.storage.transactionSync(() => this.#configs.pulledBy(objectName));
  }

  createTunnel(by: Actor, tunnel: NewTunnel, token: KeyProof): Promise<Outcome> {
    return this.#tunnels.create(by, tunnel, token);
  }

  changeTunnel(by: Actor, id: string, change: TunnelChange): Promise<Outcome> {
    return this.#tunnels.update(by, id, change);
  }

  objectReport(objectName: string, load: ObjectLoad): Promise<void> {
    return this.#tunnels.objectReport(objectName, load);
  }

  tunnels(limit: number, afterSeq: number): TunnelRecord[] {
    return this.#stores.tunnels.tunnels(limit, afterSeq);
  }

  tunnelServices(limit: number, afterSeq: number): TunnelServices[] {
    return this.#stores.tunnels.tunnelServices(limit, afterSeq);
  }

  tunnel(id: string): TunnelDetails | null {
    return this.#tunnels.details(id);
  }

  deleteTunnel(by: Actor, id: string): Promise<Outcome> {
    return this.#tunnels.delete(by, id);
  }

  addToken(by: Actor, tunnelId: string, token: KeyProof, overlapMs: number): Promise<Outcome> {
    return this.#tunnels.addToken(by, tunnelId, token, overlapMs);
  }

  deleteToken(by: Actor, tunnelId: string, kid: string): Promise<Outcome> {
    return this.#tunnels.deleteToken(by, tunnelId, kid);
  }

  // ── identities that tunnels trust ───────────────────────────────────────────────────────────────

  addIdentity(by: Actor, tunnelId: string, id: string, identity: StoredIdentity): Promise<Outcome> {
    return this.#identities.add(by, tunnelId, id, identity);
  }

  identities(tunnelId: string): IdentityRecord[] | null {
    return this.#identities.of(tunnelId);
  }

  identity(tunnelId: string, id: string): StoredIdentity | null {
    return this.#stores.identities.stored(tunnelId, id);
  }

  setIdentityKeys(
    by: Actor,
    tunnelId: string,
    id: string,
    keySource: IssuerKeySource,
    proofHex: string,
  ): Promise<Outcome> {
    return this.#identities.setKeys(by, tunnelId, id, keySource, proofHex);
  }

  deleteIdentity(by: Actor, tunnelId: string, id: string): Promise<Outcome> {
    return this.#identities.delete(by, tunnelId, id);
  }

  // ── services files ──────────────────────────────────────────────────────────────────────────────

  servicesFile(tunnelId: string, version?: number): StoredServicesFile | null {
    return this.#services.get(tunnelId, version);
  }

  putServicesFile(
    by: Actor,
    tunnelId: string,
    file: ServicesFile,
    expected: readonly number[] | null,
  ): Promise<PutOutcome> {
    return this.#services.put(by, tunnelId, file, expected);
  }

  servicesVersions(tunnelId: string, limit: number, beforeVersion: number): ServicesVersion[] | null {
    return this.#services.versions(tunnelId, limit, beforeVersion);
  }

  rollBackServices(
    by: Actor,
    tunnelId: string,
    rolledBackTo: number,
    expected: readonly number[] | null,
  ): Promise<RollBackOutcome> {
    return this.#services.rollBack(by, tunnelId, rolledBackTo, expected);
  }

  // ── keys, sessions, and who watches with them ───────────────────────────────────────────────────

  addGatewayKey(by: Actor, key: GatewayKeyDigest): Promise<Outcome> {
    return this.#gatewayKeys.add(by, key);
  }

  gatewayKeys(limit: number, afterSeq: number): GatewayKeyRecord[] {
    return this.#stores.keys.gatewayKeys(limit, afterSeq);
  }

  deleteGatewayKey(by: Actor, kid: string): Promise<Outcome> {
    return this.#gatewayKeys.delete(by, kid);
  }

  addApiKey(by: Actor, key: KeyProof, said: ApiKeyFacts | Role): Promise<Outcome> {
    // A Worker of version 0.1 sends only the role.
    const facts = typeof said === "string" ? { role: said, name: null, expiresAtMs: null } : said;
    return this.#access.addKey(by, key, facts);
  }

  apiKeys(limit: number, afterSeq: number): ApiKeyRecord[] {
    return this.#stores.keys.apiKeys(limit, afterSeq);
  }

  deleteApiKey(by: Actor, kid: string): Promise<Outcome> {
    return this.#access.deleteKey(by, kid);
  }

  lookUp(subjects: readonly Subject[]): RegistryAnswer[] {
    return subjects.slice(0, MAX_SUBJECTS_PER_LOOK_UP).map((subject) => answerOf(this.#stores, subject));
  }

  isGatewayKey(key: KeyProof): boolean {
    return this.#stores.keys.isGatewayKey(key.kid, key.digestHex);
  }

  apiKeyRole(key: KeyProof): Role | null {
    return this.#access.roleOf(key);
  }

  openSession(session: KeyProof, holder: SessionHolder, nowMs: number): Promise<number> {
    return this.#access.openSession(session, holder, nowMs);
  }

  useSession(session: KeyProof, adminProofHex: string, nowMs: number): OpenSession | null {
    return this.#access.useSession(session, adminProofHex, nowMs);
  }

  closeSession(session: KeyProof): Promise<void> {
    return this.#access.closeSession(session);
  }

  registerTail(objectName: string, kid: string, untilMs: number): boolean {
    return this.#access.registerTail(objectName, kid, untilMs);
  }

  // ── logs, reports, alerts, captures ─────────────────────────────────────────────────────────────

  addLogDestination(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome> {
    return this.#destinations.add(by, id, input);
  }

  putLogDestination(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome> {
    return this.#destinations.put(by, id, input);
  }

  deleteLogDestination(by: Actor, id: string): Promise<Outcome> {
    return this.#destinations.delete(by, id);
  }

  logDestinations(): DescribedDestination[] {
    return this.#destinations.all();
  }

  logDestinationNames(): DestinationName[] {
    return this.#destinations.names();
  }

  logDestination(id: string): DescribedDestination | null {
    return this.#destinations.get(id);
  }

  shippingDestination(id: string): LogDestination | null {
    return this.#destinations.shipping(id);
  }

  shippingList(): ShippingList {
    return this.#stores.destinations.shippingList();
  }

  async telemetryReport(objectName: string, report: TelemetryReport): Promise<boolean> {
    const tunnelId = tunnelIdOf(objectName);
    const isRelay = objectName === RELAY_TELEMETRY;
    if (!isRelay && this.#stores.tunnels.tunnel(tunnelId) === null) return false;
    this.#stores.reports.put(objectName, report, Date.now());
    const isNews =
      !isRelay &&
      this.ctx.storage.transactionSync(() => this.#alerts.reported(objectName, tunnelId, report, Date.now()));
    if (this.#sweep.begin(Date.now()) || isNews) await this.#scheduleAlarm();
    return true;
  }

  telemetryReports(limit: number, afterName: string): StoredReport[] {
    return this.#stores.reports.page(limit, afterName);
  }

  tunnelReports(tunnelId: string): StoredReport[] | null {
    return this.#stores.tunnels.tunnel(tunnelId) && this.#stores.reports.of(tunnelId);
  }

  addAlert(by: Actor, id: string, input: AlertInput): Promise<DescribedAlert | null> {
    return this.#webhooks.add(by, id, input);
  }

  deleteAlert(by: Actor, id: string): Promise<Outcome> {
    return this.#webhooks.delete(by, id);
  }

  alerts(): { alerts: DescribedAlert[]; firing: FiringCondition[] } {
    return { alerts: this.#alerts.all(), firing: this.#alerts.firing() };
  }

  sendableAlert(id: string): AlertInput | null {
    return this.#alerts.sendable(id);
  }

  startCapture(by: Actor, tunnelId: string, capture: NewCapture): Promise<CaptureOutcome> {
    return this.#captures.start(by, tunnelId, capture);
  }

  captures(tunnelId: string): CaptureRecord[] | null {
    return this.#captures.of(tunnelId);
  }

  async readCapture(by: Actor, tunnelId: string, id: string): Promise<CaptureRecord | null> {
    return this.#captures.read(by, tunnelId, id);
  }

  stopCapture(by: Actor, tunnelId: string, id: string): Promise<CaptureOutcome> {
    return this.#captures.stop(by, tunnelId, id);
  }

  captureFull(tunnelId: string, id: string): Promise<void> {
    return this.#captures.full(tunnelId, id);
  }

  deleteCapture(by: Actor, tunnelId: string, id: string): Promise<Outcome> {
    return this.#captures.delete(by, tunnelId, id);
  }

  auditLog(limit: number, beforeId: number): AuditEntry[] {
    return this.#stores.audit.entries(limit, beforeId);
  }

  // ── what parts share ────────────────────────────────────────────────────────────────────────────

  /** Removes expired tokens and repeats pushes that were not acknowledged. */
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const expired = this.ctx.storage.transactionSync(() => {
      this.#access.expireKeys(nowMs);
      return this.#tunnels.expireTokens(nowMs);
    });
    await this.#access.endTails(nowMs);
    await this.#sendAlerts(nowMs);
    await this.#sweep.run(nowMs, (objectName) => telemetryStub(this.env, objectName).expire());
    await this.#tunnels.rescaleDue(nowMs);
    await this.#configs.pushDue(expired, nowMs);
    await this.#scheduleAlarm();
  }

  /** The change, its audit entry, its pushes and the alarm for them are stored together or not at all. */
  async #change<T>(by: Actor, make: () => Change<T>): Promise<T> {
    const { result, tunnelIds = [] } = this.ctx.storage.transactionSync(() => {
      const change = make();
      if (change.audit !== undefined) this.#stores.audit.append(by, change.audit);
      for (const tunnelId of change.tunnelIds ?? []) this.#configs.enqueue(tunnelId, by.atMs);
      return change;
    });
    await this.#scheduleAlarm();
    if (tunnelIds.length > 0) {
      await withTimeout(this.#configs.pushTo(tunnelIds), PUSH_WAIT_MS, undefined);
      await this.#scheduleAlarm();
    }
    return result;
  }

  /** Sends notices. A slow webhook delays nothing, because the alarm sends again whatever was not sent. */
  async #sendAlerts(nowMs: number): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#alerts.lookAtDue(nowMs));
    const sent = this.#alerts.sendDue(() => Date.now()).then(() => this.#scheduleAlarm());
    await withTimeout(sent, PUSH_WAIT_MS, undefined);
  }

  async #scheduleAlarm(): Promise<void> {
    const { queue, tunnels, tails, keys } = this.#stores;
    const dueMs = [
      ...[queue.nextDueMs(), tunnels.nextExpiryMs(), tails.nextDueMs()],
      ...[this.#scaling.nextLookMs(), this.#alerts.nextDueMs(), this.#sweep.nextDueMs()],
      ...keys.endingApiKeys().map(({ expiresAtMs }) => expiresAtMs),
    ];
    const times = dueMs.filter((timeMs) => timeMs !== null);
    if (times.length === 0) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Math.min(...times));
  }
}
