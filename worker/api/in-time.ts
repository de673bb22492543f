import { withTimeout } from "../with-timeout.ts";
import { ApiError } from "./problem.ts";

/** Time limit for other objects in an admin call. One that takes longer is stuck. */
const ANSWER_WITHIN_MS = 30_000;
/** Tests set a shorter time. */
export const API_PATIENCE = { answerWithinMs: ANSWER_WITHIN_MS };

/**
 * The result of `work`. A stuck object (the Registry, a tunnel's or a Telemetry object) would keep an admin waiting for ever. It may still
 * do the work, so nothing is tried again here, and the answer says so.
 */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const done = work.then((value) => ({ value }));
  const given = await withTimeout(done, API_PATIENCE.answerWithinMs, null);
  if (given === null) throw new ApiError("NO_ANSWER");
  return given.value;
}
