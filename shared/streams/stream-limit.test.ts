import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { RESERVED_STREAMS } from "../protocol/limits.ts";
import { StreamLimit } from "./stream-limit.ts";

const party = (project: string) => ({ project, environment: "production", service: `of-${project}` });

function limitOf(max: number) {
  const clock = new FakeClock();
  const limit = new StreamLimit(max, clock);
  const taken: string[] = [];
  const refused: string[] = [];
  const ask = (project: string) =>
    limit.whenPlace(party(project), (isTaken) => void (isTaken ? taken : refused).push(project));
  const askUntilRefused = (project: string) => {
    while (refused.length === 0) ask(project);
    return taken.length;
  };
  return { clock, limit, taken, refused, ask, askUntilRefused };
}

it("keeps places for others, however many objects one caller opens streams on", () => {
  const { limit, taken, ask, askUntilRefused } = limitOf(536);
  expect(askUntilRefused("greedy")).toBe(536 - RESERVED_STREAMS);
  ask("other");
  expect(taken.at(-1)).toBe("other");
  for (const project of taken.splice(0)) limit.release(party(project));
  expect(limit.taken).toBe(0);
});

it("accepts no more than there are places, from any callers", () => {
  const { clock, taken, refused, ask } = limitOf(3);
  for (const project of ["a", "b", "c", "d"]) ask(project);
  clock.advance(5_000);
  expect([taken, refused]).toEqual([["a", "b", "c"], ["d"]]);
});

it("lets a caller that is owed a place wait for one, and refuses if none comes", () => {
  const { clock, limit, taken, refused, ask, askUntilRefused } = limitOf(536);
  const greedy = askUntilRefused("greedy");
  refused.length = 0;
  for (let asked = 0; asked < 60; asked++) ask("other");
  const first = taken.length - greedy;
  expect([first > 15, refused.length]).toEqual([true, 0]);
  // One after the other gets the place of the one before it.
  for (let ended = 0; ended < 60; ended++) limit.release(party("other"));
  expect([taken.length, refused.length]).toEqual([greedy + 60, 0]);
  for (let asked = 0; asked < 60; asked++) ask("other");
  clock.advance(5_000);
  expect(refused.length).toBe(60 - first);
  expect(clock.pendingTimers).toBe(0);
});
