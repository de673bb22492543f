import { DUMMY_DIGEST_HEX, equalDigests } from "../auth/digest.ts";
import type { GatewayKeyDigest } from "../tunnel/tunnel-config.ts";

/** `admin` writes and reads, `viewer` reads. */
export type Role = "admin" | "viewer";

export interface GatewayKeyRecord {
  seq: number;
  kid: string;
  project: string;
  environment: string;
  publicUrl: string | null;
  createdAtMs: number;
}

export interface ApiKeyRecord {
  seq: number;
  kid: string;
  role: Role;
  createdAtMs: number;
}

/** Keys of gateways and of the admin API: digests alone. */
export class KeyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  addGatewayKey(key: GatewayKeyDigest, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO gateway_keys (kid, digest_hex, project, environment, public_url, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      key.kid,
      key.digestHex,
      key.project,
      key.environment,
      key.publicUrl ?? null,
      nowMs,
    );
  }

  gatewayKeys(limit: number, afterSeq: number): GatewayKeyRecord[] {
    return this.#sql
      .exec<{
        seq: number;
        kid: string;
        project: string;
        environment: string;
        publicUrl: string | null;
        createdAtMs: number;
      }>(
        `SELECT seq, kid, project, environment, public_url AS publicUrl, created_at_ms AS createdAtMs
           FROM gateway_keys WHERE seq > ? ORDER BY seq LIMIT ?`,
        afterSeq,
        limit,
      )
      .toArray();
  }

  gatewayKeyDigests(): GatewayKeyDigest[] {
    return this.#sql
      .exec<{
        kid: string;
        digestHex: string;
        project: string;
        environment: string;
        publicUrl: string | null;
      }>(
        `SELECT kid, digest_hex AS digestHex, project, environment, public_url AS publicUrl
           FROM gateway_keys ORDER BY seq`,
      )
      .toArray()
      .map(({ publicUrl, ...key }) => (publicUrl === null ? key : { ...key, publicUrl }));
  }

  /** Null for an unknown key. */
  gatewayKeyDigest(kid: string): string | null {
    const [row] = this.#sql
      .exec<{ digest: string }>("SELECT digest_hex AS digest FROM gateway_keys WHERE kid = ?", kid)
      .toArray();
    return row?.digest ?? null;
  }

  apiKeyDigest(kid: string): string | null {
    const [row] = this.#sql
      .exec<{ digest: string }>("SELECT digest_hex AS digest FROM api_keys WHERE kid = ?", kid)
      .toArray();
    return row?.digest ?? null;
  }

  /** False for an unknown key or a wrong secret, after the same work. */
  isGatewayKey(kid: string, digestHex: string): boolean {
    const known = this.gatewayKeyDigest(kid);
    return equalDigests(digestHex, known ?? DUMMY_DIGEST_HEX) && known !== null;
  }

  /** What was deleted; null when there was no such key. */
  deleteGatewayKey(kid: string): { project: string; environment: string } | null {
    const [row] = this.#sql
      .exec<{ project: string; environment: string }>(
        "DELETE FROM gateway_keys WHERE kid = ? RETURNING project, environment",
        kid,
      )
      .toArray();
    return row ?? null;
  }

  addApiKey(kid: string, digestHex: string, role: Role, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO api_keys (kid, digest_hex, role, created_at_ms) VALUES (?, ?, ?, ?)",
      kid,
      digestHex,
      role,
      nowMs,
    );
  }

  apiKeys(limit: number, afterSeq: number): ApiKeyRecord[] {
    return this.#sql
      .exec<{ seq: number; kid: string; role: Role; createdAtMs: number }>(
        `SELECT seq, kid, role, created_at_ms AS createdAtMs FROM api_keys
           WHERE seq > ? ORDER BY seq LIMIT ?`,
        afterSeq,
        limit,
      )
      .toArray();
  }

  /** The role that was deleted; null when there was no such key. */
  deleteApiKey(kid: string): Role | null {
    const [row] = this.#sql
      .exec<{ role: Role }>("DELETE FROM api_keys WHERE kid = ? RETURNING role", kid)
      .toArray();
    return row?.role ?? null;
  }

  /** Null for an unknown key or a wrong secret, after the same work. */
  roleOf(kid: string, digestHex: string): Role | null {
    const [row] = this.#sql
      .exec<{ digest: string; role: Role }>(
        "SELECT digest_hex AS digest, role FROM api_keys WHERE kid = ?",
        kid,
      )
      .toArray();
    const equal = equalDigests(digestHex, row?.digest ?? DUMMY_DIGEST_HEX);
    return equal && row !== undefined ? row.role : null;
  }

  gatewayKeyCount(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM gateway_keys").one().count;
  }

  apiKeyCount(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM api_keys").one().count;
  }
}
