import { expect, it } from "vitest";
import type { CheckOutcome } from "../../shared/protocol/service-checks.ts";
import { nextCheckState, UNCHECKED } from "./check-state.ts";

const RESULTS: Record<string, CheckOutcome> = {
  "+": "PASSING",
  r: "UPSTREAM_REFUSED",
  s: "UNHEALTHY_STATUS",
};

/** What two passes and three failures in a row make of these results; the same letters for what is judged. */
function judged(results: string): string {
  let state = UNCHECKED;
  const letters = Object.entries(RESULTS);
  return Array.from(results, (letter) => {
    const result = RESULTS[letter];
    if (result === undefined) throw new Error(letter);
    state = nextCheckState(state, result, { healthyThreshold: 2, unhealthyThreshold: 3 });
    return letters.find(([, outcome]) => outcome === state.outcome)?.[0] ?? "?";
  }).join("");
}

it.each([
  ["the first result counts at once", "+", "+"],
  ["a first failure as well", "r", "r"],
  ["one failure or two change nothing", "+rr+rr+", "+++++++"],
  ["three failures in a row do", "+rrr", "+++r"],
  ["one pass changes nothing", "r+r+r", "rrrrr"],
  ["two passes in a row do", "r++", "rr+"],
  ["the newest reason is told", "rs+s", "rsss"],
  ["the reason is that of the last of the three", "+rrs", "+++s"],
])("%s: %s is %s", (_what, results, expected) => {
  expect(judged(results)).toBe(expected);
});
