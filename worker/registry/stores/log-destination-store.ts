import {
  type LogDestination,
  type LogDestinationInput,
  secretsOf,
  destinationWithoutSecrets,
} from "../../../shared/events/log-destination.ts";
import type { ShippingList } from "../../telemetry/metrics/telemetry-report.ts";
import type { AuditFacts } from "./audit-log.ts";
import { type DeliveryTotals, NO_DELIVERIES } from "./telemetry-report-store.ts";

export interface LogDestinationRecord {
  seq: number;
  id: string;
  /** With its secrets, which leave the Registry only for objects that send to it. */
  destination: LogDestinationInput;
  createdAtMs: number;
  updatedAtMs: number;
}

/** A destination without its secrets. Only admins see its URL's path, which may be a secret. */
export interface DescribedDestination {
  id: string;
  /** Without its secrets. */
  destination: Omit<LogDestinationInput, "headers">;
  /** Which of them are set: `apiKey`, `headers.authorization`. */
  secrets: string[];
  createdAtMs: number;
  updatedAtMs: number;
  delivery: DeliveryTotals;
}

/** Where the relay's logs go. Secrets are stored in the clear, because they have to be sent: see docs/security.md. */
export class LogDestinationStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(id: string, destination: LogDestinationInput, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO log_destinations (id, destination, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?)",
      id,
      JSON.stringify(destination),
      nowMs,
      nowMs,
    );
    this.#raiseRevision();
  }

  replace(id: string, destination: LogDestinationInput, nowMs: number): void {
    this.#sql.exec(
      "UPDATE log_destinations SET destination = ?, updated_at_ms = ? WHERE id = ?",
      JSON.stringify(destination),
      nowMs,
      id,
    );
    this.#raiseRevision();
  }

  delete(id: string): void {
    this.#sql.exec("DELETE FROM log_destinations WHERE id = ?", id);
    this.#raiseRevision();
  }

  get(id: string): LogDestinationRecord | null {
    return this.all().find((record) => record.id === id) ?? null;
  }

  /** In order of creation. */
  all(): LogDestinationRecord[] {
    return this.#sql
      .exec<{ seq: number; id: string; destination: string; createdAtMs: number; updatedAtMs: number }>(
        `SELECT seq, id, destination, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs
           FROM log_destinations ORDER BY seq`,
      )
      .toArray()
      .map((row) => ({ ...row, destination: JSON.parse(row.destination) as LogDestinationInput }));
  }

  shippingList(): ShippingList {
    const destinations = this.all().map(({ id, destination }): LogDestination => ({ ...destination, id }));
    return { revision: this.revision(), destinations };
  }

  /** Grows with each change; 0 while there is no destination. */
  revision(): number {
    const [row] = this.#sql
      .exec<{ revision: number }>(
        "SELECT revision FROM log_destinations_revision WHERE EXISTS (SELECT 1 FROM log_destinations)",
      )
      .toArray();
    return row?.revision ?? 0;
  }

  #raiseRevision(): void {
    this.#sql.exec(
      `INSERT INTO log_destinations_revision (id, revision) VALUES (1, 1)
         ON CONFLICT (id) DO UPDATE SET revision = revision + 1`,
    );
  }
}

/** For readers: without its secrets. */
export function described(
  { id, destination, createdAtMs, updatedAtMs }: LogDestinationRecord,
  totals: ReadonlyMap<string, DeliveryTotals>,
): DescribedDestination {
  return {
    id,
    destination: destinationWithoutSecrets(destination),
    secrets: [...secretsOf(destination).keys()],
    createdAtMs,
    updatedAtMs,
    delivery: totals.get(id) ?? NO_DELIVERIES,
  };
}

/** For the audit log. */
export function destinationFacts({ destination }: LogDestinationRecord): AuditFacts {
  const { name, kind, url, events } = destination;
  // The path is left out, because it may contain a token, and viewers can read this.
  return { name, kind, url: new URL(url).origin, events };
}
