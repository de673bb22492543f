import type { AlertInput, AlertNotice } from "../../shared/signals/alert.ts";
import type { ConditionState } from "./hysteresis.ts";
import type { Presence } from "../events/index.ts";

export interface AlertRecord {
  seq: number;
  id: string;
  /** With its headers and the URL's path, which leave the Registry only for code that sends. */
  alert: AlertInput;
  createdAtMs: number;
  lastSentAtMs: number | null;
  lastError: { atMs: number; reason: string } | null;
}

export interface StoredCondition extends ConditionState {
  key: string;
  summary: string;
}

/** A notice for one webhook. */
export interface QueuedNotice {
  id: number;
  alertId: string;
  notice: AlertNotice;
  attempts: number;
  madeAtMs: number;
}

/** What is known about a tunnel. */
export interface TunnelMemory {
  mostConnectors: number;
  /** Lost events, over all of its objects, at the last look. */
  lost: number;
  nextLookMs: number | null;
}

type AlertRow = Pick<AlertRecord, "seq" | "id" | "createdAtMs" | "lastSentAtMs"> & {
  alert: string;
  lastError: string | null;
};

const ALERT_COLUMNS =
  "seq, id, alert, created_at_ms AS createdAtMs, last_sent_at_ms AS lastSentAtMs, last_error AS lastError";
/** Notices that may wait for each webhook. The oldest are dropped first. */
const MAX_QUEUED = 200;

