import { fromJson, toJson } from "./json-maps.ts";
import { addTraffic, noTraffic, type Traffic } from "./traffic.ts";

/** Ten seconds for an hour, minutes for a day. */
const FINE = { stepSeconds: 10, slots: 360 };
const COARSE = { stepSeconds: 60, slots: 1440 };

/** The steps that are not over yet, one of each length. They are kept with the object's other state, not as rows. */
export interface OpenTraffic {
  fine: Step;
  coarse: Step;
}

export interface Step {
  atMs: number;
  traffic: Traffic;
}

export function noOpenTraffic(nowMs: number): OpenTraffic {
  return { fine: newStep(nowMs, FINE.stepSeconds), coarse: newStep(nowMs, COARSE.stepSeconds) };
}

/**
 * The traffic of the last day. Rows are written once, when their step is over, and a new one takes the place of the
 * one a day (or an hour) older: nothing has to be deleted.
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

  /** The step for what happens now; those that are over are written. */
  current(open: OpenTraffic, nowMs: number): Traffic {
    const fine = newStep(nowMs, FINE.stepSeconds);
    if (fine.atMs > open.fine.atMs) {
      this.#write(FINE, open.fine);
      addTraffic(open.coarse.traffic, open.fine.traffic);
      open.fine = fine;
      const coarse = newStep(nowMs, COARSE.stepSeconds);
      if (coarse.atMs > open.coarse.atMs) {
        this.#write(COARSE, open.coarse);
        open.coarse = coarse;
      }
    }
    return open.fine.traffic;
  }

  /** Steps with traffic that begin after `sinceMs`, in order, of ten seconds or of a minute. */
  steps(open: OpenTraffic, sinceMs: number, stepSeconds: 10 | 60): Step[] {
    const rows = this.#sql
      .exec<{ atMs: number; traffic: string }>(
        "SELECT at_ms AS atMs, traffic FROM traffic WHERE step_seconds = ? AND at_ms > ? ORDER BY at_ms",
        stepSeconds,
        sinceMs,
      )
      .toArray()
      .map(({ atMs, traffic }) => ({ atMs, traffic: fromJson(traffic) as Traffic }));
    return [...rows, ...openSteps(open, stepSeconds).filter(({ atMs }) => atMs > sinceMs)];
  }

  #write({ stepSeconds, slots }: typeof FINE, { atMs, traffic }: Step): void {
    if (traffic.requests === 0) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO traffic (step_seconds, slot, at_ms, traffic) VALUES (?, ?, ?, ?)",
      stepSeconds,
      (atMs / 1000 / stepSeconds) % slots,
      atMs,
      toJson(traffic),
    );
  }
}

function openSteps({ fine, coarse }: OpenTraffic, stepSeconds: 10 | 60): Step[] {
  if (stepSeconds === FINE.stepSeconds) return [fine];
  const both = { atMs: coarse.atMs, traffic: noTraffic() };
  addTraffic(both.traffic, coarse.traffic);
  addTraffic(both.traffic, fine.traffic);
  return [both];
}

function newStep(nowMs: number, stepSeconds: number): Step {
  return { atMs: nowMs - (nowMs % (stepSeconds * 1000)), traffic: noTraffic() };
}
