import { describe, expect, it } from "vitest";
import { chartScale } from "./chart-scale.ts";

const steady = Array.from({ length: 50 }, (_, index) => 10 + (index % 3));

describe("the scale of a chart", () => {
  it("fits all values, with a little room above", () => {
    expect(chartScale([steady], false)).toEqual({ top: 12 * 1.1, cutPeak: null });
    expect(chartScale([[0, 0, null]], false)).toEqual({ top: 1, cutPeak: null });
    expect(chartScale([], false)).toEqual({ top: 1, cutPeak: null });
  });

  it("cuts off a peak that would flatten the rest, unless the whole is asked for", () => {
    expect(chartScale([[...steady, 1_000]], false)).toEqual({ top: 24, cutPeak: 1_000 });
    expect(chartScale([[...steady, 1_000]], true)).toEqual({ top: 1_000 * 1.1, cutPeak: null });
  });

  it("looks at the highest of several lines", () => {
    const low = steady.map(() => 1);
    expect(chartScale([low, steady], false).cutPeak).toBeNull();
    expect(
      chartScale(
        [
          [...low, 1],
          [...steady, 900],
        ],
        false,
      ).cutPeak,
    ).toBe(900);
  });

  it("finds no peak among few values, or if half of the values are high", () => {
    expect(chartScale([[0, 0, 0, 5, 1, 1, 800]], false).cutPeak).toBeNull();
    const halfBusy = [...steady, ...steady.map((value) => value * 50)];
    expect(chartScale([halfBusy], false).cutPeak).toBeNull();
  });
});
