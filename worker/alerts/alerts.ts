import type { AlertInput, AlertKind, AlertNotice } from "../../shared/signals/alert.ts";
import { deliveryRetryDelayMs } from "../log-delivery/delivery.ts";
import type { AuditFacts } from "../registry/stores/index.ts";
import type { TelemetryReport } from "../telemetry/metrics/telemetry-report.ts";
import { type AlertRecord, AlertStore, type StoredCondition } from "./alert-store.ts";
import {
  type Condition,
  conditionKey,
  conditionsOf,
  type EndingKey,
  keyConditionsOf,
  nextTokenLookMs,
  type TunnelFacts,
} from "./conditions.ts";
import { type ConditionState, nextLookMs, patienceOf, step } from "./hysteresis.ts";
import { mergePresence } from "../events/index.ts";
import { isFinal, type SendResult } from "./send-notice.ts";

/** A limit on the work of a change, because each webhook gets its own request. */
export const MAX_ALERTS = 20;
const MAX_SHOWN = 200;
/** A notice that is being sent is not sent again within this time, which is longer than a send can take. */
const GUARD_MS = 30_000;
const GIVE_UP_MS = 24 * 3600_000;
/** Tunnels that are checked in one turn. The rest follow in the next one. */
const LOOKS_PER_TURN = 100;
/** Used in place of a tunnel's id for problems of the relay itself. */
const OF_RELAY = "";

export interface AlertPorts {
  /** Null: there is no such tunnel. */
  tunnel(id: string): { name: string; tokens: TunnelFacts["tokens"]; objectNames: readonly string[] } | null;
  /** Keys of the admin API that expire. */
  endingKeys(): readonly EndingKey[];
  send(alert: AlertInput, notice: AlertNotice): Promise<SendResult>;
  random(): number;
  /** How long conditions have to last, in percent of the usual times. */
  patiencePercent: number;
}

/** A webhook without its headers' values. Only admins see its URL's path, which may be a secret. */
export interface DescribedAlert extends Omit<AlertRecord, "seq" | "alert"> {
  alert: Omit<AlertInput, "headers">;
  /** `headers.authorization` and the like. */
  secrets: string[];
}

/** A problem of a tunnel that was reported. */
export interface FiringCondition {
  kind: AlertKind;
  subject: string | null;
  /** Null: it concerns the relay. */
  tunnelId: string | null;
  summary: string;
  sinceMs: number;
}

/**
 * Checks tunnels when they report, and again when a condition has lasted long enough. It wakes no tunnel. Conditions are kept even while
 * there is no webhook, so that a first webhook does not get old problems as new ones.
 */
export class Alerts {
  readonly #store: AlertStore;
  readonly #ports: AlertPorts;

  constructor(sql: SqlStorage, ports: AlertPorts) {
    this.#store = new AlertStore(sql);
    this.#ports = ports;
  }

  get count(): number {
    return this.#store.all().length;
  }

  add(id: string, alert: AlertInput, nowMs: number): DescribedAlert | null {
    this.#store.add(id, alert, nowMs);
    return this.described(id);
  }

  /** Returns the deleted webhook, for the audit log; null if there is none. */
  delete(id: string): AuditFacts | null {
    const record = this.#store.get(id);
    if (record !== null) this.#store.delete(id);
    return record && alertFacts(record.alert);
  }

  all(): DescribedAlert[] {
    return this.#store.all().map(describe);
  }

  described(id: string): DescribedAlert | null {
    const record = this.#store.get(id);
    return record && describe(record);
  }

  /** With its secrets. Only for code that sends to it. */
  sendable(id: string): AlertInput | null {
    return this.#store.get(id)?.alert ?? null;
  }

