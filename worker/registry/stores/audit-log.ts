/** Who did something, when and from where. */
export interface Actor {
  /** The id of an API key, `admin-key`, or `relay` for what happens by itself. */
  actor: string;
  atMs: number;
  /** The client's address as the platform gives it, "" when it gives none. */
  address: string;
}

export type AuditAction =
  | "tunnel.create"
  | "tunnel.update"
  | "tunnel.objects"
  | "tunnel.delete"
  | "token.create"
  | "token.revoke"
  | "token.expire"
  | "identity.create"
  | "identity.update"
  | "identity.delete"
  | "services-configuration.update"
  | "gateway-key.create"
  | "gateway-key.delete"
  | "api-key.create"
  | "api-key.delete"
  | "api-key.expire"
  | "log-destination.create"
  | "log-destination.update"
  | "log-destination.delete"
  | "alert.create"
  | "alert.delete"
  | "capture.start"
  | "capture.stop"
  | "capture.full"
  | "capture.read"
  | "capture.delete";

/** Facts about what was changed. Never a secret or its digest. */
export type AuditFacts = Readonly<Record<string, string | number | null>>;

export interface AuditChange {
  action: AuditAction;
  /** Id of what was changed. */
  target: string;
  before: AuditFacts | null;
  after: AuditFacts | null;
}

export interface AuditEntry extends Actor, AuditChange {
  id: number;
  /** The name of the actor's key at that time; null if it had none. */
  actorName: string | null;
}

/** Entries kept; a few hundred bytes each. */
const KEPT_ENTRIES = 100_000;

export class AuditLog {
  readonly #sql: SqlStorage;
  readonly #nameOf: (actor: string) => string | null;

  /** `nameOf`: the name of an actor's key, looked up when the entry is written, because keys may be deleted. */
  constructor(sql: SqlStorage, nameOf: (actor: string) => string | null) {
    this.#sql = sql;
    this.#nameOf = nameOf;
  }

  append(by: Actor, change: AuditChange): void {
    const { id } = this.#sql
      .exec<{ id: number }>(
        `INSERT INTO audit_log (at_ms, actor, actor_name, address, action, target, before, after)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
        by.atMs,
        by.actor,
        this.#nameOf(by.actor),
        by.address,
        change.action,
        change.target,
        change.before && JSON.stringify(change.before),
        change.after && JSON.stringify(change.after),
      )
      .one();
    this.#sql.exec("DELETE FROM audit_log WHERE id <= ?", id - KEPT_ENTRIES);
  }

  /** Newest first. */
  entries(limit: number, beforeId: number): AuditEntry[] {
    return this.#sql
      .exec<{
        id: number;
        atMs: number;
        actor: string;
        actorName: string | null;
        address: string;
        action: AuditAction;
        target: string;
        before: string | null;
        after: string | null;
      }>(
        `SELECT id, at_ms AS atMs, actor, actor_name AS actorName, address, action, target, before, after FROM audit_log
           WHERE id < ? ORDER BY id DESC LIMIT ?`,
        beforeId,
        limit,
      )
      .toArray()
      .map((row) => ({ ...row, before: facts(row.before), after: facts(row.after) }));
  }
}

function facts(json: string | null): AuditFacts | null {
  return json === null ? null : (JSON.parse(json) as AuditFacts);
}
