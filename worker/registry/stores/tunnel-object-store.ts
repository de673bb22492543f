import type {
  LocationHint,
  ObjectPhase,
  TunnelObject,
  TunnelObjects,
} from "../../tunnel/configuration/tunnel-objects.ts";
import type { ScalingWish } from "../scaling/scaling.ts";

/** An object as the Registry keeps it. */
export interface TunnelObjectRecord extends TunnelObject {
  phaseSinceMs: number;
  /** It has pulled its configuration, so it exists and gets changes. */
  pulled: boolean;
  addedAtMs: number;
}

type Row = {
  name: string;
  location: LocationHint | null;
  phase: ObjectPhase;
  phaseSinceMs: number;
  pulled: number;
  addedAtMs: number;
};

const COLUMNS = "name, location, phase, phase_since_ms AS phaseSinceMs, pulled, added_at_ms AS addedAtMs";

/** Which objects carry which tunnel, and how many are wanted: only SQL, with the time as an argument. */
export class TunnelObjectStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(tunnelId: string, { name, location, phase }: TunnelObject, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO tunnel_objects (name, tunnel_id, location, phase, phase_since_ms, pulled, added_at_ms)
         VALUES (?, ?, ?, ?, ?, 0, ?)`,
      ...[name, tunnelId, location, phase, nowMs, nowMs],
    );
  }

  /** In the order in which they were added. */
  of(tunnelId: string): TunnelObjectRecord[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM tunnel_objects WHERE tunnel_id = ? ORDER BY added_at_ms, name`,
        tunnelId,
      )
      .toArray()
      .map((row) => ({ ...row, pulled: row.pulled === 1 }));
  }

  /** Null: connectors may not dial an object of this name. */
  dialled(name: string): { location: LocationHint | null } | null {
    const [row] = this.#sql
      .exec<{ location: LocationHint | null }>("SELECT location FROM tunnel_objects WHERE name = ?", name)
      .toArray();
    return row ?? null;
  }

  list(tunnelId: string): TunnelObjects {
    const [row] = this.#sql
      .exec<{ revision: number }>("SELECT objects_revision AS revision FROM tunnels WHERE id = ?", tunnelId)
      .toArray();
    const list = this.of(tunnelId).map(({ name, location, phase }) => ({ name, location, phase }));
    return { revision: row?.revision ?? 0, list };
  }

  raiseRevision(tunnelId: string): void {
    this.#sql.exec("UPDATE tunnels SET objects_revision = objects_revision + 1 WHERE id = ?", tunnelId);
  }

  /** From now on it gets changes. */
  markPulled(name: string): void {
    this.#sql.exec("UPDATE tunnel_objects SET pulled = 1 WHERE name = ? AND pulled = 0", name);
  }

  setPhase(name: string, phase: ObjectPhase, nowMs: number): void {
    this.#sql.exec(
      "UPDATE tunnel_objects SET phase = ?, phase_since_ms = ? WHERE name = ?",
      phase,
      nowMs,
      name,
    );
  }

  remove(name: string): void {
    this.#sql.exec("DELETE FROM tunnel_objects WHERE name = ?", name);
  }

  removeAll(tunnelId: string): void {
    this.#sql.exec("DELETE FROM tunnel_objects WHERE tunnel_id = ?", tunnelId);
  }

  /** Null: there is no such tunnel, or it was deleted. */
  wish(tunnelId: string): ScalingWish | null {
    const [row] = this.#sql
      .exec<{ min: number; max: number; drainSeconds: number; location: LocationHint | null }>(
        `SELECT min_objects AS min, max_objects AS max, drain_seconds AS drainSeconds, location
           FROM tunnels WHERE id = ? AND deleted_at_ms IS NULL`,
        tunnelId,
      )
      .toArray();
    if (row === undefined) return null;
    const { min, max, location, drainSeconds } = row;
    return { min, max, location, drainMs: drainSeconds * 1_000 };
  }

  setWish(tunnelId: string, { min, max, location, drainMs }: ScalingWish): void {
    this.#sql.exec(
      "UPDATE tunnels SET min_objects = ?, max_objects = ?, drain_seconds = ?, location = ? WHERE id = ?",
      ...[min, max, drainMs / 1_000, location, tunnelId],
    );
  }

  /** When all of its objects were last needed; null: it only has the minimum. */
  neededAtMs(tunnelId: string): number | null {
    const [row] = this.#sql
      .exec<{ neededAtMs: number | null }>(
        "SELECT objects_needed_at_ms AS neededAtMs FROM tunnels WHERE id = ?",
        tunnelId,
      )
      .toArray();
    return row?.neededAtMs ?? null;
  }

  setNeededAtMs(tunnelId: string, neededAtMs: number | null): void {
    this.#sql.exec("UPDATE tunnels SET objects_needed_at_ms = ? WHERE id = ?", neededAtMs, tunnelId);
  }

  /** Tunnels whose list may change by itself as time passes. */
  changingTunnels(): string[] {
    return this.#sql
      .exec<{ id: string }>(
        `SELECT tunnel_id AS id FROM tunnel_objects WHERE phase <> 'serving'
           UNION SELECT id FROM tunnels WHERE objects_needed_at_ms IS NOT NULL`,
      )
      .toArray()
      .map(({ id }) => id);
  }
}
