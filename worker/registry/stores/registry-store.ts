import {
  type ServicesFile,
  EMPTY_SERVICES_FILE,
  servicesDifference,
} from "../../../shared/services/index.ts";
import type { Actor } from "./audit-log.ts";
import type { TokenDigest, TunnelConfig } from "../../tunnel/configuration/tunnel-config.ts";

export interface TunnelRecord {
  /** Order of creation; pages are cut by it. */
  seq: number;
  id: string;
  name: string;
  createdAtMs: number;
}

export interface TokenRecord extends TokenDigest {
  createdAtMs: number;
}

export interface StoredServicesFile {
  /** Counts from 1 with each file stored; 0 is the empty file of a new tunnel. */
  version: number;
  file: ServicesFile;
}

/** One version of a services file, and what it changed. */
export interface ServicesVersion {
  version: number;
  atMs: number;
  /** Null: a relay of version 0.1 stored it, which did not record this. */
  actor: string | null;
  /** The version that was activated again; null: the file was new. */
  rolledBackTo: number | null;
  /** How many it has. */
  services: number;
  /** Lines that begin with "- " or "+ "; null: the version before it is no longer kept. */
  changes: string[] | null;
  /** Lines beyond those. */
  moreChanges: number;
}

/** Files kept per tunnel, so that the audit log's versions can still be read and activated. */
const KEPT_FILES = 100;
/** Their maximum size together. The two newest are always kept. */
const KEPT_FILE_BYTES = 4 * 1024 * 1024;
const MAX_CHANGES = 200;

