import { SAFE_METHODS } from "../shared/http/methods.ts";
import type { ChosenObject, ServingObjects } from "./serving-objects.ts";

/** Of an object's answer: `keep` it; the object can take nothing now; or another one may be asked instead. */
export type Verdict = "keep" | "leave out" | "move";

/**
 * Asks one of the tunnel's objects, and another one, once, where that can do no harm. `onMove` is told the answer that
 * nobody gets.
 */
export async function overObjects<T>(
  serving: ServingObjects,
  tunnelId: string,
  ask: (object: ChosenObject) => Promise<T>,
  verdictOn: (answer: T) => Verdict,
  onMove: (answer: T) => Promise<unknown> = async () => {},
): Promise<T> {
  const first = serving.choose(tunnelId);
  if (first === null) throw new Error("every tunnel has an object");
  const answer = await ask(first);
  const verdict = verdictOn(answer);
  if (!first.hasSiblings || verdict === "keep") return answer;
  first.leaveOut();
  const other = verdict === "move" ? serving.choose(tunnelId, first.name) : null;
  if (other === null) return answer;
  await onMove(answer);
  return ask(other);
}

/** Of an object that has answered with this code: in these cases nothing of the request was processed. */
export function verdictOnCode(code: string | null, hasBody: boolean): Verdict {
  if (code !== "NO_CONNECTOR" && code !== "OVERLOADED") return "keep";
  return hasBody ? "leave out" : "move";
}

/** Of an object that failed under the request, which may have been processed. */
export function verdictOnFailure(method: string, hasBody: boolean): Verdict {
  return !hasBody && SAFE_METHODS.has(method) ? "move" : "leave out";
}
