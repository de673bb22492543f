import { fromJson, toJson } from "../metrics/json-maps.ts";
import { addTraffic, noTraffic, type Traffic } from "./traffic.ts";

/** Steps of ten seconds for an hour, with those of a minute in one row, and steps of a minute for a day. */
const FINE = { stepSeconds: 10, slots: 60 };
const COARSE = { stepSeconds: 60, slots: 1440 };
const FINE_AGE_MS = 3_600_000;

/** The steps that are not over yet, one of each length, and the fine ones of the open minute. They are kept with the object's other state, not as rows. */
export interface OpenTraffic {
  fine: TrafficStep;
  coarse: TrafficStep;
  /** The finished fine steps of the open minute. States of version 0.1 have none. */
  past?: TrafficStep[];
}

export interface TrafficStep {
  atMs: number;
  traffic: Traffic;
}

export function noOpenTraffic(nowMs: number): OpenTraffic {
  return { fine: newStep(nowMs, FINE.stepSeconds), coarse: newStep(nowMs, COARSE.stepSeconds), past: [] };
}

/**
 * The traffic of the last day. A row is written once, when its step is over, and replaces the one that is a day (or an hour) older, so
 * nothing has to be deleted.
 */
export class TrafficSeries {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS traffic (
      step_seconds INTEGER NOT NULL,
      slot INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      traffic TEXT NOT NULL,
      PRIMARY KEY (step_seconds, slot)
    ) WITHOUT ROWID`);
  }

  /** The current step. Writes the steps that are over. */
  current(open: OpenTraffic, nowMs: number): Traffic {
    const fine = newStep(nowMs, FINE.stepSeconds);
    if (fine.atMs > open.fine.atMs) {
      if (open.fine.traffic.requests > 0) (open.past ??= []).push(open.fine);
      addTraffic(open.coarse.traffic, open.fine.traffic);
      open.fine = fine;
      const coarse = newStep(nowMs, COARSE.stepSeconds);
      if (coarse.atMs > open.coarse.atMs) {
        this.#writeMinute(open);
        open.coarse = coarse;
        open.past = [];
      }
    }
    return open.fine.traffic;
  }

  /** Steps with traffic that begin after `sinceMs`, in order, of ten seconds or of a minute. */
  steps(open: OpenTraffic, sinceMs: number, stepSeconds: 10 | 60, nowMs: number): TrafficStep[] {
    const isFine = stepSeconds === FINE.stepSeconds;
    const firstMs = isFine ? Math.max(sinceMs, nowMs - FINE_AGE_MS) : sinceMs;
    const rows = this.#sql
      .exec<{ atMs: number; traffic: string }>(
        "SELECT at_ms AS atMs, traffic FROM traffic WHERE step_seconds = ? AND at_ms > ? ORDER BY at_ms",
        stepSeconds,
        isFine ? firstMs - COARSE.stepSeconds * 1000 : firstMs,
      )
      .toArray()
      .flatMap(stepsOf);
    return [...rows, ...openSteps(open, stepSeconds)].filter(({ atMs }) => atMs > firstMs);
  }

  #writeMinute({ coarse, past = [] }: OpenTraffic): void {
    if (coarse.traffic.requests === 0) return;
    this.#write(FINE, coarse.atMs, past);
    this.#write(COARSE, coarse.atMs, coarse.traffic);
  }

  #write({ stepSeconds, slots }: typeof FINE, atMs: number, value: Traffic | TrafficStep[]): void {
    // Not OR REPLACE, which would delete and insert: two rows.
    this.#sql.exec(
      `INSERT INTO traffic (step_seconds, slot, at_ms, traffic) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (step_seconds, slot) DO UPDATE SET at_ms = ?3, traffic = ?4`,
      stepSeconds,
      (atMs / 60_000) % slots,
      atMs,
      toJson(value),
    );
  }
}

/** A minute's fine steps; or one step of either length, as version 0.1 wrote the fine ones as well. */
function stepsOf({ atMs, traffic }: { atMs: number; traffic: string }): TrafficStep[] {
  const value = fromJson(traffic) as Traffic | TrafficStep[];
  return Array.isArray(value) ? value : [{ atMs, traffic: value }];
}

function openSteps({ fine, coarse, past = [] }: OpenTraffic, stepSeconds: 10 | 60): TrafficStep[] {
  if (stepSeconds === FINE.stepSeconds) return [...past, fine];
  const both = { atMs: coarse.atMs, traffic: noTraffic() };
  addTraffic(both.traffic, coarse.traffic);
  addTraffic(both.traffic, fine.traffic);
  return [both];
}

function newStep(nowMs: number, stepSeconds: number): TrafficStep {
  return { atMs: nowMs - (nowMs % (stepSeconds * 1000)), traffic: noTraffic() };
}
