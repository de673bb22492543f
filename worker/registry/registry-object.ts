import { DurableObject } from "cloudflare:workers";
import { problemsOf } from "../../shared/problems.ts";
import { servicesDifference } from "../../shared/services/services-difference.ts";
import { type ServicesFile, servicesFileSchema } from "../../shared/services/services-file.ts";
import { type Answer, MAX_SUBJECTS_PER_LOOK_UP, type Subject } from "../auth/registry-knowledge.ts";
import type { KeyProof } from "../auth/access-key.ts";
import { ACCESS_ACTOR_PREFIX } from "../auth/cloudflare-access/access-holder.ts";
import type { Env } from "../env.ts";
import { telemetryStub, tunnelStub } from "../env.ts";
import type { GatewayKeyDigest, TunnelConfig } from "../tunnel/tunnel-config.ts";
import { formatServing, tunnelIdOf } from "../tunnel/tunnel-objects.ts";
import { ObjectScaling } from "./object-scaling.ts";
import type { ObjectLoad, ScalingWish } from "./scaling.ts";
import { TunnelObjectStore } from "./tunnel-object-store.ts";
import type { Actor, AuditChange, AuditEntry, AuditFacts } from "./audit-log.ts";
import { AuditLog } from "./audit-log.ts";
import { type CaptureRecord, CaptureRecordStore, isRunning } from "./capture-record-store.ts";
import { uncapturable } from "../capture/uncapturable.ts";
import type { ApiKeyFacts, ApiKeyRecord, GatewayKeyRecord, Role } from "./key-store.ts";
import { KeyStore } from "./key-store.ts";
import { type LogDestination, type LogDestinationInput, keepSecrets } from "../../shared/log-destination.ts";
import type { AlertInput } from "../../shared/signals/alert.ts";
import {
  alertFacts,
  Alerts,
  type DescribedAlert,
  type FiringCondition,
  MAX_ALERTS,
} from "../alerts/alerts.ts";
import { sendNotice } from "../alerts/send-notice.ts";
import { HistorySweep } from "../history/history-sweep.ts";
import { RELAY_TELEMETRY } from "../events/event-batch.ts";
import { alertPatiencePercent } from "../events/log-settings.ts";
import type { ShippingList, TelemetryReport } from "../telemetry/telemetry-report.ts";
import {
  described,
  destinationFacts,
  type LogDestinationRecord,
  LogDestinationStore,
} from "./log-destination-store.ts";
import { migrate } from "./migrations.ts";
import type { PendingPush } from "./push-queue.ts";
import { PushQueue } from "./push-queue.ts";
import { pushConfigs } from "./push-config.ts";
import type { ServicesVersion, StoredServicesFile, TunnelRecord } from "./registry-store.ts";
import type {
  CaptureOutcome,
  DescribedDestination,
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
} from "./registry-calls.ts";
import { RegistryStore } from "./registry-store.ts";
import { type OpenSession, type SessionHolder, SessionStore } from "./session-store.ts";
import { TailRegister } from "./tail-register.ts";
import { type StoredReport, TelemetryReportStore } from "./telemetry-report-store.ts";
import { withTimeout } from "../with-timeout.ts";

/** Bounds the object's storage and the work of a change that concerns every tunnel. */
const LIMITS = {
  tunnels: 10_000,
  tokensPerTunnel: 10,
  gatewayKeys: 1000,
  apiKeys: 1000,
  logDestinations: 20,
};

/** An answer waits this long for the tunnels concerned to take the change. */
const PUSH_WAIT_MS = 2000;

/** Applying a configuration takes an object milliseconds. */
const SEND_TIMEOUT_MS = 10_000;

/** The alarm takes over pushes that are then still open, because this object was reset. */
const PUSH_GUARD_MS = 5000;

/** Under the thousand calls that the platform allows one invocation. */
const PUSHES_PER_TURN = 900;

