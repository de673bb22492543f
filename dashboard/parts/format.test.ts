import { describe, expect, it } from "vitest";
import {
  bytesText,
  durationText,
  latencyText,
  millisecondsText,
  numberText,
  percentText,
  relativeText,
} from "./format.ts";

describe("formats for people", () => {
  it.each([
    [0, "0"],
    [0.25, "0.3"],
    [12.34, "12.3"],
    [1240.4, "1,240"],
  ])("number %d is %s", (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it.each([
    [null, "–"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1500, "1.50 s"],
    [90_000, "1 min 30 s"],
  ])("%d ms is %s", (value, text) => {
    expect(millisecondsText(value)).toBe(text);
  });

  it.each([
    [null, "–"],
    [1, "<1 ms"],
    [12.3, "12 ms"],
    [148, "150 ms"],
    [998, "1 s"],
    [1503, "1.5 s"],
    [90_000, "1 min 30 s"],
  ])("latency %d ms is %s", (value, text) => {
    expect(latencyText(value)).toBe(text);
  });

  it.each([
    [0, "0%"],
    [0.00001, "<0.1%"],
    [0.0123, "1.2%"],
    [0.5, "50%"],
    [1, "100%"],
  ])("share %d is %s", (share, text) => {
    expect(percentText(share)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [5 * 1024 ** 3, "5 GiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it.each([
    [400, "0 s"],
    [35_000, "35 s"],
    [3_600_000, "1 h"],
    [187_200_000, "2 d 4 h"],
  ])("a duration of %d ms is %s", (valueMs, text) => {
    expect(durationText(valueMs)).toBe(text);
  });

  it("a time is shown relative to now, past or future", () => {
    const nowMs = Date.parse("2026-11-23T12:00:00.000Z");
    expect(relativeText("2026-11-23T11:55:00.000Z", nowMs)).toBe("5 min ago");
    expect(relativeText("2026-11-23T14:10:00.000Z", nowMs)).toBe("in 2 h");
    expect(relativeText("2026-11-23T12:00:01.000Z", nowMs)).toBe("just now");
  });
});
