import fc from "fast-check";
import { expect, it } from "vitest";
import { evenShare } from "./even-share.ts";

it("small demands are met, and the others get equal shares", () => {
  expect(evenShare([], 100)).toBe(Infinity);
  expect(evenShare([60, 40], 100)).toBe(Infinity);
  expect(evenShare([60, 60], 100)).toBe(50);
  expect(evenShare([1_000, 10, 60, 20], 100)).toBe(35);
  expect(evenShare([5, 5], 0)).toBe(0);
  expect(evenShare([5, 5], -7)).toBe(0);
});

it("everything is distributed, and never more", () => {
  const total = 1_000;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 20 }), (wanted) => {
      const share = evenShare(wanted, total);
      const given = wanted.map((bytes) => Math.min(bytes, share)).reduce((sum, bytes) => sum + bytes, 0);
      if (share === Infinity) expect(given).toBeLessThanOrEqual(total);
      else expect(given).toBeCloseTo(total);
    }),
  );
});