/** Tunnels, their tokens and their services files: only SQL, with the time as an argument. */
export class RegistryStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  createTunnel(id: string, name: string, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO tunnels (id, name, created_at_ms, config_version) VALUES (?, ?, ?, 0)",
      id,
      name,
      nowMs,
    );
  }

  tunnel(id: string): TunnelRecord | null {
    return this.#tunnels("id = ?", 1, id)[0] ?? null;
  }

  /** In order of creation. */
  tunnels(limit: number, afterSeq: number): TunnelRecord[] {
    return this.#tunnels("seq > ?", limit, afterSeq);
  }

  /** In order of creation, with the names in their services files. */
  tunnelServices(limit: number, afterSeq: number): { seq: number; id: string; services: string[] }[] {
    return this.#sql
      .exec<{ seq: number; id: string; services: string | null }>(
        `SELECT seq, id,
             (SELECT (SELECT json_group_array(json_extract(value, '$.name')) FROM json_each(file, '$.services'))
                FROM services_configurations WHERE tunnel_id = id ORDER BY version DESC LIMIT 1) AS services
           FROM tunnels WHERE deleted_at_ms IS NULL AND seq > ? ORDER BY seq LIMIT ?`,
        afterSeq,
        limit,
      )
      .toArray()
      .map(({ services, ...row }) => ({ ...row, services: JSON.parse(services ?? "[]") as string[] }));
  }

  tunnelIds(): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT id FROM tunnels WHERE deleted_at_ms IS NULL")
      .toArray()
      .map(({ id }) => id);
  }

  tunnelCount(): number {
    return this.#sql
      .exec<{ count: number }>("SELECT count(*) AS count FROM tunnels WHERE deleted_at_ms IS NULL")
      .one().count;
  }

  /** Its row stays as a mark until every object of the tunnel knows of the deletion: see `forgetTunnel`. */
  deleteTunnel(id: string, nowMs: number): void {
    this.#sql.exec("UPDATE tunnels SET deleted_at_ms = ? WHERE id = ?", nowMs, id);
    this.#sql.exec("DELETE FROM tokens WHERE tunnel_id = ?", id);
    this.#sql.exec("DELETE FROM services_configurations WHERE tunnel_id = ?", id);
  }

  renameTunnel(id: string, name: string): void {
    this.#sql.exec("UPDATE tunnels SET name = ? WHERE id = ?", name, id);
  }

  /** False where it was not deleted. */
  forgetTunnel(id: string): boolean {
    return (
      this.#sql
        .exec("DELETE FROM tunnels WHERE id = ? AND deleted_at_ms IS NOT NULL RETURNING id", id)
        .toArray().length > 0
    );
  }

  /** Increases the version, because the tunnel's configuration changes. Null: there is no such tunnel any more. */
  raiseConfigVersion(tunnelId: string): number | null {
    const [row] = this.#sql
      .exec<{ version: number }>(
        "UPDATE tunnels SET config_version = config_version + 1 WHERE id = ? RETURNING config_version AS version",
        tunnelId,
      )
      .toArray();
    return row?.version ?? null;
  }

  addToken(tunnelId: string, kid: string, digestHex: string, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO tokens (kid, tunnel_id, digest_hex, created_at_ms) VALUES (?, ?, ?, ?)",
      kid,
      tunnelId,
      digestHex,
      nowMs,
    );
  }

  tokens(tunnelId: string): TokenRecord[] {
    return this.#sql
      .exec<{ kid: string; digestHex: string; createdAtMs: number; expiresAtMs: number | null }>(
        `SELECT kid, digest_hex AS digestHex, created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs
           FROM tokens WHERE tunnel_id = ? ORDER BY created_at_ms, kid`,
        tunnelId,
      )
      .toArray();
  }

  /** Null: the tunnel has no such token. */
  tokenDigest(tunnelId: string, kid: string): string | null {
    const [row] = this.#sql
      .exec<{ digest: string }>(
        "SELECT digest_hex AS digest FROM tokens WHERE kid = ? AND tunnel_id = ?",
        kid,
        tunnelId,
      )
      .toArray();
    return row?.digest ?? null;
  }

  /** Lets all tokens of this tunnel expire at `endMs`, unless they expire earlier. */
  endTokens(tunnelId: string, endMs: number): void {
    this.#sql.exec(
      "UPDATE tokens SET expires_at_ms = min(coalesce(expires_at_ms, ?1), ?1) WHERE tunnel_id = ?2",
      endMs,
      tunnelId,
    );
  }

  deleteToken(tunnelId: string, kid: string): boolean {
    return (
      this.#sql
        .exec("DELETE FROM tokens WHERE tunnel_id = ? AND kid = ? RETURNING kid", tunnelId, kid)
        .toArray().length > 0
    );
  }

  /** Removes expired tokens, and returns their tunnels and ids. */
  takeExpiredTokens(nowMs: number): { tunnelId: string; kid: string }[] {
    return this.#sql
      .exec<{ tunnelId: string; kid: string }>(
        "DELETE FROM tokens WHERE expires_at_ms <= ? RETURNING tunnel_id AS tunnelId, kid",
        nowMs,
      )
      .toArray();
  }

  nextExpiryMs(): number | null {
    return this.#sql.exec<{ nextMs: number | null }>("SELECT min(expires_at_ms) AS nextMs FROM tokens").one()
      .nextMs;
  }

  /** The newest file, or the one of `version`; null when that is not kept. A new tunnel has the empty file. */
  servicesFile(tunnelId: string, version?: number): StoredServicesFile | null {
    const [row] = this.#sql
      .exec<{ version: number; file: string }>(
        `SELECT version, file FROM services_configurations
           WHERE tunnel_id = ?1 AND version = coalesce(?2, version) ORDER BY version DESC LIMIT 1`,
        tunnelId,
        version ?? null,
      )
      .toArray();
    if (row !== undefined) return { version: row.version, file: JSON.parse(row.file) as ServicesFile };
    return (version ?? 0) === 0 ? { version: 0, file: EMPTY_SERVICES_FILE } : null;
  }

  putServicesFile(
    tunnelId: string,
    { version, file }: StoredServicesFile,
    { actor, atMs }: Pick<Actor, "actor" | "atMs">,
    rolledBackTo: number | null = null,
  ): void {
    this.#sql.exec(
      `INSERT INTO services_configurations (tunnel_id, version, file, created_at_ms, actor, rolled_back_to)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ...[tunnelId, version, JSON.stringify(file), atMs, actor, rolledBackTo],
    );
    this.#sql.exec(
      `DELETE FROM services_configurations WHERE tunnel_id = ?1 AND version <= ?2 AND version <=
         (SELECT coalesce(max(version), 0) FROM
           (SELECT version, sum(length(CAST(file AS BLOB))) OVER (ORDER BY version DESC) AS total,
              row_number() OVER (ORDER BY version DESC) AS age
              FROM services_configurations WHERE tunnel_id = ?1)
            WHERE total > ?3 OR age > ?4)`,
      ...[tunnelId, version - 2, KEPT_FILE_BYTES, KEPT_FILES],
    );
  }

  /** Newest first. */
  servicesVersions(tunnelId: string, limit: number, beforeVersion: number): ServicesVersion[] {
    const rows = this.#sql
      .exec<{
        version: number;
        file: string;
        atMs: number;
        actor: string | null;
        rolledBackTo: number | null;
      }>(
        `SELECT version, file, created_at_ms AS atMs, actor, rolled_back_to AS rolledBackTo
           FROM services_configurations WHERE tunnel_id = ? AND version < ? ORDER BY version DESC LIMIT ?`,
        ...[tunnelId, beforeVersion, limit + 1],
      )
      .toArray()
      .map(({ file, ...row }) => ({ ...row, file: JSON.parse(file) as ServicesFile }));
    return rows.slice(0, limit).map(({ file, ...row }, index) => {
      const before = row.version === 1 ? EMPTY_SERVICES_FILE : rows[index + 1]?.file;
      const changes = before === undefined ? null : servicesDifference(before, file);
      return {
        ...row,
        services: file.services.length,
        changes: changes?.slice(0, MAX_CHANGES) ?? null,
        moreChanges: Math.max(0, (changes?.length ?? 0) - MAX_CHANGES),
      };
    });
  }

  /** Random, made once. */
  relayName(): string {
    return this.#sql.exec<{ name: string }>("SELECT name FROM relay").one().name;
  }

  /** Null: there never was such a tunnel, or all of its objects have forgotten it. */
  config(
    tunnelId: string,
    relayWide: Pick<TunnelConfig, "gatewayKeys" | "destinationsRevision">,
  ): TunnelConfig | null {
    const [row] = this.#sql
      .exec<{ version: number; deletedAtMs: number | null }>(
        "SELECT config_version AS version, deleted_at_ms AS deletedAtMs FROM tunnels WHERE id = ?",
        tunnelId,
      )
      .toArray();
    if (row === undefined) return null;
    const deleted = row.deletedAtMs !== null;
    const file = this.servicesFile(tunnelId)?.file;
    return {
      tunnelId,
      version: row.version,
      deleted,
      tokens: this.tokens(tunnelId).map(({ kid, digestHex, expiresAtMs }) => ({
        kid,
        digestHex,
        expiresAtMs,
      })),
      services: file?.services ?? [],
      networks: file?.networks ?? [],
      relayName: this.relayName(),
      ...relayWide,
      gatewayKeys: deleted ? [] : relayWide.gatewayKeys,
    };
  }

  #tunnels(condition: string, limit: number, value: string | number): TunnelRecord[] {
    return this.#sql
      .exec<{ seq: number; id: string; name: string; createdAtMs: number }>(
        `SELECT seq, id, name, created_at_ms AS createdAtMs FROM tunnels
           WHERE deleted_at_ms IS NULL AND ${condition} ORDER BY seq LIMIT ?`,
        value,
        limit,
      )
      .toArray();
  }
}
