import { type CheckOutcome, isFailing } from "../../shared/protocol/index.ts";

/** The current outcome of a service's check, and the results since it last changed. */
export interface CheckState {
  outcome: CheckOutcome;
  passesInRow: number;
  failuresInRow: number;
}

export interface Thresholds {
  healthyThreshold: number;
  unhealthyThreshold: number;
}

export const UNCHECKED: CheckState = { outcome: "PENDING", passesInRow: 0, failuresInRow: 0 };

/** The first result counts at once, because nothing else is known. Later results have to repeat before they count. */
export function nextCheckState(state: CheckState, result: CheckOutcome, thresholds: Thresholds): CheckState {
  const failed = isFailing(result);
  const passesInRow = failed ? 0 : state.passesInRow + 1;
  const failuresInRow = failed ? state.failuresInRow + 1 : 0;
  const repeated = failed
    ? failuresInRow >= thresholds.unhealthyThreshold
    : passesInRow >= thresholds.healthyThreshold;
  const confirms = isFailing(state.outcome) === failed;
  const outcome = state.outcome === "PENDING" || confirms || repeated ? result : state.outcome;
  return { outcome, passesInRow, failuresInRow };
}