/** Webhooks, the known state of tunnels, their problems, and unsent notices: only SQL. */
export class AlertStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(id: string, alert: AlertInput, nowMs: number): void {
    const text = JSON.stringify(alert);
    this.#sql.exec("INSERT INTO alerts (id, alert, created_at_ms) VALUES (?, ?, ?)", id, text, nowMs);
  }

  delete(id: string): void {
    this.#sql.exec("DELETE FROM alerts WHERE id = ?", id);
    this.#sql.exec("DELETE FROM alert_notices WHERE alert_id = ?", id);
  }

  /** In order of creation. */
  all(): AlertRecord[] {
    return this.#sql
      .exec<AlertRow>(`SELECT ${ALERT_COLUMNS} FROM alerts ORDER BY seq`)
      .toArray()
      .map(({ alert, lastError, ...row }) => ({
        ...row,
        alert: JSON.parse(alert) as AlertInput,
        lastError: lastError === null ? null : (JSON.parse(lastError) as AlertRecord["lastError"]),
      }));
  }

  get(id: string): AlertRecord | null {
    return this.all().find((record) => record.id === id) ?? null;
  }

  sent(id: string, nowMs: number): void {
    this.#sql.exec("UPDATE alerts SET last_sent_at_ms = ?, last_error = NULL WHERE id = ?", nowMs, id);
  }

  failed(id: string, reason: string, nowMs: number): void {
    const error = JSON.stringify({ atMs: nowMs, reason });
    this.#sql.exec("UPDATE alerts SET last_error = ? WHERE id = ?", error, id);
  }

  // ── what is known of tunnels ────────────────────────────────────────────────────────────────────

  /** False: it was known. A busy tunnel reports it every few seconds. */
  putPresence(objectName: string, tunnelId: string, presence: Presence, lost: number): boolean {
    const text = JSON.stringify(presence);
    const known = this.#sql
      .exec(
        "SELECT 1 FROM alert_presence WHERE object_name = ? AND presence = ? AND lost = ?",
        ...[objectName, text, lost],
      )
      .toArray();
    if (known.length > 0) return false;
    this.#sql.exec(
      "INSERT OR REPLACE INTO alert_presence (object_name, tunnel_id, presence, lost) VALUES (?, ?, ?, ?)",
      ...[objectName, tunnelId, text, lost],
    );
    return true;
  }

  /** Only for these objects, because others no longer carry the tunnel. */
  presence(tunnelId: string, objectNames: readonly string[]): { presence: Presence; lost: number }[] {
    return this.#sql
      .exec<{ objectName: string; presence: string; lost: number }>(
        "SELECT object_name AS objectName, presence, lost FROM alert_presence WHERE tunnel_id = ?",
        tunnelId,
      )
      .toArray()
      .filter(({ objectName }) => objectNames.includes(objectName))
      .map(({ presence, lost }) => ({ presence: JSON.parse(presence) as Presence, lost }));
  }

  memory(tunnelId: string): TunnelMemory | null {
    const [row] = this.#sql
      .exec<{ mostConnectors: number; lost: number; nextLookMs: number | null }>(
        `SELECT most_connectors AS mostConnectors, lost, next_look_ms AS nextLookMs
           FROM alert_tunnels WHERE tunnel_id = ?`,
        tunnelId,
      )
      .toArray();
    return row ?? null;
  }

  remember(tunnelId: string, { mostConnectors, lost, nextLookMs }: TunnelMemory): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO alert_tunnels (tunnel_id, most_connectors, lost, next_look_ms)
         VALUES (?, ?, ?, ?)`,
      ...[tunnelId, mostConnectors, lost, nextLookMs],
    );
  }

  dueTunnels(nowMs: number, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT tunnel_id AS id FROM alert_tunnels WHERE next_look_ms <= ? ORDER BY next_look_ms LIMIT ?",
        nowMs,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  forget(tunnelId: string): void {
    for (const table of ["alert_presence", "alert_tunnels", "alert_conditions"]) {
      this.#sql.exec(`DELETE FROM ${table} WHERE tunnel_id = ?`, tunnelId);
    }
  }

  // ── what is wrong ───────────────────────────────────────────────────────────────────────────────

  conditions(tunnelId: string): StoredCondition[] {
    return this.#conditions("WHERE tunnel_id = ?", tunnelId);
  }

  /** Conditions that were reported and are not over, the newest first. */
  firing(limit: number): (StoredCondition & { tunnelId: string })[] {
    return this.#conditions("WHERE state <> 'pending' ORDER BY since_ms DESC LIMIT ?", limit);
  }

  saveCondition(tunnelId: string, { key, summary, state, sinceMs, changedAtMs }: StoredCondition): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO alert_conditions (tunnel_id, key, summary, state, since_ms, changed_at_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ...[tunnelId, key, summary, state, sinceMs, changedAtMs],
    );
  }

  deleteCondition(tunnelId: string, key: string): void {
    this.#sql.exec("DELETE FROM alert_conditions WHERE tunnel_id = ? AND key = ?", tunnelId, key);
  }

  #conditions(rest: string, ...bindings: (string | number)[]): (StoredCondition & { tunnelId: string })[] {
    return this.#sql
      .exec<{
        tunnelId: string;
        key: string;
        summary: string;
        state: string;
        sinceMs: number;
        changedAtMs: number;
      }>(
        `SELECT tunnel_id AS tunnelId, key, summary, state, since_ms AS sinceMs, changed_at_ms AS changedAtMs
           FROM alert_conditions ${rest}`,
        ...bindings,
      )
      .toArray()
      .map((row) => ({ ...row, state: row.state as ConditionState["state"] }));
  }

  // ── what is on its way ──────────────────────────────────────────────────────────────────────────

  enqueue(alertId: string, notice: AlertNotice): void {
    this.#sql.exec(
      "INSERT INTO alert_notices (alert_id, notice, attempts, made_at_ms, due_at_ms) VALUES (?, ?, 0, ?, ?)",
      ...[alertId, JSON.stringify(notice), notice.atMs, notice.atMs],
    );
    this.#sql.exec(
      `DELETE FROM alert_notices WHERE alert_id = ?1 AND id NOT IN
         (SELECT id FROM alert_notices WHERE alert_id = ?1 ORDER BY id DESC LIMIT ?2)`,
      alertId,
      MAX_QUEUED,
    );
  }

  /** The oldest notice of each webhook, if it is due. So each webhook gets its notices in order. */
  dueNotices(nowMs: number): QueuedNotice[] {
    return this.#sql
      .exec<{ id: number; alertId: string; notice: string; attempts: number; madeAtMs: number }>(
        `SELECT id, alert_id AS alertId, notice, attempts, made_at_ms AS madeAtMs FROM alert_notices
           WHERE id IN (SELECT min(id) FROM alert_notices GROUP BY alert_id) AND due_at_ms <= ?`,
        nowMs,
      )
      .toArray()
      .map((row) => ({ ...row, notice: JSON.parse(row.notice) as AlertNotice }));
  }

  postpone(id: number, attempts: number, dueAtMs: number): void {
    this.#sql.exec(
      "UPDATE alert_notices SET attempts = ?, due_at_ms = ? WHERE id = ?",
      attempts,
      dueAtMs,
      id,
    );
  }

  deleteNotice(id: number): void {
    this.#sql.exec("DELETE FROM alert_notices WHERE id = ?", id);
  }

  nextDueMs(): number | null {
    const { noticeMs, lookMs } = this.#sql
      .exec<{ noticeMs: number | null; lookMs: number | null }>(
        `SELECT (SELECT min(due_at_ms) FROM alert_notices
                   WHERE id IN (SELECT min(id) FROM alert_notices GROUP BY alert_id)) AS noticeMs,
                (SELECT min(next_look_ms) FROM alert_tunnels) AS lookMs`,
      )
      .one();
    return noticeMs === null || lookMs === null ? (noticeMs ?? lookMs) : Math.min(noticeMs, lookMs);
  }
}
