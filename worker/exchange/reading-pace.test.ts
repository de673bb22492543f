import { expect, it } from "vitest";
import { LARGE_DATA_BYTES } from "../../shared/protocol/limits.ts";
import { ReadingPace } from "./reading-pace.ts";

it("a slow reader gets little at a time, a quick one all there is", () => {
  let nowMs = 0;
  const pace = new ReadingPace(() => nowMs);
  const next = [0, 5, 5, 3_000, 1_001, 1_000, 0].map((afterMs) => {
    nowMs += afterMs;
    return pace.nextBytes();
  });
  const little = LARGE_DATA_BYTES;
  expect(next).toEqual([little, Infinity, Infinity, little, little, Infinity, Infinity]);
});
