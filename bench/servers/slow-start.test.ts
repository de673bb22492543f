import { expect, it } from "vitest";
import { SlowStart } from "./slow-start.ts";

const SEGMENT = 1460;

/** Sends as much as the window allows, for each round trip. */
function roundTrips(path: SlowStart, count: number, startMs = 0): number[] {
  return Array.from({ length: count }, (_, round) => {
    const nowMs = startMs + round * 100;
    const bytes = path.roomBytes(nowMs);
    path.sent(bytes, nowMs);
    return bytes / SEGMENT;
  });
}

it("a TCP path carries ten segments at first, and doubles with each round trip up to its limit", () => {
  expect(roundTrips(new SlowStart(100, 100 * SEGMENT), 6)).toEqual([10, 20, 40, 80, 100, 100]);
});

it("an unused window does not grow, and starts again after a pause", () => {
  const path = new SlowStart(100, Infinity);
  roundTrips(path, 4);
  expect(path.roomBytes(400)).toBe(160 * SEGMENT);
  path.sent(SEGMENT, 400);
  expect(path.roomBytes(500)).toBe(160 * SEGMENT);
  expect(path.roomBytes(700)).toBe(160 * SEGMENT);
  expect(path.roomBytes(701)).toBe(10 * SEGMENT);
});
