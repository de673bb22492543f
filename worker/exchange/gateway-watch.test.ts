import { describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { GatewayWatch } from "./gateway-watch.ts";

/** More than two looks. */
const LONG_MS = 100;

function watched(): {
  clock: FakeClock;
  signals: () => number;
  gateway: AbortController;
  heard: () => number;
  end: () => void;
} {
  const clock = new FakeClock();
  const gateway = new AbortController();
  let signals = 0;
  let heard = 0;
  const request = {
    get signal(): AbortSignal {
      signals++;
      return gateway.signal;
    },
  } as Request;
  const end = new GatewayWatch(clock).watch(request, () => heard++);
  return { clock, gateway, end, signals: () => signals, heard: () => heard };
}

describe("a gateway's watch", () => {
  it("uses no signal if the answer is quick", () => {
    const { clock, end, signals } = watched();
    clock.advance(10);
    end();
    clock.advance(LONG_MS);
    expect(signals()).toBe(0);
  });

  it("reports a gateway that gives up later, once", () => {
    const { clock, gateway, heard } = watched();
    clock.advance(LONG_MS);
    gateway.abort();
    clock.advance(LONG_MS);
    expect(heard()).toBe(1);
  });

  it("reports a gateway that gave up before anything listened", () => {
    const { clock, gateway, heard } = watched();
    gateway.abort();
    clock.advance(LONG_MS);
    expect(heard()).toBe(1);
  });

  it("reports nothing after it was ended, listening or not", () => {
    for (const waitMs of [0, LONG_MS]) {
      const { clock, gateway, end, heard } = watched();
      clock.advance(waitMs);
      end();
      gateway.abort();
      clock.advance(LONG_MS);
      expect(heard()).toBe(0);
    }
  });

  it("leaves no timer behind: it would keep the object awake", () => {
    const { clock, end } = watched();
    clock.advance(LONG_MS);
    expect(clock.pendingTimers).toBe(0);
    end();
    const quick = watched();
    quick.end();
    quick.clock.advance(LONG_MS);
    expect(quick.clock.pendingTimers).toBe(0);
  });
});
