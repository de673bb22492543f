import type { StoredIdentity } from "../../auth/workload-identity/known-identities.ts";
import type { IssuerKeySource, WorkloadIdentity } from "../../auth/workload-identity/workload-identity.ts";
import type { TokenDigest } from "../../tunnel/configuration/tunnel-config.ts";

export interface IdentityRecord {
  id: string;
  identity: WorkloadIdentity;
  createdAtMs: number;
}

/** Workloads that tunnels trust because their issuers vouch for them. */
export class IdentityStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(tunnelId: string, id: string, { identity, proofHex }: StoredIdentity, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO identities (id, tunnel_id, identity, proof_hex, created_at_ms) VALUES (?, ?, ?, ?, ?)",
      ...[id, tunnelId, JSON.stringify(identity), proofHex, nowMs],
    );
  }

  setKeys(tunnelId: string, id: string, keySource: IssuerKeySource, proofHex: string): void {
    this.#sql.exec(
      `UPDATE identities SET identity = json_set(identity, '$.keySource', json(?)), proof_hex = ?
         WHERE tunnel_id = ? AND id = ?`,
      ...[JSON.stringify(keySource), proofHex, tunnelId, id],
    );
  }

  /** In order of creation. */
  of(tunnelId: string): IdentityRecord[] {
    return this.#sql
      .exec<{ id: string; identity: string; createdAtMs: number }>(
        `SELECT id, identity, created_at_ms AS createdAtMs FROM identities
           WHERE tunnel_id = ? ORDER BY created_at_ms, id`,
        tunnelId,
      )
      .toArray()
      .map((row) => ({ ...row, identity: JSON.parse(row.identity) as WorkloadIdentity }));
  }

  /** Null: the tunnel has no such identity. */
  stored(tunnelId: string, id: string): StoredIdentity | null {
    const [row] = this.#sql
      .exec<{ identity: string; proofHex: string }>(
        "SELECT identity, proof_hex AS proofHex FROM identities WHERE id = ? AND tunnel_id = ?",
        ...[id, tunnelId],
      )
      .toArray();
    return row === undefined
      ? null
      : { identity: JSON.parse(row.identity) as WorkloadIdentity, proofHex: row.proofHex };
  }

  /** For the tunnel's objects each identity is one more token, and the Worker checks who presents it. */
  digests(tunnelId: string): TokenDigest[] {
    return this.#sql
      .exec<{ kid: string; digestHex: string }>(
        "SELECT id AS kid, proof_hex AS digestHex FROM identities WHERE tunnel_id = ?",
        tunnelId,
      )
      .toArray()
      .map((row) => ({ ...row, expiresAtMs: null }));
  }

  delete(tunnelId: string, id: string): void {
    this.#sql.exec("DELETE FROM identities WHERE tunnel_id = ? AND id = ?", tunnelId, id);
  }

  deleteOf(tunnelId: string): void {
    this.#sql.exec("DELETE FROM identities WHERE tunnel_id = ?", tunnelId);
  }
}

/** The facts about an identity for the audit log. */
export function identityFacts(id: string, { issuer, audience, subjects, keySource }: WorkloadIdentity) {
  const keys = keySource.jwksUrl ?? keySource.jwks.keys.map(({ kid }) => kid).join(" ");
  return { identity: id, issuer, audience, subjects: subjects.join(" "), keys };
}
