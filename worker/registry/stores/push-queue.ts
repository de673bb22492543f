/** An object of a tunnel that has not acknowledged the tunnel's newest configuration yet. */
export interface PendingPush {
  objectName: string;
  tunnelId: string;
  version: number;
  /** Failed attempts so far. */
  attempts: number;
}

type Row = { objectName: string; tunnelId: string; version: number; attempts: number };

const COLUMNS = "object_name AS objectName, tunnel_id AS tunnelId, version, attempts";

/** Which objects still have to get which version, and when to try next. */
export class PushQueue {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Replaces an older version that still waits for the same object. */
  add(objectName: string, tunnelId: string, version: number, nowMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO config_pushes (object_name, tunnel_id, version, attempts, due_at_ms) VALUES (?, ?, ?, 0, ?)",
      objectName,
      tunnelId,
      version,
      nowMs,
    );
  }

  due(nowMs: number, limit: number): PendingPush[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM config_pushes WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`,
        nowMs,
        limit,
      )
      .toArray();
  }

  of(tunnelId: string): PendingPush[] {
    return this.#sql
      .exec<Row>(`SELECT ${COLUMNS} FROM config_pushes WHERE tunnel_id = ?`, tunnelId)
      .toArray();
  }

  nextDueMs(): number | null {
    return this.#sql
      .exec<{ nextMs: number | null }>("SELECT min(due_at_ms) AS nextMs FROM config_pushes")
      .one().nextMs;
  }

  acknowledged(push: PendingPush): void {
    this.#sql.exec(
      "DELETE FROM config_pushes WHERE object_name = ? AND version <= ?",
      push.objectName,
      push.version,
    );
  }

  failed(push: PendingPush, nextTryMs: number): void {
    this.#sql.exec(
      "UPDATE config_pushes SET attempts = attempts + 1, due_at_ms = ? WHERE object_name = ? AND version = ?",
      nextTryMs,
      push.objectName,
      push.version,
    );
  }
}
