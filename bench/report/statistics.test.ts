import { describe, expect, it } from "vitest";
import { quantile, spreadOf } from "./statistics.ts";

describe("quantile", () => {
  it("interpolates between neighbours", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30], 0)).toBe(10);
    expect(quantile([10, 20, 30], 1)).toBe(30);
    expect(quantile([10, 20], 0.99)).toBeCloseTo(19.9);
  });

  it("is NaN without values", () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("spreadOf", () => {
  it("gives median and quartiles, whatever the order of the rounds", () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, rounds: 5 });
  });

  it("leaves out rounds without a measurement", () => {
    expect(spreadOf([NaN, 7])).toEqual({ median: 7, low: 7, high: 7, rounds: 1 });
  });
});
