/** When a Telemetry object is to tell the Registry of itself. Kept with its state, since it loses its memory between batches. */
export interface ReportPlan {
  /** When it told last. */
  toldAtMs: number;
  /** When it is to tell next; null: there is nothing that it has not told. */
  dueMs: number | null;
  /** Requests that it has not told of. */
  untold: number;
}

/** Each report is two billed calls and two rows: for fewer requests than these it is made less often. */
const WORTH_REQUESTS = 100;
const QUIET_FACTOR = 4;
/** Its alarm may be so late. What is longer due was told of; the memory in which that was noted is gone. */
const LATE_MS = 5_000;

export function noReportPlan(): ReportPlan {
  return { toldAtMs: 0, dueMs: null, untold: 0 };
}

/**
 * With `requests` more. What somebody may wait for (a failure, a connector that came or went) is `urgent`: told of
 * after `everyMs`, as much traffic is; a few good requests after four times that.
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
