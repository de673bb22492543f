import { describe, expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { Keepalive } from "./keepalive.ts";

function start(random = 0) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const keepalive = new Keepalive(
    clock,
    () => random,
    (afterSuspension) => seen.push(afterSuspension ? "urgent" : "ping"),
  );
  return { clock, seen, keepalive };
}

describe("Keepalive", () => {
  it("pings every 25 s, and measures the round trip", () => {
    const { clock, seen, keepalive } = start();
    for (let i = 0; i < 3; i++) {
      clock.advance(25_000 - (i === 0 ? 0 : 120));
      clock.advance(120);
      keepalive.ponged();
    }
    expect(seen).toEqual(["ping", "ping", "ping"]);
    expect(keepalive.rttMs).toBe(120);
  });

  it("shortens the interval by up to a fifth", () => {
    const { clock, seen } = start(1);
    clock.advance(19_999);
    expect(seen).toEqual([]);
    clock.advance(1);
    expect(seen).toEqual(["ping"]);
  });

  it("asks at once after the machine slept, and marks this as urgent", () => {
    const { clock, seen } = start();
    clock.advance(3_000);
    clock.sleep(3_600_000);
    clock.advance(2_000);
    expect(seen).toEqual(["urgent"]);
    clock.advance(25_000);
    expect(seen).toEqual(["urgent", "ping"]);
  });

  it("asks once more if the machine slept while it waited for an answer", () => {
    const { clock, seen, keepalive } = start();
    clock.advance(25_500);
    clock.sleep(60_000);
    clock.advance(2_000);
    expect(seen).toEqual(["ping", "urgent"]);
    clock.advance(100);
    keepalive.ponged();
    expect(keepalive.rttMs).toBe(600);
    clock.advance(24_000);
    expect(seen).toEqual(["ping", "urgent"]);
  });

  it("does not take a clock that is set back or a busy moment for a sleep", () => {
    const { clock, seen } = start();
    clock.sleep(-3_600_000);
    clock.advance(10_000);
    clock.sleep(3_000);
    clock.advance(10_000);
    expect(seen).toEqual([]);
  });

  it("ignores answers that nobody asked for", () => {
    const { clock, seen, keepalive } = start();
    keepalive.ponged();
    expect(keepalive.rttMs).toBe(null);
    clock.advance(25_000);
    expect(seen).toEqual(["ping"]);
  });

  it("leaves no timer behind when stopped", () => {
    const { clock, seen, keepalive } = start();
    clock.advance(25_000);
    keepalive.stop();
    keepalive.ponged();
    clock.advance(100_000);
    expect(seen).toEqual(["ping"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
