import { type KeyProof, DUMMY_DIGEST_HEX, equalDigests } from "../../auth/index.ts";
import type { Role } from "./key-store.ts";

/** About a working day. Then the key has to be entered again. */
export const SESSION_MS = 12 * 3600_000;
/** A session ends so long after its page was closed or hidden. An open page makes a request every few seconds. */
const IDLE_MS = 3600_000;
/** How exact the last use is: one row per minute is written, not one per request. */
const TOUCH_MS = 60_000;
/** Sessions of one key. The least recently used one is ended for a new one. */
const SESSIONS_PER_KEY = 20;

/** The owner of a session. Its rights are looked up on each use, so they end with the key. */
export type SessionHolder =
  | { key: "api-key"; kid: string }
  /** `proofHex`: the digest of the session's secret together with the `ADMIN_KEY`, so that it changes with the `ADMIN_KEY`. */
  | { key: "admin-key"; proofHex: string };

export interface OpenSession {
  role: Role;
  /** As the audit log names them: id of an API key, or `admin-key`. */
  actor: string;
  endsAtMs: number;
}

/** The sessions of browsers. Only their digests are stored. */
export class SessionStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Ids of the sessions that were ended for it. */
  open({ kid, digestHex }: KeyProof, holder: SessionHolder, nowMs: number): string[] {
    const actor = holder.key === "api-key" ? holder.kid : "admin-key";
    this.#sql.exec(
      "DELETE FROM sessions WHERE created_at_ms <= ? OR used_at_ms <= ?",
      nowMs - SESSION_MS,
      nowMs - IDLE_MS,
    );
    const displaced = this.#sql
      .exec<{ kid: string }>(
        `DELETE FROM sessions WHERE kid IN
           (SELECT kid FROM sessions WHERE actor = ? ORDER BY used_at_ms DESC LIMIT -1 OFFSET ?) RETURNING kid`,
        actor,
        SESSIONS_PER_KEY - 1,
      )
      .toArray();
    this.#sql.exec(
      `INSERT INTO sessions (kid, digest_hex, actor, admin_proof_hex, created_at_ms, used_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)`,
      kid,
      digestHex,
      actor,
      holder.key === "admin-key" ? holder.proofHex : null,
      nowMs,
    );
    return displaced.map((row) => row.kid);
  }

  /** When a session that begins now will end: with its key, if that is sooner. */
  endsAtMs(holder: SessionHolder, nowMs: number): number {
    const kid = holder.key === "api-key" ? holder.kid : null;
    const [row] = this.#sql
      .exec<{ endsAtMs: number | null }>("SELECT expires_at_ms AS endsAtMs FROM api_keys WHERE kid = ?", kid)
      .toArray();
    return Math.min(nowMs + SESSION_MS, row?.endsAtMs ?? Infinity);
  }

  /** Null: it never was a session, or was removed. */
  digest(kid: string): string | null {
    const [row] = this.#sql
      .exec<{ digest: string }>("SELECT digest_hex AS digest FROM sessions WHERE kid = ?", kid)
      .toArray();
    return row?.digest ?? null;
  }

  /** Null: it is not a session, or not any more. */
  use({ kid, digestHex }: KeyProof, adminProofHex: string, nowMs: number): OpenSession | null {
    const [row] = this.#sql
      .exec<{
        digest: string;
        actor: string;
        adminProof: string | null;
        createdAtMs: number;
        usedAtMs: number;
        apiRole: Role | null;
        keyEndsAtMs: number | null;
      }>(
        `SELECT sessions.digest_hex AS digest, actor, admin_proof_hex AS adminProof, sessions.created_at_ms AS createdAtMs,
           used_at_ms AS usedAtMs, role AS apiRole, expires_at_ms AS keyEndsAtMs
           FROM sessions LEFT JOIN api_keys ON api_keys.kid = actor WHERE sessions.kid = ?`,
        kid,
      )
      .toArray();
    const equal = equalDigests(digestHex, row?.digest ?? DUMMY_DIGEST_HEX);
    if (!equal || row === undefined) return null;
    const endsAtMs = Math.min(row.createdAtMs + SESSION_MS, row.keyEndsAtMs ?? Infinity);
    if (nowMs >= endsAtMs || nowMs >= row.usedAtMs + IDLE_MS) return null;
    const isAdmin = row.adminProof !== null && equalDigests(adminProofHex, row.adminProof);
    const role = row.adminProof === null ? row.apiRole : isAdmin ? "admin" : null;
    if (role === null) return null;
    if (nowMs >= row.usedAtMs + TOUCH_MS) {
      this.#sql.exec("UPDATE sessions SET used_at_ms = ? WHERE kid = ?", nowMs, kid);
    }
    return { role, actor: row.actor, endsAtMs };
  }

  /** True: there was one. */
  close({ kid, digestHex }: KeyProof): boolean {
    const closed = this.#sql.exec(
      "DELETE FROM sessions WHERE kid = ? AND digest_hex = ? RETURNING kid",
      kid,
      digestHex,
    );
    return closed.toArray().length > 0;
  }

  /** Ends the sessions of a deleted key, and returns their ids. */
  closeOf(actor: string): string[] {
    return this.#sql
      .exec<{ kid: string }>("DELETE FROM sessions WHERE actor = ? RETURNING kid", actor)
      .toArray()
      .map(({ kid }) => kid);
  }
}
