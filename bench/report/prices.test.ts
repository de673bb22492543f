import { expect, it } from "vitest";
import { costOf, perMillion } from "./prices.ts";

it("prices a million requests by what they made", () => {
  const cost = costOf({ requests: 1e6, inboundMessages: 2e6, activeSeconds: 1000 });
  expect(cost.objectRequests).toBeCloseTo(0.15);
  expect(cost.inboundMessages).toBeCloseTo(0.015);
  expect(cost.activeTime).toBeCloseTo(1000 * 0.128 * 12.5e-6);
  // 2,000 batches of 500 events, two rows each; the Telemetry object is awake no longer than the tunnel's.
  expect(cost.telemetry).toBeCloseTo(2000e-6 * 2.15 + cost.activeTime);
  expect(cost.total).toBeCloseTo(0.165 + 0.0016 + 0.0059, 4);
});

it("prices a month of an object that never sleeps at about four dollars", () => {
  const month = 30 * 86_400;
  expect(costOf({ requests: 0, inboundMessages: 0, activeSeconds: month }).total).toBeCloseTo(4.15, 2);
});

it("charges nothing where nothing was counted", () => {
  expect(costOf({ requests: 0, inboundMessages: 0, activeSeconds: 0 }).total).toBe(0);
});

it("scales a run to a million requests", () => {
  expect(perMillion({ requests: 500, inboundMessages: 250, activeSeconds: 2 })).toEqual({
    requests: 1e6,
    inboundMessages: 500_000,
    activeSeconds: 4000,
  });
});
