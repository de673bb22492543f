import { DUMMY_DIGEST_HEX, equalDigests, type KeyProof } from "../../auth/index.ts";
import type { GatewayKeyDigest } from "../../tunnel/configuration/tunnel-config.ts";

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

/** The properties of a new key of the admin API. */
export interface ApiKeyFacts {
  role: Role;
  /** For people. */
  name: string | null;
  /** Null: when it is deleted. */
  expiresAtMs: number | null;
}

export interface ApiKeyRecord extends ApiKeyFacts {
  seq: number;
  kid: string;
  createdAtMs: number;
  /** As exact as `USE_MS`; null: never, or before relays recorded it. */
  lastUsedAtMs: number | null;
}

/** How exact the last use is, so that not every request writes a row. */
const USE_MS = 5 * 60_000;

/** As `exec` types its rows. */
type Row<T> = { [Name in keyof T]: T[Name] & SqlStorageValue };

/** Keys of gateways and of the admin API. Only their digests are stored. */
export class KeyStore {
  readonly #sql: SqlStorage;
  /** The last uses since this memory exists. There are at most a thousand keys. */
  readonly #usedAtMs = new Map<string, number>();

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

  apiKeyName(kid: string): string | null {
    const [row] = this.#sql
      .exec<{ name: string | null }>("SELECT name FROM api_keys WHERE kid = ?", kid)
      .toArray();
    return row?.name ?? null;
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

  addApiKey({ kid, digestHex }: KeyProof, { role, name, expiresAtMs }: ApiKeyFacts, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO api_keys (kid, digest_hex, role, name, expires_at_ms, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ...[kid, digestHex, role, name, expiresAtMs, nowMs],
    );
  }

  apiKeys(limit: number, afterSeq: number): ApiKeyRecord[] {
    return this.#sql
      .exec<Row<ApiKeyRecord>>(
        `SELECT seq, kid, role, name, created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs,
             last_used_at_ms AS lastUsedAtMs
           FROM api_keys WHERE seq > ? ORDER BY seq LIMIT ?`,
        afterSeq,
        limit,
      )
      .toArray();
  }

  /** What was deleted; null when there was no such key. */
  deleteApiKey(kid: string): Pick<ApiKeyRecord, "role" | "name"> | null {
    const [row] = this.#sql
      .exec<Row<Pick<ApiKeyRecord, "role" | "name">>>(
        "DELETE FROM api_keys WHERE kid = ? RETURNING role, name",
        kid,
      )
      .toArray();
    return row ?? null;
  }

  /** The keys that expire. */
  endingApiKeys(): { kid: string; name: string | null; expiresAtMs: number }[] {
    return this.#sql
      .exec<{ kid: string; name: string | null; expiresAtMs: number }>(
        "SELECT kid, name, expires_at_ms AS expiresAtMs FROM api_keys WHERE expires_at_ms IS NOT NULL",
      )
      .toArray();
  }

  /** Null for an unknown key, a wrong secret or an expired key, after the same work. */
  roleOf(kid: string, digestHex: string, nowMs: number): Role | null {
    const [row] = this.#sql
      .exec<Row<Pick<ApiKeyRecord, "role" | "expiresAtMs"> & { digest: string }>>(
        "SELECT digest_hex AS digest, role, expires_at_ms AS expiresAtMs FROM api_keys WHERE kid = ?",
        kid,
      )
      .toArray();
    const equal = equalDigests(digestHex, row?.digest ?? DUMMY_DIGEST_HEX);
    return equal && row !== undefined && nowMs < (row.expiresAtMs ?? Infinity) ? row.role : null;
  }

  /** True: record this use of the key. */
  isUseDue(kid: string, nowMs: number): boolean {
    return nowMs - (this.#usedAtMs.get(kid) ?? -Infinity) >= USE_MS;
  }

  used(kid: string, nowMs: number): void {
    this.#usedAtMs.set(kid, nowMs);
    this.#sql.exec(
      "UPDATE api_keys SET last_used_at_ms = ?1 WHERE kid = ?2 AND coalesce(last_used_at_ms, 0) <= ?1 - ?3",
      ...[nowMs, kid, USE_MS],
    );
  }

  gatewayKeyCount(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM gateway_keys").one().count;
  }

  apiKeyCount(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM api_keys").one().count;
  }
}
