import type { Outcome } from "../calls/registry-calls.ts";
import { ApiError } from "./problem.ts";

const CODE = { not_found: "NOT_FOUND", limit_reached: "LIMIT_REACHED", invalid: "INVALID_REQUEST" } as const;

export function expectDone(outcome: Outcome): void {
  if (outcome !== "done") throw new ApiError(CODE[outcome]);
}