  firing(): FiringCondition[] {
    return this.#store.firing(MAX_SHOWN).map(({ tunnelId, key, summary, sinceMs }) => {
      return { ...partsOf(key), tunnelId: tunnelId === OF_RELAY ? null : tunnelId, summary, sinceMs };
    });
  }

  /** An object of a tunnel has reported. False: nothing is new. */
  reported(objectName: string, tunnelId: string, report: TelemetryReport, nowMs: number): boolean {
    // A Telemetry object of an older release does not report which connectors are attached.
    if (report.presence === undefined || report.presence === null) return false;
    if (!this.#store.putPresence(objectName, tunnelId, report.presence, lostIn(report))) return false;
    this.look(tunnelId, nowMs);
    return true;
  }

  /** The tunnel was deleted, so its problems are over. */
  deleted(id: string, name: string, nowMs: number): void {
    for (const { key, summary, state, sinceMs } of this.#store.conditions(id)) {
      if (state === "pending") continue;
      this.#tell({
        ...{ status: "resolved", ...partsOf(key), summary, sinceMs, atMs: nowMs },
        tunnel: { id, name },
      });
    }
    this.#store.forget(id);
  }

  /** Checks the keys: one was created or deleted, or it is time to check. */
  lookAtKeys(nowMs: number): void {
    const keys = this.#ports.endingKeys();
    const dueMs = this.#judge(OF_RELAY, null, () => keyConditionsOf(keys, nowMs), nowMs);
    const times = [...dueMs, nextTokenLookMs(keys, nowMs)].filter((timeMs) => timeMs !== null);
    const nextMs = times.length === 0 ? null : Math.min(...times);
    this.#store.remember(OF_RELAY, { mostConnectors: 0, lost: 0, nextLookMs: nextMs });
  }

  look(tunnelId: string, nowMs: number): void {
    if (tunnelId === OF_RELAY) return this.lookAtKeys(nowMs);
    const tunnel = this.#ports.tunnel(tunnelId);
    if (tunnel === null) return this.#store.forget(tunnelId);
    const objects = this.#store.presence(tunnelId, tunnel.objectNames);
    // There is no report of it since alerts exist.
    if (objects.length === 0) return;
    const presence = mergePresence(objects.map((object) => object.presence));
    const lost = objects.reduce((sum, object) => sum + object.lost, 0);
    const memory = this.#store.memory(tunnelId);
    const mostConnectors = Math.max(memory?.mostConnectors ?? 0, presence.connectors.length);
    const facts: TunnelFacts = {
      ...{ id: tunnelId, name: tunnel.name, presence, mostConnectors, tokens: tunnel.tokens },
      // Losses from before the first look do not count. The sum becomes smaller when an object is removed.
      newlyLost: memory === null ? 0 : Math.max(0, lost - memory.lost),
    };
    const { id, name } = facts;
    const dueMs = this.#judge(id, { id, name }, (known) => conditionsOf(facts, known, nowMs), nowMs);
    const tokenMs = nextTokenLookMs(tunnel.tokens, nowMs);
    const times = [...dueMs, tokenMs].filter((timeMs) => timeMs !== null);
    const nextLookMs = times.length === 0 ? null : Math.min(...times);
    this.#store.remember(tunnelId, { mostConnectors, lost, nextLookMs });
  }

  /** Checks the tunnels that are due. */
  lookAtDue(nowMs: number): void {
    for (const tunnelId of this.#store.dueTunnels(nowMs, LOOKS_PER_TURN)) this.look(tunnelId, nowMs);
  }

  nextDueMs(): number | null {
    return this.#store.nextDueMs();
  }

  /** Sends what is due, one notice to each webhook. */
  async sendDue(nowMs: () => number): Promise<void> {
    const due = this.#store.dueNotices(nowMs());
    await Promise.all(
      due.map(async ({ id, alertId, notice, attempts, madeAtMs }) => {
        const alert = this.sendable(alertId);
        if (alert === null) return this.#store.deleteNotice(id);
        this.#store.postpone(id, attempts + 1, nowMs() + GUARD_MS);
        const result = await this.#ports.send(alert, notice);
        if (result.ok) {
          this.#store.deleteNotice(id);
          return this.#store.sent(alertId, nowMs());
        }
        this.#store.failed(alertId, result.reason, nowMs());
        if (isFinal(result) || nowMs() - madeAtMs > GIVE_UP_MS) return this.#store.deleteNotice(id);
        this.#store.postpone(
          id,
          attempts + 1,
          nowMs() + deliveryRetryDelayMs(attempts + 1, this.#ports.random()),
        );
      }),
    );
  }

  /** Returns the times at which its conditions have to be checked again. */
  #judge(
    of: string,
    tunnel: AlertNotice["tunnel"],
    conditions: (known: ReadonlySet<string>) => Condition[],
    nowMs: number,
  ): (number | null)[] {
    const before = new Map(this.#store.conditions(of).map((condition) => [condition.key, condition]));
    const now = new Map(
      conditions(new Set(before.keys())).map((condition) => [conditionKey(condition), condition]),
    );
    return [...new Set([...before.keys(), ...now.keys()])].map((key) =>
      this.#step(of, tunnel, key, before.get(key) ?? null, now.get(key) ?? null, nowMs),
    );
  }

  #step(
    of: string,
    tunnel: AlertNotice["tunnel"],
    key: string,
    before: StoredCondition | null,
    now: Condition | null,
    nowMs: number,
  ): number | null {
    const { kind, subject } = partsOf(key);
    const summary = now?.summary ?? before?.summary ?? "";
    const { state, tell } = step(before, now !== null, nowMs, this.#patience(kind));
    if (tell !== null) {
      const sinceMs = (state ?? before)?.sinceMs ?? nowMs;
      this.#tell({
        ...{ status: tell, kind, subject, summary, sinceMs, atMs: nowMs },
        tunnel,
      });
    }
    return this.#keep(of, key, summary, state, kind);
  }

  #patience(kind: AlertKind) {
    return patienceOf(kind, this.#ports.patiencePercent);
  }

  #keep(
    tunnelId: string,
    key: string,
    summary: string,
    state: ConditionState | null,
    kind: AlertKind,
  ): number | null {
    if (state === null) {
      this.#store.deleteCondition(tunnelId, key);
      return null;
    }
    this.#store.saveCondition(tunnelId, { key, summary, ...state });
    // A loss is reported once. Without another loss it is over after a while, so a later check is needed, because nobody reports that.
    if (kind === "events_lost" && state.state === "firing") return state.changedAtMs + 1;
    return nextLookMs(state, this.#patience(kind));
  }

  #tell(notice: AlertNotice): void {
    for (const { id, alert } of this.#store.all()) {
      if (alert.kinds.includes(notice.kind)) this.#store.enqueue(id, notice);
    }
  }
}

/** The URL for the audit log and viewers, without its path, which may contain a token. */
export function alertFacts({ name, url, format, kinds }: AlertInput): AuditFacts {
  return { name, url: new URL(url).origin, format, kinds: kinds.join(" ") };
}

function describe({
  id,
  alert: { headers = {}, ...alert },
  createdAtMs,
  lastSentAtMs,
  lastError,
}: AlertRecord) {
  const secrets = Object.keys(headers).map((name) => `headers.${name}`);
  return { id, alert, secrets, createdAtMs, lastSentAtMs, lastError };
}

function partsOf(key: string): { kind: AlertKind; subject: string | null } {
  const [kind = "", subject = null] = key.split(" ", 2);
  return { kind: kind as AlertKind, subject };
}

function lostIn({ metrics, deliveries }: TelemetryReport): number {
  return deliveries.reduce(
    (sum, { lost, rejected }) => sum + lost + rejected,
    metrics.lost + metrics.malformed,
  );
}
