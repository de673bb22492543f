import { fromJson, toJson } from "../../telemetry/metrics/json-maps.ts";
import type { RequestMetrics } from "../../telemetry/metrics/request-metrics.ts";
import type { DeliveryReport, TelemetryReport } from "../../telemetry/metrics/telemetry-report.ts";

export interface StoredReport extends TelemetryReport {
  /** The name of the object whose requests it reports. */
  objectName: string;
  atMs: number;
}

/** The state of a destination over all objects that ship to it. */
export interface DeliveryTotals {
  shipped: number;
  lost: number;
  rejected: number;
  backlog: number;
  lastSuccessAtMs: number | null;
  lastError: { atMs: number; reason: string; objectName: string } | null;
}

type Row = {
  objectName: string;
  atMs: number;
  connectors: number | null;
  metrics: string;
  deliveries: string;
};

/** "/" is the character after ".", which follows the tunnel's id in the names of further objects. */
const OF_TUNNEL = "object_name = ?1 OR (object_name > ?1 || '.' AND object_name < ?1 || '/')";

/** The last report of each Telemetry object. */
export class TelemetryReportStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put(objectName: string, { metrics, connectors, deliveries }: TelemetryReport, nowMs: number): void {
    this.#sql.exec(
      // Not OR REPLACE, which would delete and insert: two rows.
      `INSERT INTO telemetry_reports (object_name, at_ms, connectors, metrics, deliveries) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (object_name) DO UPDATE SET at_ms = ?2, connectors = ?3, metrics = ?4, deliveries = ?5`,
      objectName,
      nowMs,
      connectors,
      toJson(metrics),
      JSON.stringify(deliveries),
    );
  }

  deleteOf(tunnelId: string): void {
    this.#sql.exec(`DELETE FROM telemetry_reports WHERE ${OF_TUNNEL}`, tunnelId);
  }

  /** In order of their names. */
  page(limit: number, afterName: string): StoredReport[] {
    return this.#sql
      .exec<Row>(
        `SELECT object_name AS objectName, at_ms AS atMs, connectors, metrics, deliveries
           FROM telemetry_reports WHERE object_name > ? ORDER BY object_name LIMIT ?`,
        afterName,
        limit,
      )
      .toArray()
      .map(storedReport);
  }

  /** The reports of all objects that carry this tunnel or did, because their counts still count. */
  of(tunnelId: string): StoredReport[] {
    return this.#sql
      .exec<Row>(
        `SELECT object_name AS objectName, at_ms AS atMs, connectors, metrics, deliveries
           FROM telemetry_reports WHERE ${OF_TUNNEL} ORDER BY object_name`,
        tunnelId,
      )
      .toArray()
      .map(storedReport);
  }

  /** Only the names of these objects and the times of their last reports. */
  reporters(tunnelId: string): { name: string; atMs: number }[] {
    return this.#sql
      .exec<{ name: string; atMs: number }>(
        `SELECT object_name AS name, at_ms AS atMs FROM telemetry_reports WHERE ${OF_TUNNEL}`,
        tunnelId,
      )
      .toArray();
  }

  /** By destination, in one pass over all reports. */
  totals(): Map<string, DeliveryTotals> {
    const totals = new Map<string, DeliveryTotals>();
    for (const { objectName, deliveries } of this.#sql.exec<{ objectName: string; deliveries: string }>(
      "SELECT object_name AS objectName, deliveries FROM telemetry_reports WHERE deliveries <> '[]'",
    )) {
      for (const delivery of JSON.parse(deliveries) as DeliveryReport[]) {
        const before = totals.get(delivery.id) ?? NO_DELIVERIES;
        totals.set(delivery.id, withDelivery(before, delivery, objectName));
      }
    }
    return totals;
  }
}

export const NO_DELIVERIES: DeliveryTotals = {
  ...{ shipped: 0, lost: 0, rejected: 0, backlog: 0 },
  ...{ lastSuccessAtMs: null, lastError: null },
};

function withDelivery(totals: DeliveryTotals, delivery: DeliveryReport, objectName: string): DeliveryTotals {
  const { lastError } = delivery;
  const isLatest = lastError !== null && lastError.atMs >= (totals.lastError?.atMs ?? 0);
  return {
    shipped: totals.shipped + delivery.shipped,
    lost: totals.lost + delivery.lost,
    rejected: totals.rejected + delivery.rejected,
    backlog: totals.backlog + delivery.backlog,
    lastSuccessAtMs: latest(totals.lastSuccessAtMs, delivery.lastSuccessAtMs),
    lastError: isLatest ? { ...lastError, objectName } : totals.lastError,
  };
}

function storedReport({ metrics, deliveries, ...row }: Row): StoredReport {
  return {
    ...row,
    metrics: fromJson(metrics) as RequestMetrics,
    deliveries: JSON.parse(deliveries) as DeliveryReport[],
  };
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
