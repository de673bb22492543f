import { describe, expect, it } from "vitest";
import { rangeBetween, rangeOfClocks, stepFilter } from "./time-range.ts";

const at = (text: string) => new Date(`2026-11-23T${text}`).getTime();

describe("a range of time", () => {
  it("may be dragged in either direction, and is at least half a minute long", () => {
    expect(rangeBetween(90_000, 30_000)).toEqual({ fromMs: 30_000, untilMs: 90_000 });
    expect(rangeBetween(50_000, 50_000)).toEqual({ fromMs: 35_000, untilMs: 65_000 });
  });

  it("between two clock times is the latest one that is wholly in the past", () => {
    const nowMs = at("12:00:00");
    expect(rangeOfClocks("11:30", "11:45:30", nowMs)).toEqual({
      ...{ fromMs: at("11:30:00"), untilMs: at("11:45:30") },
    });
    const yesterday = new Date(at("23:50:00"));
    yesterday.setDate(yesterday.getDate() - 1);
    expect(rangeOfClocks("23:50", "00:10", nowMs)).toEqual({
      ...{ fromMs: yesterday.getTime(), untilMs: at("00:10:00") },
    });
    for (const wrong of ["", "24:00", "noon", "11:60"])
      expect(rangeOfClocks(wrong, "11:45", nowMs)).toBeNull();
    expect(rangeOfClocks("11:45", "11:45:00", nowMs)).toBeNull();
  });

  it("for a step begins earlier, by the duration of its requests and the delay of counting", () => {
    expect(stepFilter(at("12:00:00"), 10, 1_500)).toEqual({
      since: new Date(at("11:59:53.500")).toISOString(),
      until: new Date(at("12:00:10")).toISOString(),
    });
  });
});
