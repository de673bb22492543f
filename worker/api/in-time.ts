import { withTimeout } from "../with-timeout.ts";
import { ApiError } from "./problem.ts";

/** Everything that an admin call asks others for is over within 15 s, or they hang. */
const ANSWER_WITHIN_MS = 30_000;
/** Tests set a shorter time. */
export const API_PATIENCE = { answerWithinMs: ANSWER_WITHIN_MS };

/**
 * What `work` gives. An object that hangs, be it the Registry's, a tunnel's or Telemetry's, would keep an admin waiting for ever. It may
 * still do what it was asked for, so nothing is tried again here: the answer says so.
 */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const done = work.then((value) => ({ value }));
  const given = await withTimeout(done, API_PATIENCE.answerWithinMs, null);
  if (given === null) throw new ApiError("NO_ANSWER");
  return given.value;
}
