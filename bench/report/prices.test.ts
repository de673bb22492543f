import { expect, it } from "vitest";
import { costOf, perMillion } from "./prices.ts";
import { telemetryLoad } from "./quiet-load.ts";

const NOTHING = { batches: 0, reports: 0, minutes: 0 };

it("prices a million requests by what was counted", () => {
  const counts = { requests: 1e6, inboundMessages: 2e6, activeSeconds: 1000 };
  const cost = costOf(counts, { batches: 2000, reports: 10, minutes: 20 });
  expect(cost.objectRequests).toBeCloseTo(0.15);
  expect(cost.inboundMessages).toBeCloseTo(0.015);
  expect(cost.activeTime).toBeCloseTo(1000 * 0.128 * 12.5e-6);
  const [calls, rows] = [2020e-6, 2060e-6];
  expect(cost.telemetry).toBeCloseTo(calls * 0.15 + rows + calls * 0.01 * 0.128 * 12.5);
  expect(cost.total).toBeCloseTo(0.15 + 0.015 + cost.activeTime + cost.telemetry);
  expect(cost.history).toBeCloseTo(2000e-6);
});

it("prices a month of an object that never sleeps at about four dollars", () => {
  const month = 30 * 86_400;
  expect(costOf({ requests: 0, inboundMessages: 0, activeSeconds: month }, NOTHING).total).toBeCloseTo(
    4.15,
    2,
  );
});

it("scales a run to a million requests", () => {
  expect(perMillion({ requests: 500, inboundMessages: 250, activeSeconds: 2 })).toEqual({
    requests: 1e6,
    inboundMessages: 500_000,
    activeSeconds: 4000,
  });
});

/** The cost of a million requests at this rate, if each keeps the object awake for 2 ms. */
async function millionAt(perSecond: number) {
  const load = perMillion(await telemetryLoad(perSecond, 3_000));
  return costOf({ requests: 1e6, inboundMessages: 1e6, activeSeconds: 2_000 + load.gatherSeconds }, load);
}

it("is at most $2.50 for a million single requests, with one row each for their history", async () => {
  const { total, history } = await millionAt(0.1);
  expect(total).toBeLessThanOrEqual(2.5);
  expect(history).toBeLessThanOrEqual(1);
});

it("is no higher than before at a hundred a second", async () => {
  expect((await millionAt(100)).total).toBeLessThanOrEqual(0.2);
});
