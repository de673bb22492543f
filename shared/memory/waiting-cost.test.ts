import { expect, it } from "vitest";
import { WaitingCost } from "./waiting-cost.ts";

const STEP_BYTES = 16 * 1024;

it("counts each message that waits, whatever its size", () => {
  const cost = new WaitingCost(128);
  for (let count = 0; count < 10_000; count++) cost.sent(1);
  expect(cost.of(10_000)).toBe(1_290_000);
  expect(cost.of(5_000)).toBeGreaterThanOrEqual(645_000);
  expect(cost.of(5_000)).toBeLessThan(645_000 + STEP_BYTES);
  expect(cost.of(0)).toBe(0);
});

it("knows small messages behind large ones, and large ones behind small ones", () => {
  const cost = new WaitingCost(128);
  cost.sent(1_000_000);
  for (let count = 0; count < 10_000; count++) cost.sent(1);
  expect(cost.of(10_000)).toBe(1_290_000);
  cost.sent(1_000_000);
  expect(cost.of(1_000_000)).toBeLessThan(1_000_128 + STEP_BYTES);
  expect(cost.of(3)).toBeGreaterThanOrEqual(3);
});
