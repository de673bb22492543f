/** When a Telemetry object reports to the Registry. Stored with its state, because it loses its memory between batches. */
export interface ReportPlan {
  /** The time of the last report. */
  toldAtMs: number;
  /** The time of the next report; null: there is nothing new. */
  dueMs: number | null;
  /** Requests that it has not reported. */
  untold: number;
}

/** Each report is two billed calls and two rows: for fewer requests than these it is made less often. */
const WORTH_REQUESTS = 100;
const QUIET_FACTOR = 4;
/** How late its alarm may be. A report that has been due for longer was sent, but the memory that recorded this was lost. */
const LATE_MS = 5_000;

export function noReportPlan(): ReportPlan {
  return { toldAtMs: 0, dueMs: null, untold: 0 };
}

/**
 * The plan after `requests` more. A failure, or a connector that came or went, is `urgent`. It is reported after `everyMs`, like much
 * traffic. A few successful requests are reported after four times that.
 */
export function planReport(
  plan: ReportPlan,
  { requests, urgent }: { requests: number; urgent: boolean },
  nowMs: number,
  everyMs: number,
): ReportPlan {
  const pendingMs = plan.dueMs !== null && plan.dueMs + LATE_MS > nowMs ? plan.dueMs : null;
  const toldAtMs = pendingMs === null ? (plan.dueMs ?? plan.toldAtMs) : plan.toldAtMs;
  const untold = (pendingMs === null ? 0 : plan.untold) + requests;
  const isSoon = urgent || untold >= WORTH_REQUESTS;
  const dueMs = Math.max(nowMs, toldAtMs + (isSoon ? everyMs : QUIET_FACTOR * everyMs));
  return { toldAtMs, untold, dueMs: Math.min(pendingMs ?? Infinity, dueMs) };
}
