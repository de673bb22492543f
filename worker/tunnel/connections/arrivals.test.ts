import { describe, expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { Arrivals } from "./arrivals.ts";

async function settled(promise: Promise<void>): Promise<boolean> {
  let isSettled = false;
  void promise.then(() => (isSettled = true));
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  return isSettled;
}

describe("requests that wait for a connector", () => {
  it("do so only while one is expected: for 30 s after one was attached", async () => {
    const clock = new FakeClock();
    const arrivals = new Arrivals(clock);
    expect(await settled(arrivals.wait(5_000, "a"))).toBe(true);
    arrivals.expect();
    clock.advance(29_999);
    const waits = arrivals.wait(5_000, "a");
    expect(await settled(waits)).toBe(false);
    clock.advance(1);
    expect(await settled(arrivals.wait(5_000, "a"))).toBe(true);
    clock.advance(4_999);
    expect(await settled(waits)).toBe(true);
  });

  it("go on when one has come, and do not wait at all if that is not allowed", async () => {
    const arrivals = new Arrivals(new FakeClock());
    arrivals.expect();
    expect(await settled(arrivals.wait(0, "a"))).toBe(true);
    const waits = [arrivals.wait(30_000, "a"), arrivals.wait(30_000, "a")];
    expect(await Promise.all(waits.map(settled))).toEqual([false, false]);
    arrivals.arrived();
    expect(await Promise.all(waits.map(settled))).toEqual([true, true]);
  });

  it("are 512 at most: the next fails at once", async () => {
    const arrivals = new Arrivals(new FakeClock());
    arrivals.expect();
    const waits = Array.from({ length: 512 }, () => arrivals.wait(30_000, "a"));
    expect(await settled(arrivals.wait(30_000, "a"))).toBe(true);
    arrivals.arrived();
    await Promise.all(waits);
  });

  it("make room for callers that have fewer of them", async () => {
    const arrivals = new Arrivals(new FakeClock());
    arrivals.expect();
    const greedy = Array.from({ length: 512 }, () => arrivals.wait(30_000, "greedy"));
    const other = arrivals.wait(30_000, "other");
    expect(
      await Promise.all([greedy[510], greedy[511], other].map((wait) => settled(wait ?? other))),
    ).toEqual([false, true, false]);
    const more = Array.from({ length: 400 }, () => arrivals.wait(30_000, "other"));
    const over = await Promise.all(more.map(settled));
    expect(over.filter((isOver) => isOver).length).toBeGreaterThan(100);
    expect(over.filter((isOver) => !isOver).length).toBeGreaterThan(250);
    arrivals.arrived();
    await Promise.all([...greedy, other, ...more]);
  });
});
