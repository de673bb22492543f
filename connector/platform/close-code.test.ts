import { describe, expect, it } from "vitest";
import { upstreamCloseCode, fittingReason, sendableCloseCode } from "./close-code.ts";

describe("sendableCloseCode", () => {
  it.each([
    [1000, 1000],
    [1001, 1001],
    [1012, 1012],
    [3000, 3000],
    [4999, 4999],
    [1005, 1002],
    [1006, 1011],
    [1015, 1011],
    [1004, 1002],
    [999, 1002],
    [0, 1002],
    [2999, 1002],
    [5000, 1002],
    [65535, 1002],
  ])("%i becomes %i", (code, expected) => {
    expect(sendableCloseCode(code)).toBe(expected);
  });
});

describe("upstreamCloseCode", () => {
  it("recognises a close without a code, and makes other codes legal", () => {
    expect([1005, 1000, 4321, 1006].map(upstreamCloseCode)).toEqual([null, 1000, 4321, 1011]);
  });
});

describe("fittingReason", () => {
  it("leaves 123 bytes alone and cuts longer ones at a character", () => {
    expect(fittingReason("x".repeat(123))).toBe("x".repeat(123));
    expect(fittingReason("x".repeat(124))).toBe("x".repeat(123));
    expect(fittingReason("x".repeat(122) + "ü")).toBe("x".repeat(122));
    expect(fittingReason("✓".repeat(50))).toBe("✓".repeat(41));
    expect(fittingReason("x" + "😀".repeat(40))).toBe("x" + "😀".repeat(30));
  });
});
