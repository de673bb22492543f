import { expect, it } from "vitest";
import { parseDurationMs } from "./duration.ts";

it.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5m", 90_000],
  ["1h", 3_600_000],
  ["0s", 0],
  ["30", null],
  ["-1s", null],
  ["1d", null],
  ["", null],
  ["1 s", null],
])("%j is %s ms", (text, expected) => {
  expect(parseDurationMs(text)).toBe(expected);
});
