import type { Presence } from "../events/index.ts";
import { fromJson, toJson } from "./metrics/json-maps.ts";
import type { ReportPlan } from "./report-plan.ts";
import { noMetrics, type RequestMetrics } from "./metrics/request-metrics.ts";
import { noOpenTraffic, type OpenTraffic } from "./traffic/traffic-series.ts";

/** A Telemetry object's state, without the spool and past traffic. One row, written with each batch. */
export interface TelemetryState {
  metrics: RequestMetrics;
  traffic: OpenTraffic;
  connectors: number | null;
  /** States of version 0.1 have none. */
  presence?: Presence | null;
  /** By sender, the sequence numbers of its last batches. */
  taken: Map<string, number[]>;
  /** The revision of the last fetched list of destinations; 0: there were none. */
  revision: number;
  revisionAtMs: number;
  /** The first entry of the spool for destinations that are not known yet. */
  newFromId: number | null;
  /** States of version 0.1 have none. */
  reportPlan?: ReportPlan;
}

const KEPT_SENDERS = 64;
const KEPT_SEQUENCES = 32;

export class TelemetryStateStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)");
  }

  load(nowMs: number): TelemetryState {
    const [row] = this.#sql.exec<{ state: string }>("SELECT state FROM state").toArray();
    if (row !== undefined) return fromJson(row.state) as TelemetryState;
    return {
      metrics: noMetrics(),
      traffic: noOpenTraffic(nowMs),
      connectors: null,
      taken: new Map(),
      revision: 0,
      revisionAtMs: 0,
      newFromId: null,
    };
  }

  save(state: TelemetryState): void {
    // Not OR REPLACE, which would delete and insert: two rows.
    this.#sql.exec(
      "INSERT INTO state (id, state) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET state = ?1",
      toJson(state),
    );
  }
}

export function isTaken({ taken }: TelemetryState, sender: string, sequence: number): boolean {
  return taken.get(sender)?.includes(sequence) === true;
}

export function markTaken({ taken }: TelemetryState, sender: string, sequence: number): void {
  const sequences = [...(taken.get(sender) ?? []), sequence].slice(-KEPT_SEQUENCES);
  // The latest sender moves to the end, so the first one has been silent for longest.
  taken.delete(sender);
  taken.set(sender, sequences);
  const [oldest] = taken.keys();
  if (taken.size > KEPT_SENDERS && oldest !== undefined) taken.delete(oldest);
}
