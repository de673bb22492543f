import type { AlertKind } from "../../shared/signals/alert.ts";

/** The state of a condition: not yet reported, reported, or over but not yet reported as over. */
export interface ConditionState {
  state: "pending" | "firing" | "clearing";
  /** When it began. */
  sinceMs: number;
  /** When this state began. */
  changedAtMs: number;
}

interface Patience {
  /** How long it has to last before it is reported. */
  fireMs: number;
  /** How long it has to be over before that is reported. */
  clearMs: number;
}

const MINUTE_MS = 60_000;

/** A redeploy takes at most a minute. A problem that comes and goes should cause one alert, not twenty. */
const PATIENCE: Readonly<Record<AlertKind, Patience>> = {
  tunnel_down: { fireMs: MINUTE_MS, clearMs: MINUTE_MS },
  redundancy_lost: { fireMs: 5 * MINUTE_MS, clearMs: 2 * MINUTE_MS },
  // The check has thresholds of its own.
  service_down: { fireMs: MINUTE_MS, clearMs: 2 * MINUTE_MS },
  // Connectors are given their new token within minutes of a rotation.
  token_ends: { fireMs: 15 * MINUTE_MS, clearMs: 0 },
  // Each loss counts once. The condition is over if there was none for a while.
  events_lost: { fireMs: 0, clearMs: 30 * MINUTE_MS },
};

export interface ConditionStep {
  /** Null: nothing is left to remember. */
  state: ConditionState | null;
  /** What has to be reported now. */
  tell: "firing" | "resolved" | null;
}

/** All of them in the same proportion. */
export function patienceOf(kind: AlertKind, percent: number): Patience {
  const { fireMs, clearMs } = PATIENCE[kind];
  return { fireMs: (fireMs * percent) / 100, clearMs: (clearMs * percent) / 100 };
}

/** The next state of a condition, from whether it is true now. */
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

/** When the state may change even if nothing else does; null: never. */
export function nextLookMs(
  { state, sinceMs, changedAtMs }: ConditionState,
  { fireMs, clearMs }: Patience,
): number | null {
  if (state === "pending") return sinceMs + fireMs;
  return state === "clearing" ? changedAtMs + clearMs : null;
}
