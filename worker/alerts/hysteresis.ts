import type { AlertKind } from "../../shared/signals/alert.ts";

/** Where a condition stands: not yet told of, told of, or over but not yet told to be. */
export interface ConditionState {
  state: "pending" | "firing" | "clearing";
  /** When it began. */
  sinceMs: number;
  /** When this state began. */
  changedAtMs: number;
}

interface Patience {
  /** It has to last for so long before it is told of. */
  fireMs: number;
  /** And has to be over for so long. */
  clearMs: number;
}

const MINUTE_MS = 60_000;

/** A redeploy takes a minute or less; what comes and goes is one alert, not twenty. */
const PATIENCE: Readonly<Record<AlertKind, Patience>> = {
  tunnel_down: { fireMs: MINUTE_MS, clearMs: MINUTE_MS },
  redundancy_lost: { fireMs: 5 * MINUTE_MS, clearMs: 2 * MINUTE_MS },
  // The check has thresholds of its own.
  service_down: { fireMs: MINUTE_MS, clearMs: 2 * MINUTE_MS },
  // Connectors are given their new token within minutes of a rotation.
  token_ends: { fireMs: 15 * MINUTE_MS, clearMs: 0 },
  // Each loss is one look: it is over when there was none for a while.
  events_lost: { fireMs: 0, clearMs: 30 * MINUTE_MS },
};

export interface ConditionStep {
  /** Null: nothing is left to remember. */
  state: ConditionState | null;
  /** What is to be told of now. */
  tell: "firing" | "resolved" | null;
}

/** All of them in the same proportion. */
export function patienceOf(kind: AlertKind, percent: number): Patience {
  const { fireMs, clearMs } = PATIENCE[kind];
  return { fireMs: (fireMs * percent) / 100, clearMs: (clearMs * percent) / 100 };
}

/** One look at a condition: does it hold now? */
export function step(
  before: ConditionState | null,
  holds: boolean,
  nowMs: number,
  { fireMs, clearMs }: Patience,
): ConditionStep {
  if (before === null || before.state === "pending") {
    if (!holds) return { state: null, tell: null };
    const sinceMs = before?.sinceMs ?? nowMs;
    if (nowMs - sinceMs >= fireMs) {
      return { state: { state: "firing", sinceMs, changedAtMs: nowMs }, tell: "firing" };
    }
    return { state: { state: "pending", sinceMs, changedAtMs: sinceMs }, tell: null };
  }
  const { sinceMs } = before;
  if (holds) return { state: { state: "firing", sinceMs, changedAtMs: nowMs }, tell: null };
  const overSinceMs = before.state === "clearing" ? before.changedAtMs : nowMs;
  if (nowMs - overSinceMs >= clearMs) return { state: null, tell: "resolved" };
  return { state: { state: "clearing", sinceMs, changedAtMs: overSinceMs }, tell: null };
}

/** When a look may come to something though nothing changes; null: never. */
export function nextLookMs(
  { state, sinceMs, changedAtMs }: ConditionState,
  { fireMs, clearMs }: Patience,
): number | null {
  if (state === "pending") return sinceMs + fireMs;
  return state === "clearing" ? changedAtMs + clearMs : null;
}