/** The source of truth. Every method is one short turn over SQLite; changes are pushed to the tunnels that they concern. */
export class Registry extends DurableObject<Env> implements RegistryCalls {
  readonly #store: RegistryStore;
  readonly #keys: KeyStore;
  readonly #sessions: SessionStore;
  readonly #destinations: LogDestinationStore;
  readonly #reports: TelemetryReportStore;
  readonly #tails: TailRegister;
  readonly #audit: AuditLog;
  readonly #captures: CaptureRecordStore;
  readonly #sweep: HistorySweep;
  readonly #alerts: Alerts;
  readonly #queue: PushQueue;
  readonly #objects: TunnelObjectStore;
  readonly #scaling: ObjectScaling;
  /** Taken off a list in the change that is being made. */
  readonly #leavers: { name: string; tunnelId: string }[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    migrate(ctx.storage);
    this.#store = new RegistryStore(sql);
    this.#keys = new KeyStore(sql);
    this.#sessions = new SessionStore(sql);
    this.#destinations = new LogDestinationStore(sql);
    this.#reports = new TelemetryReportStore(sql);
    this.#tails = new TailRegister(sql);
    this.#audit = new AuditLog(sql, (actor) => this.#keys.apiKeyName(actor));
    this.#captures = new CaptureRecordStore(sql);
    this.#sweep = new HistorySweep(ctx.storage);
    this.#alerts = new Alerts(sql, {
      tunnel: (id) => {
        const tunnel = this.#store.tunnel(id);
        if (tunnel === null) return null;
        const objectNames = this.#objects.of(id).map(({ name }) => name);
        return { name: tunnel.name, tokens: this.#store.tokens(id), objectNames };
      },
      endingKeys: () => this.#keys.endingApiKeys(),
      send: sendNotice,
      random: () => Math.random(),
      patiencePercent: alertPatiencePercent(env),
    });
    this.#queue = new PushQueue(sql);
    this.#objects = new TunnelObjectStore(sql);
    this.#scaling = new ObjectScaling(this.#objects);
  }

  /**
   * For a tunnel's object that has no copy yet, or an older one; null for one that carries no tunnel. From then on the
   * object hears of changes, and before it does not: a push would make it, wherever the Registry happens to be.
   */
  tunnelConfig(objectName: string): TunnelConfig | null {
    const tunnelId = tunnelIdOf(objectName);
    return this.ctx.storage.transactionSync(() => {
      const config = this.#config(tunnelId);
      const isListed = config?.objects?.list.some(({ name }) => name === objectName) ?? false;
      // One that is off the list learns whom to hand requests to, and hears of no changes.
      if (isListed) this.#objects.markPulled(objectName);
      return config;
    });
  }

  #config(tunnelId: string): TunnelConfig | null {
    const config = this.#store.config(tunnelId, {
      gatewayKeys: this.#keys.gatewayKeyDigests(),
      destinationsRevision: this.#destinations.revision(),
    });
    const captures = this.#captures.rules(tunnelId, Date.now());
    return config && { ...config, objects: this.#objects.list(tunnelId), captures };
  }

  async createTunnel(by: Actor, tunnel: NewTunnel, token: KeyProof): Promise<Outcome> {
    return this.#change(by, () => {
      if (this.#store.tunnelCount() >= LIMITS.tunnels) return refused("limit_reached");
      this.#store.createTunnel(tunnel.id, tunnel.name, by.atMs);
      const location = tunnel.location ?? null;
      this.#objects.add(tunnel.id, { name: tunnel.id, location, phase: "serving" }, by.atMs);
      const wish = this.#objects.wish(tunnel.id);
      if (wish !== null) this.#objects.setWish(tunnel.id, { ...wish, location });
      this.#store.addToken(tunnel.id, token.kid, token.digestHex, by.atMs);
      const after = { name: tunnel.name, token: token.kid };
      return done([tunnel.id], { action: "tunnel.create", target: tunnel.id, before: null, after });
    });
  }

  /** What is not named stays as it is. */
  async changeTunnel(by: Actor, id: string, { name, ...wanted }: TunnelChange): Promise<Outcome> {
    return this.#change(by, () => {
      const before = this.#store.tunnel(id);
      const wishBefore = this.#objects.wish(id);
      if (before === null || wishBefore === null) return refused("not_found");
      if (name !== undefined) this.#store.renameTunnel(id, name);
      const wish: ScalingWish = {
        min: wanted.min ?? Math.min(wishBefore.min, wanted.max ?? Infinity),
        max: wanted.max ?? Math.max(wishBefore.max, wanted.min ?? 0),
        location: wanted.location === undefined ? wishBefore.location : wanted.location,
        drainMs: wanted.drainMs ?? wishBefore.drainMs,
      };
      if (wish.min > wish.max) return refused("invalid");
      this.#objects.setWish(id, wish);
      this.#scaling.wishChanged(id, by.atMs);
      const facts = (tunnelName: string, { min, max, location, drainMs }: ScalingWish) => ({
        ...{ name: tunnelName, minObjects: min, maxObjects: max, location, drainSeconds: drainMs / 1_000 },
      });
      return done(this.#rescale(id, by.atMs) ? [id] : [], {
        action: "tunnel.update",
        target: id,
        before: facts(before.name, wishBefore),
        after: facts(name ?? before.name, wish),
      });
    });
  }

  /** What an object says of its load. The list of the tunnel's objects may change by it. */
  async objectReport(objectName: string, load: ObjectLoad): Promise<void> {
    const nowMs = Date.now();
    if (this.#scaling.report(objectName, load, nowMs))
      await this.#rescaleInTurn([tunnelIdOf(objectName)], nowMs);
  }

  tunnels(limit: number, afterSeq: number): TunnelRecord[] {
    return this.#store.tunnels(limit, afterSeq);
  }

  tunnelServices(limit: number, afterSeq: number): TunnelServices[] {
    return this.#store.tunnelServices(limit, afterSeq);
  }

  tunnel(id: string): TunnelDetails | null {
    const tunnel = this.#store.tunnel(id);
    const services = this.#store.servicesFile(id);
    if (tunnel === null || services === null) return null;
    const captures = this.#captures.of(id).filter((record) => isRunning(record, Date.now()));
    const objects = this.#objects.of(id);
    const listed = new Set(objects.map(({ name }) => name));
    const pastObjects = this.#reports.reporters(id).filter(({ name }) => !listed.has(name));
    return { ...tunnel, tokens: this.#store.tokens(id), services, objects, pastObjects, captures };
  }

  async deleteTunnel(by: Actor, id: string): Promise<Outcome> {
    return this.#change(by, () => {
      const tunnel = this.#store.tunnel(id);
      if (tunnel === null) return refused("not_found");
      this.#store.deleteTunnel(id, by.atMs);
      this.#reports.deleteOf(id);
      // What cannot be deleted now goes a day later.
      if (this.#captures.deleteOf(id))
        this.ctx.waitUntil(
          telemetryStub(this.env, id)
            .deleteCaptured(null)
            .catch(() => {}),
        );
      this.#alerts.deleted(id, tunnel.name, by.atMs);
      // Nothing of it is anywhere but here.
      if (!this.#objects.of(id).some(({ pulled }) => pulled)) this.#forget(id);
      return done([id], { action: "tunnel.delete", target: id, before: { name: tunnel.name }, after: null });
    });
  }

  /** The older tokens of the tunnel end after the overlap. */
  async addToken(by: Actor, tunnelId: string, token: KeyProof, overlapMs: number): Promise<Outcome> {
    return this.#change(by, () => {
      if (this.#store.tunnel(tunnelId) === null) return refused("not_found");
      const tokens = this.#store.tokens(tunnelId);
      const older = tokens.map(({ kid }) => kid);
      const endMs = by.atMs + overlapMs;
      const shortened = tokens.filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs > endMs);
      if (older.length >= LIMITS.tokensPerTunnel && overlapMs > 0) return refused("limit_reached");
      this.#store.endTokens(tunnelId, endMs);
      this.#expireTokens(by.atMs);
      this.#store.addToken(tunnelId, token.kid, token.digestHex, by.atMs);
      const before = { tokens: older.join(" ") };
      const after = {
        ...{ token: token.kid, overlapSeconds: overlapMs / 1000 },
        ...(shortened.length === 0 ? {} : { shortened: shortened.map(({ kid }) => kid).join(" ") }),
      };
      return done([tunnelId], { action: "token.create", target: tunnelId, before, after });
    });
  }

  async deleteToken(by: Actor, tunnelId: string, kid: string): Promise<Outcome> {
    return this.#change(by, () => {
      if (!this.#store.deleteToken(tunnelId, kid)) return refused("not_found");
      return done([tunnelId], {
        action: "token.revoke",
        target: tunnelId,
        before: { token: kid },
        after: null,
      });
    });
  }

  servicesFile(tunnelId: string, version?: number): StoredServicesFile | null {
    return this.#store.tunnel(tunnelId) && this.#store.servicesFile(tunnelId, version);
  }

  /** `expected`: the versions of which one has to be the newest; null when any will do. */
  async putServicesFile(
    by: Actor,
    tunnelId: string,
    file: ServicesFile,
    expected: readonly number[] | null,
  ): Promise<PutOutcome> {
    return this.#change<PutOutcome>(by, () => {
      const current = this.servicesFile(tunnelId)?.version;
      if (current === undefined) return { result: { outcome: "not_found" } };
      if (expected !== null && !expected.includes(current)) return { result: { outcome: "stale" } };
      const version = current + 1;
      this.#store.putServicesFile(tunnelId, { version, file }, by);
      return {
        result: { outcome: "done", version },
        tunnelIds: [tunnelId],
        audit: {
          action: "services-configuration.update",
          target: tunnelId,
          before: { version: current },
          after: { version },
        },
      };
    });
  }

  /** Newest first; null for a tunnel that does not exist. */
  servicesVersions(tunnelId: string, limit: number, beforeVersion: number): ServicesVersion[] | null {
    return this.#store.tunnel(tunnelId) && this.#store.servicesVersions(tunnelId, limit, beforeVersion);
  }

  /** Puts the file of an earlier version into force, as a new one. `expected`: as for `putServicesFile`. */
  async rollBackServices(
    by: Actor,
    tunnelId: string,
    rolledBackTo: number,
    expected: readonly number[] | null,
  ): Promise<RollBackOutcome> {
    return this.#change<RollBackOutcome>(by, () => {
      const current = this.servicesFile(tunnelId);
      if (current === null) return { result: { outcome: "not_found" } };
      if (expected !== null && !expected.includes(current.version)) return { result: { outcome: "stale" } };
      const earlier = this.#store.servicesFile(tunnelId, rolledBackTo);
      if (earlier === null) return { result: { outcome: "not_kept" } };
      // It was valid for the relay that took it.
      const parsed = servicesFileSchema.safeParse(earlier.file);
      if (!parsed.success) return { result: { outcome: "invalid", problems: problemsOf(parsed.error) } };
      const changes = servicesDifference(current.file, parsed.data);
      if (changes.length === 0) return { result: { outcome: "done", version: current.version, changes } };
      const version = current.version + 1;
      this.#store.putServicesFile(tunnelId, { version, file: parsed.data }, by, rolledBackTo);
      return {
        result: { outcome: "done", version, changes },
        tunnelIds: [tunnelId],
        audit: {
          action: "services-configuration.update",
          target: tunnelId,
          before: { version: current.version },
          after: { version, rolledBackTo },
        },
      };
    });
  }

  async addGatewayKey(by: Actor, key: GatewayKeyDigest): Promise<Outcome> {
    return this.#change(by, () => {
      if (this.#keys.gatewayKeyCount() >= LIMITS.gatewayKeys) return refused("limit_reached");
      this.#keys.addGatewayKey(key, by.atMs);
      const { kid: _kid, digestHex: _digestHex, ...after } = key;
      return done(this.#store.tunnelIds(), {
        action: "gateway-key.create",
        target: key.kid,
        before: null,
        after,
      });
    });
  }

  gatewayKeys(limit: number, afterSeq: number): GatewayKeyRecord[] {
    return this.#keys.gatewayKeys(limit, afterSeq);
  }

  async deleteGatewayKey(by: Actor, kid: string): Promise<Outcome> {
    return this.#change(by, () => {
      const before = this.#keys.deleteGatewayKey(kid);
      if (before === null) return refused("not_found");
      return done(this.#store.tunnelIds(), {
        action: "gateway-key.delete",
        target: kid,
        before: { project: before.project, environment: before.environment },
        after: null,
      });
    });
  }

  async addApiKey(by: Actor, key: KeyProof, said: ApiKeyFacts | Role): Promise<Outcome> {
    // A Worker of version 0.1 knows the role alone.
    const facts = typeof said === "string" ? { role: said, name: null, expiresAtMs: null } : said;
    return this.#change(by, () => {
      if (this.#keys.apiKeyCount() >= LIMITS.apiKeys) return refused("limit_reached");
      this.#keys.addApiKey(key, facts, by.atMs);
      this.#alerts.lookAtKeys(by.atMs);
      const { role, name, expiresAtMs } = facts;
      const after = {
        ...keyFacts({ role, name }),
        ...(expiresAtMs === null ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
      };
      return done([], { action: "api-key.create", target: key.kid, before: null, after });
    });
  }

  apiKeys(limit: number, afterSeq: number): ApiKeyRecord[] {
    return this.#keys.apiKeys(limit, afterSeq);
  }

  async deleteApiKey(by: Actor, kid: string): Promise<Outcome> {
    const outcome = await this.#change(by, () => {
      const before = this.#endApiKey(kid, by.atMs);
      if (before === null) return refused("not_found");
      return done([], { action: "api-key.delete", target: kid, before, after: null });
    });
    await this.#endTails();
    return outcome;
  }

  /** With what was opened by it. What it was; null: there is none. */
  #endApiKey(kid: string, nowMs: number): AuditFacts | null {
    const key = this.#keys.deleteApiKey(kid);
    if (key === null) return null;
    for (const ended of [kid, ...this.#sessions.closeOf(kid)])
      this.#tails.revoke(ended, nowMs + PUSH_GUARD_MS);
    this.#alerts.lookAtKeys(nowMs);
    return keyFacts(key);
  }

  #expireApiKeys(nowMs: number): void {
    for (const { kid, expiresAtMs } of this.#keys.endingApiKeys()) {
      if (expiresAtMs > nowMs) continue;
      const before = this.#endApiKey(kid, nowMs);
      this.#audit.append(
        { actor: "relay", address: "", atMs: nowMs },
        { action: "api-key.expire", target: kid, before, after: null },
      );
    }
  }

  /** Behind the answer: nobody waits for the note. */
  #noteUse(kid: string, nowMs: number): void {
    if (this.#keys.isUseDue(kid, nowMs)) setTimeout(() => this.#keys.used(kid, nowMs), 0);
  }

  /** For a Worker that decides before it calls any object: see `RegistryKnowledge`. */
  lookUp(subjects: readonly Subject[]): Answer[] {
    return subjects.slice(0, MAX_SUBJECTS_PER_LOOK_UP).map((subject) => this.#answerOf(subject));
  }

  /** Asked only where no tunnel's object can answer. */
  isGatewayKey(key: KeyProof): boolean {
    return this.#keys.isGatewayKey(key.kid, key.digestHex);
  }

  /** Null for whatever is not a key of this relay. */
  apiKeyRole(key: KeyProof): Role | null {
    const nowMs = Date.now();
    const role = this.#keys.roleOf(key.kid, key.digestHex, nowMs);
    if (role !== null) this.#noteUse(key.kid, nowMs);
    return role;
  }

  async openSession(session: KeyProof, holder: SessionHolder, nowMs: number): Promise<void> {
    for (const ended of this.#sessions.open(session, holder, nowMs))
      this.#tails.revoke(ended, nowMs + PUSH_GUARD_MS);
    await this.#endTails();
  }

  /** Null for whatever is not, or no longer, a session. */
  useSession(session: KeyProof, adminProofHex: string, nowMs: number): OpenSession | null {
    const open = this.#sessions.use(session, adminProofHex, nowMs);
    if (open !== null && open.actor !== "admin-key") this.#noteUse(open.actor, nowMs);
    return open;
  }

  async closeSession(session: KeyProof): Promise<void> {
    if (this.#sessions.close(session)) this.#tails.revoke(session.kid, Date.now() + PUSH_GUARD_MS);
    await this.#endTails();
  }

  /** Somebody watches at this object. False: the key or session that was shown is gone already. */
  registerTail(objectName: string, kid: string, untilMs: number): boolean {
    const isHeld =
      kid === "admin-key" ||
      // Access says when it ends, and has nobody told before.
      kid.startsWith(ACCESS_ACTOR_PREFIX) ||
      this.#keys.apiKeyDigest(kid) !== null ||
      this.#sessions.digest(kid) !== null;
    if (isHeld) this.#tails.add(objectName, kid, untilMs, Date.now());
    return isHeld;
  }

  async addLogDestination(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome> {
    return this.#change<DestinationOutcome>(by, () => {
      if (this.#destinations.all().length >= LIMITS.logDestinations)
        return { result: { outcome: "limit_reached" } };
      const complete = keepSecrets(input, null);
      if ("problems" in complete) return { result: { outcome: "invalid", ...complete } };
      this.#destinations.add(id, complete.destination, by.atMs);
      return this.#destinationChanged("log-destination.create", id, null);
    });
  }

  async putLogDestination(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome> {
    return this.#change<DestinationOutcome>(by, () => {
      const stored = this.#destinations.get(id);
      if (stored === null) return { result: { outcome: "not_found" } };
      const complete = keepSecrets(input, stored.destination);
      if ("problems" in complete) return { result: { outcome: "invalid", ...complete } };
      this.#destinations.replace(id, complete.destination, by.atMs);
      return this.#destinationChanged("log-destination.update", id, stored);
    });
  }

  async deleteLogDestination(by: Actor, id: string): Promise<Outcome> {
    return this.#change(by, () => {
      const stored = this.#destinations.get(id);
      if (stored === null) return refused("not_found");
      this.#destinations.delete(id);
      const before = destinationFacts(stored);
      return done(this.#store.tunnelIds(), {
        action: "log-destination.delete",
        target: id,
        before,
        after: null,
      });
    });
  }

  /** All of them: there are few. */
  logDestinations(): DescribedDestination[] {
    const totals = this.#reports.totals();
    return this.#destinations.all().map((record) => described(record, totals));
  }

  logDestinationNames(): DestinationName[] {
    return this.#destinations.all().map(({ id, destination: { name, kind } }) => ({ id, name, kind }));
  }

  logDestination(id: string): DescribedDestination | null {
    const record = this.#destinations.get(id);
    return record && described(record, this.#reports.totals());
  }

  /** With its secrets: for who sends to it, and nobody else. */
  shippingDestination(id: string): LogDestination | null {
    return (
      this.#destinations.shippingList().destinations.find((destination) => destination.id === id) ?? null
    );
  }

  /** With their secrets: for Telemetry objects, and nobody else. */
  shippingList(): ShippingList {
    return this.#destinations.shippingList();
  }

  /** False: its tunnel is gone, and nothing of it has to be kept. */
  async telemetryReport(objectName: string, report: TelemetryReport): Promise<boolean> {
    const tunnelId = tunnelIdOf(objectName);
    const isRelay = objectName === RELAY_TELEMETRY;
    if (!isRelay && this.#store.tunnel(tunnelId) === null) return false;
    this.#reports.put(objectName, report, Date.now());
    const isNews =
      !isRelay &&
      this.ctx.storage.transactionSync(() => this.#alerts.reported(objectName, tunnelId, report, Date.now()));
    if (this.#sweep.begin(Date.now()) || isNews) await this.#scheduleAlarm();
    return true;
  }

  telemetryReports(limit: number, afterName: string): StoredReport[] {
    return this.#reports.page(limit, afterName);
  }

  /** Null for a tunnel that does not exist. */
  tunnelReports(tunnelId: string): StoredReport[] | null {
    return this.#store.tunnel(tunnelId) && this.#reports.of(tunnelId);
  }

  async addAlert(by: Actor, id: string, input: AlertInput): Promise<DescribedAlert | null> {
    return this.#change<DescribedAlert | null>(by, () => {
      if (this.#alerts.count >= MAX_ALERTS) return { result: null };
      const audit = { action: "alert.create", target: id, before: null, after: alertFacts(input) } as const;
      return { result: this.#alerts.add(id, input, by.atMs), audit };
    });
  }

  async deleteAlert(by: Actor, id: string): Promise<Outcome> {
    return this.#change(by, () => {
      const before = this.#alerts.delete(id);
      if (before === null) return refused("not_found");
      return done([], { action: "alert.delete", target: id, before, after: null });
    });
  }

  alerts(): { alerts: DescribedAlert[]; firing: FiringCondition[] } {
    return { alerts: this.#alerts.all(), firing: this.#alerts.firing() };
  }

  sendableAlert(id: string): AlertInput | null {
    return this.#alerts.sendable(id);
  }

  async startCapture(
    by: Actor,
    tunnelId: string,
    { id, service, seconds, maxRequests }: NewCapture,
  ): Promise<CaptureOutcome> {
    return this.#change<CaptureOutcome>(by, () => {
      const stored = this.servicesFile(tunnelId);
      if (stored === null) return { result: { outcome: "not_found" } };
      const problem = uncapturable(stored.file, service);
      if (problem !== null) return { result: { outcome: "invalid", message: problem } };
      const record: CaptureRecord = {
        ...{ id, tunnelId, service, maxRequests, startedBy: by.actor, startedAtMs: by.atMs },
        ...{ endsAtMs: by.atMs + seconds * 1_000, endedAtMs: null },
      };
      if (!this.#captures.start(record)) return { result: { outcome: "limit_reached" } };
      const after = { capture: id, service, seconds, maxRequests };
      return {
        result: { outcome: "done", record },
        tunnelIds: [tunnelId],
        audit: { action: "capture.start", target: tunnelId, before: null, after },
      };
    });
  }

  captures(tunnelId: string): CaptureRecord[] | null {
    return this.#store.tunnel(tunnelId) && this.#captures.of(tunnelId);
  }

  async readCapture(by: Actor, tunnelId: string, id: string): Promise<CaptureRecord | null> {
    const record = this.#captures.get(tunnelId, id);
    if (record !== null) {
      const after = { capture: id, service: record.service };
      this.#audit.append(by, { action: "capture.read", target: tunnelId, before: null, after });
    }
    return record;
  }

  async stopCapture(by: Actor, tunnelId: string, id: string): Promise<CaptureOutcome> {
    return this.#change<CaptureOutcome>(by, () => this.#endCapture("capture.stop", tunnelId, id, by.atMs));
  }

  async captureFull(tunnelId: string, id: string): Promise<void> {
    const by: Actor = { actor: "relay", address: "", atMs: Date.now() };
    await this.#change<CaptureOutcome>(by, () => this.#endCapture("capture.full", tunnelId, id, by.atMs));
  }

  async deleteCapture(by: Actor, tunnelId: string, id: string): Promise<Outcome> {
    return this.#change(by, () => {
      const record = this.#captures.get(tunnelId, id);
      if (record === null) return refused("not_found");
      this.#captures.delete(id);
      const before = { capture: id, service: record.service };
      return done([tunnelId], { action: "capture.delete", target: tunnelId, before, after: null });
    });
  }

  /** Nothing changes of one that is over. */
  #endCapture(
    action: "capture.stop" | "capture.full",
    tunnelId: string,
    id: string,
    nowMs: number,
  ): Change<CaptureOutcome> {
    const before = this.#captures.get(tunnelId, id);
    if (before === null) return { result: { outcome: "not_found" } };
    if (!isRunning(before, nowMs)) return { result: { outcome: "done", record: before } };
    this.#captures.end(id, nowMs);
    const facts = { capture: id, service: before.service };
    return {
      result: { outcome: "done", record: { ...before, endedAtMs: nowMs } },
      tunnelIds: [tunnelId],
      audit: { action, target: tunnelId, before: facts, after: null },
    };
  }

  auditLog(limit: number, beforeId: number): AuditEntry[] {
    return this.#audit.entries(limit, beforeId);
  }

  /** Ends tokens whose time is over and repeats pushes that were not acknowledged. */
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const expired = this.ctx.storage.transactionSync(() => {
      this.#expireApiKeys(nowMs);
      return this.#expireTokens(nowMs);
    });
    await this.#endTails(nowMs);
    await this.#sendAlerts(nowMs);
    await this.#sweep.run(nowMs, (objectName) => telemetryStub(this.env, objectName).expire());
    await this.#rescaleInTurn(this.#scaling.dueTunnels(nowMs), nowMs);
    await this.#push([
      ...expired.flatMap((id) => this.#queue.of(id)),
      ...this.#queue.due(nowMs, PUSHES_PER_TURN),
    ]);
    await this.#scheduleAlarm();
  }

  #answerOf({ kind, id, tunnelId = "" }: Subject): Answer {
    switch (kind) {
      case "tunnel":
        return this.#store.tunnel(id) && formatServing(this.#objects.list(id));
      case "object": {
        const object = this.#store.tunnel(tunnelIdOf(id)) && this.#objects.dialled(id);
        return object && (object.location ?? "");
      }
      case "token":
        return this.#store.tokenDigest(tunnelId, id);
      case "gateway-key":
        return this.#keys.gatewayKeyDigest(id);
      case "api-key":
        return this.#keys.apiKeyDigest(id);
      case "session":
        return this.#sessions.digest(id);
    }
  }

  /** The change, its audit entry, the pushes it causes and the alarm that guards them are kept together or not at all. */
  async #change<T>(by: Actor, make: () => Change<T>): Promise<T> {
    const { result, tunnelIds = [] } = this.ctx.storage.transactionSync(() => {
      const change = make();
      if (change.audit !== undefined) this.#audit.append(by, change.audit);
      for (const tunnelId of change.tunnelIds ?? []) this.#enqueue(tunnelId, by.atMs);
      return change;
    });
    await this.#scheduleAlarm();
    if (tunnelIds.length > 0) {
      const pushed = this.#push(tunnelIds.slice(0, PUSHES_PER_TURN).flatMap((id) => this.#queue.of(id)));
      await withTimeout(pushed, PUSH_WAIT_MS, undefined);
      await this.#scheduleAlarm();
    }
    return result;
  }

  #destinationChanged(
    action: "log-destination.create" | "log-destination.update",
    id: string,
    stored: LogDestinationRecord | null,
  ): Change<DestinationOutcome> {
    const record = this.#destinations.get(id);
    if (record === null) return { result: { outcome: "not_found" } };
    const before = stored && destinationFacts(stored);
    return {
      result: { outcome: "done", described: described(record, this.#reports.totals()) },
      tunnelIds: this.#store.tunnelIds(),
      audit: { action, target: id, before, after: destinationFacts(record) },
    };
  }

  async #rescaleInTurn(tunnelIds: readonly string[], nowMs: number): Promise<void> {
    for (const tunnelId of tunnelIds) {
      await this.#change({ actor: "relay", address: "", atMs: nowMs }, () => {
        const isChanged = this.#rescale(tunnelId, nowMs);
        return { result: undefined, tunnelIds: isChanged ? [tunnelId] : [] };
      });
    }
  }

  /** Edits the list of the tunnel's objects as it is due, within a change. True: its objects have to hear of it. */
  #rescale(tunnelId: string, nowMs: number): boolean {
    const applied = this.#scaling.apply(tunnelId, nowMs);
    for (const { edit, name, pulled, reason } of applied) {
      const after = { object: name, edit, reason };
      this.#audit.append(
        { actor: "relay", address: "", atMs: nowMs },
        { action: "tunnel.objects", target: tunnelId, before: null, after },
      );
      // Off the list, it still has to hear that it is.
      if (edit === "remove" && pulled) this.#leavers.push({ name, tunnelId });
    }
    return applied.length > 0;
  }

  #enqueue(tunnelId: string, nowMs: number): void {
    const version = this.#store.raiseConfigVersion(tunnelId);
    if (version === null) return;
    for (const { name, pulled } of this.#objects.of(tunnelId)) {
      if (pulled) this.#queue.add(name, tunnelId, version, nowMs + PUSH_GUARD_MS);
    }
    for (const leaver of this.#leavers.splice(0)) {
      this.#queue.add(leaver.name, leaver.tunnelId, version, nowMs + PUSH_GUARD_MS);
    }
  }

  /** Gives the tunnels concerned. */
  #expireTokens(nowMs: number): string[] {
    const relay: Actor = { actor: "relay", address: "", atMs: nowMs };
    const expired = this.#store.takeExpiredTokens(nowMs);
    for (const { tunnelId, kid } of expired) {
      this.#audit.append(relay, {
        action: "token.expire",
        target: tunnelId,
        before: { token: kid },
        after: null,
      });
    }
    const tunnelIds = [...new Set(expired.map((token) => token.tunnelId))];
    for (const tunnelId of tunnelIds) this.#enqueue(tunnelId, nowMs);
    return tunnelIds;
  }

  /** What is not told by then is told by the alarm. */
  async #endTails(dueMs = Date.now() + PUSH_GUARD_MS): Promise<void> {
    if (this.#tails.nextDueMs() === null) return;
    await this.#scheduleAlarm();
    const told = this.#tails.endDue(dueMs, async ({ objectName, kids }) => {
      await tunnelStub(this.env, objectName).endTails(kids);
    });
    await withTimeout(told, PUSH_WAIT_MS, undefined);
    await this.#scheduleAlarm();
  }

  /** A webhook that is slow delays nothing: what is not sent by then is sent again by the alarm, if it has to be. */
  async #sendAlerts(nowMs: number): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#alerts.lookAtDue(nowMs));
    const sent = this.#alerts.sendDue(() => Date.now()).then(() => this.#scheduleAlarm());
    await withTimeout(sent, PUSH_WAIT_MS, undefined);
  }

  #push(pushes: readonly PendingPush[]): Promise<void> {
    const ports = {
      queue: this.#queue,
      nowMs: () => Date.now(),
      config: (tunnelId: string) => this.#config(tunnelId),
      send: async (objectName: string, config: TunnelConfig) =>
        (await tunnelStub(this.env, objectName).applyConfig(config)).version,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      settled: (tunnelId: string) => this.#forget(tunnelId),
      warn: (event: object) => {
        console.warn(event);
      },
    };
    return pushConfigs(ports, pushes);
  }

  /** Only what was deleted. */
  #forget(tunnelId: string): void {
    if (this.#store.forgetTunnel(tunnelId)) this.#objects.removeAll(tunnelId);
  }

  async #scheduleAlarm(): Promise<void> {
    const dueMs = [
      ...[this.#queue.nextDueMs(), this.#store.nextExpiryMs(), this.#tails.nextDueMs()],
      ...[this.#scaling.nextLookMs(), this.#alerts.nextDueMs(), this.#sweep.nextDueMs()],
      ...this.#keys.endingApiKeys().map(({ expiresAtMs }) => expiresAtMs),
    ];
    const times = dueMs.filter((timeMs) => timeMs !== null);
    if (times.length === 0) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Math.min(...times));
  }
}

interface Change<T> {
  result: T;
  tunnelIds?: readonly string[];
  audit?: AuditChange;
}

function done(tunnelIds: readonly string[], audit: AuditChange): Change<Outcome> {
  return { result: "done", tunnelIds, audit };
}

function keyFacts({ role, name }: Pick<ApiKeyRecord, "role" | "name">): AuditFacts {
  return { role, ...(name === null ? {} : { name }) };
}

function refused(result: Exclude<Outcome, "done">): Change<Outcome> {
  return { result };
}
