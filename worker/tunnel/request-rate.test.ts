import { expect, it } from "vitest";
import { RequestRate } from "./request-rate.ts";

it("counts the last ten seconds, and forgets what is older", () => {
  const rate = new RequestRate();
  const startMs = 1_790_000_000_000;
  for (let ms = 0; ms < 10_000; ms += 100) rate.count(startMs + ms);
  expect(rate.perSecond(startMs + 9_999)).toBe(10);
  expect(rate.perSecond(startMs + 12_999)).toBe(7);
  expect(rate.perSecond(startMs + 60_000)).toBe(0);
  rate.count(startMs + 60_000);
  expect(rate.perSecond(startMs + 60_000)).toBe(0.1);
});
