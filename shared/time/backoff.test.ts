import { describe, expect, it } from "vitest";
import { Backoff } from "./backoff.ts";

describe("Backoff", () => {
  it("doubles its ceiling up to 30 s", () => {
    const backoff = new Backoff(() => 0.999_999);
    const delays = Array.from({ length: 9 }, () => Math.ceil(backoff.delayAfterLossMs(0)));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("spreads evenly from nothing to the ceiling", () => {
    expect(new Backoff(() => 0).delayAfterLossMs(0)).toBe(0);
    expect(new Backoff(() => 0.5).delayAfterLossMs(0)).toBe(250);
  });

  it("starts again only after a connection that lasted a minute", () => {
    const backoff = new Backoff(() => 0.5);
    for (let i = 0; i < 5; i++) backoff.delayAfterLossMs(0);
    expect(backoff.delayAfterLossMs(59_999)).toBe(8_000);
    expect(backoff.delayAfterLossMs(60_000)).toBe(250);
    expect(backoff.delayAfterLossMs(0)).toBe(500);
  });

  it("stays finite after any number of failures", () => {
    const backoff = new Backoff(() => 0.5);
    for (let i = 0; i < 5_000; i++) backoff.delayAfterLossMs(0);
    expect(backoff.delayAfterLossMs(0)).toBe(15_000);
  });

  it("waits 15 to 30 s after a refusal", () => {
    expect(new Backoff(() => 0).delayAfterRefusalMs()).toBe(15_000);
    expect(new Backoff(() => 1).delayAfterRefusalMs()).toBe(30_000);
  });
});
