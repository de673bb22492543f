import { describe, expect, it } from "vitest";
import { SimTunnel } from "./sim-tunnel.ts";

/*
 * A tunnel on many objects, on a fake clock, with the product's own decisions. The short form: `npm run simulate` has
 * minutes of load, a death in each, and growth from one object.
 */

const ALL = { min: 32, max: 32 };
/** One million requests a minute. */
const MILLION_PER_SECOND = 16_667;
const THREE_MILLION_PER_SECOND = 50_000;

describe.each([4, 8])("32 objects of 1,000 requests a second, %i connectors", (connectors) => {
  it("carry 1,000,000 requests a minute like a single one, while an object dies", async () => {
    const sim = new SimTunnel({ connectors, wish: ALL });
    await sim.start();
    expect(sim.serving()).toBe(32);
    const alone = (await sim.load(100, 2_000)).percentileMs(99);
    sim.killAfter(100);
    const loaded = await sim.load(MILLION_PER_SECOND, 300);
    expect(loaded.percentileMs(99)).toBeLessThanOrEqual(2 * alone);
    expect(loaded.shed).toBeLessThan(0.001);
    // Of the open requests on the dead object, only those fail that are not safe to send again.
    expect([...loaded.codes.keys()].filter((code) => code !== "RELAY_RESTART")).toEqual([]);
    expect(loaded.codes.get("RELAY_RESTART") ?? 0).toBeLessThan(20);
  });
});

describe("growth", () => {
  it("brings a new object within 35 s of the first busy report, by the load of one", async () => {
    const sim = new SimTunnel({ connectors: 4, weight: 20, wish: { max: 2 } });
    await sim.start();
    // The first report does not contain a load yet.
    await sim.load(100, 20_000);
    const beganAtMs = sim.nowMs;
    const outcomes = await sim.load(600, 15_000 + 35_000);
    expect([...outcomes.codes]).toEqual([]);
    expect(sim.serving()).toBe(2);
    const [reportedAtMs = Infinity, firstOnNewAtMs = Infinity] = [sim.busyAtMs, sim.firstOnNewAtMs];
    expect(reportedAtMs).toBeGreaterThan(beganAtMs);
    expect(firstOnNewAtMs - reportedAtMs).toBeLessThanOrEqual(35_000);
  });

  it("stops at the maximum, and refuses the rest with OVERLOADED", async () => {
    const sim = new SimTunnel({ connectors: 4, weight: 400 });
    await sim.start();
    await sim.load(THREE_MILLION_PER_SECOND, 100_000);
    expect([sim.serving(), sim.listed()]).toEqual([32, 32]);
    const full = await sim.load(THREE_MILLION_PER_SECOND, 10_000);
    expect([...full.codes.keys()]).toEqual(["OVERLOADED"]);
    // They do as much as they can.
    expect(full.answered * 400).toBeGreaterThan(0.9 * 32_000 * 10);
  });

  it("continues when the Registry is back, and costs no request meanwhile", async () => {
    const sim = new SimTunnel({ connectors: 2, weight: 20 });
    await sim.start();
    sim.isRegistryAway = true;
    const before = await sim.load(600, 40_000);
    expect([sim.listed(), before.codes.size]).toEqual([1, 0]);
    sim.isRegistryAway = false;
    // The Registry goes away when new objects have connectors but are not used yet.
    sim.want({ min: 4 });
    sim.isRegistryAway = true;
    await sim.pass(5_000);
    expect([sim.listed(), sim.serving()]).toEqual([4, 1]);
    sim.isRegistryAway = false;
    const after = await sim.load(600, 30_000);
    expect([sim.serving(), after.codes.size]).toEqual([4, 0]);
  });

  it("is undone for a tunnel with only old connectors, which stays on its first object", async () => {
    const sim = new SimTunnel({ connectors: 0, oldConnectors: 2, weight: 20 });
    await sim.start();
    const outcomes = await sim.load(700, 120_000);
    expect([sim.serving(), sim.listed(), outcomes.codes.size]).toEqual([1, 2, 0]);
    sim.want({ max: 1 });
    expect(sim.listed()).toBe(1);
  });
});

describe("the list of objects", () => {
  it("comes with the first answer to each isolate after a change, and with no other", async () => {
    const sim = new SimTunnel({ connectors: 2, gateways: 16, wish: { min: 4, max: 4 } });
    await sim.start();
    await sim.load(100, 10_000);
    expect(sim.listsTold).toBe(16);
    await sim.load(100, 10_000);
    expect(sim.listsTold).toBe(16);
    sim.want({ min: 5, max: 5 });
    await sim.load(100, 10_000);
    // One edit makes the object attach, and another makes it serve. An isolate may ask between the two.
    expect(sim.listsTold).toBeLessThanOrEqual(3 * 16);
    const told = sim.listsTold;
    await sim.load(100, 10_000);
    expect(sim.listsTold).toBe(told);
  });
});

describe("connectors of two versions", () => {
  it("carry everything over the older one when the newer one dies", async () => {
    const sim = new SimTunnel({ connectors: 1, oldConnectors: 1, wish: { min: 8, max: 8 } });
    await sim.start();
    expect(sim.serving()).toBe(8);
    sim.clock.after(1_000, () => sim.connectors[0]?.kill());
    const outcomes = await sim.load(100, 20_000);
    // Open requests on it that are not safe to send again are lost with it. All others reached the old object, in two hops
    // at first.
    expect([...outcomes.codes.keys()].filter((code) => code !== "CONNECTOR_LOST")).toEqual([]);
    expect(outcomes.codes.get("CONNECTOR_LOST") ?? 0).toBeLessThan(5);
    // By then no request goes to an object without a connector.
    expect(sim.serving()).toBe(1);
    expect((await sim.load(100, 5_000)).percentileMs(99)).toBeLessThan(40);
  });
});

describe("shrinking and moving", () => {
  it("lose no request, and of two edits at once the last one wins", async () => {
    const sim = new SimTunnel({ connectors: 2, wish: { min: 4, max: 4, drainMs: 5_000 } });
    await sim.start();
    for (const [delayMs, wish] of [
      [1_000, { min: 16, max: 16 }],
      [1_010, { min: 2, max: 2 }],
      [6_000, { location: "weur" }],
      [6_005, { location: "enam", min: 3, max: 3 }],
    ] as const)
      sim.clock.after(delayMs, () => sim.want(wish));
    const outcomes = await sim.load(50, 40_000);
    expect([...outcomes.codes]).toEqual([]);
    expect([sim.serving(), sim.listed()]).toEqual([3, 3]);
    expect(new Set(sim.locations())).toEqual(new Set(["enam"]));
  });

  it("shrinks half an hour after the last request, though nothing reports any more", async () => {
    const sim = new SimTunnel({ connectors: 2, weight: 100 });
    await sim.start();
    await sim.load(2_000, 60_000);
    expect(sim.serving()).toBeGreaterThanOrEqual(4);
    await sim.pass(3 * 3_600_000);
    expect(sim.listed()).toBe(1);
  });
});
