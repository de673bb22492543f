import { describe, expect, it } from "vitest";
import { AbuseBudget } from "./abuse-budget.ts";

const spendAll = (budget: AbuseBudget, kind: "lateFrame" | "uselessReset", nowMs: number): number => {
  let count = 0;
  while (budget.spend(kind, nowMs)) count++;
  return count;
};

describe("AbuseBudget", () => {
  it("allows a burst, then its rate", () => {
    const budget = new AbuseBudget();
    expect(spendAll(budget, "uselessReset", 0)).toBe(1_000);
    expect(spendAll(budget, "uselessReset", 1_000)).toBe(33);
    expect(spendAll(budget, "uselessReset", 1_010)).toBe(0);
  });

  it("never saves up more than a burst", () => {
    const budget = new AbuseBudget();
    expect(spendAll(budget, "lateFrame", 0)).toBe(100);
    expect(spendAll(budget, "lateFrame", 3_600_000)).toBe(100);
  });

  it("counts each kind separately", () => {
    const budget = new AbuseBudget();
    spendAll(budget, "lateFrame", 0);
    expect(budget.spend("uselessReset", 0)).toBe(true);
  });
});
