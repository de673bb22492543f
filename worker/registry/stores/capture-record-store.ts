import type { CaptureRule } from "../../tunnel/configuration/capture-rule.ts";
import { CAPTURE_KEPT_MS } from "../../capture/index.ts";

export interface CaptureRecord {
  id: string;
  tunnelId: string;
  service: string;
  maxRequests: number;
  /** The actor, as in the audit log. */
  startedBy: string;
  startedAtMs: number;
  endsAtMs: number;
  /** Null: it was not stopped early. */
  endedAtMs: number | null;
}

/** Captures of a tunnel at the same time. */
const MAX_RUNNING = 5;
/** Captures of a tunnel within a day, because their requests are kept for so long. */
const MAX_KEPT = 20;

/** When something was captured, and by whom. Never the content. */
export class CaptureRecordStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** False: the limit is reached, or this service is already being captured. */
  start(record: CaptureRecord): boolean {
    const nowMs = record.startedAtMs;
    this.#sql.exec("DELETE FROM captures WHERE ends_at_ms <= ?", nowMs - CAPTURE_KEPT_MS);
    const all = this.of(record.tunnelId);
    const running = all.filter((one) => isRunning(one, nowMs));
    const isTwice = running.some(({ service }) => service.toLowerCase() === record.service.toLowerCase());
    if (isTwice || running.length >= MAX_RUNNING || all.length >= MAX_KEPT) return false;
    this.#sql.exec(
      "INSERT INTO captures VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
      ...[record.id, record.tunnelId, record.service, record.maxRequests],
      ...[record.startedBy, record.startedAtMs, record.endsAtMs],
    );
    return true;
  }

  /** The newest first. */
  of(tunnelId: string): CaptureRecord[] {
    return this.#records("tunnel_id = ?", tunnelId);
  }

  get(tunnelId: string, id: string): CaptureRecord | null {
    return this.#records("tunnel_id = ? AND id = ?", tunnelId, id)[0] ?? null;
  }

  end(id: string, nowMs: number): void {
    this.#sql.exec("UPDATE captures SET ended_at_ms = ? WHERE id = ? AND ended_at_ms IS NULL", nowMs, id);
  }

  delete(id: string): void {
    this.#sql.exec("DELETE FROM captures WHERE id = ?", id);
  }

  /** True: there were any. */
  deleteOf(tunnelId: string): boolean {
    return (
      this.#sql.exec("DELETE FROM captures WHERE tunnel_id = ? RETURNING id", tunnelId).toArray().length > 0
    );
  }

  /** For the tunnel's objects. */
  rules(tunnelId: string, nowMs: number): CaptureRule[] {
    return this.of(tunnelId)
      .filter((record) => isRunning(record, nowMs))
      .map(({ id, service, endsAtMs, maxRequests }) => ({
        ...{ id, endsAtMs, maxRequests },
        service: service.toLowerCase(),
      }));
  }

  #records(condition: string, ...values: string[]): CaptureRecord[] {
    return this.#sql
      .exec<CaptureRecord & Record<string, SqlStorageValue>>(
        `SELECT id, tunnel_id AS tunnelId, service, max_requests AS maxRequests, started_by AS startedBy,
           started_at_ms AS startedAtMs, ends_at_ms AS endsAtMs, ended_at_ms AS endedAtMs
           FROM captures WHERE ${condition} ORDER BY started_at_ms DESC, id`,
        ...values,
      )
      .toArray();
  }
}

export function isRunning({ endsAtMs, endedAtMs }: CaptureRecord, nowMs: number): boolean {
  return endedAtMs === null && endsAtMs > nowMs;
}
