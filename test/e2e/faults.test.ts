import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scripts/demo/eventually.ts";
import { FaultLab, type Outcome } from "../support/fault-lab.ts";

const lab = new FaultLab();

beforeAll(async () => {
  await lab.start();
  await lab.addConnector();
  await lab.addConnector();
});
afterAll(() => lab.stop());

function failures(outcomes: Outcome[]): Outcome[] {
  return outcomes.filter(({ status }) => status !== 200);
}

/** The two connectors that run now, the elder first. */
function running() {
  return lab.connectors.filter((connector) => connector.running());
}

describe("with two connectors under steady load", () => {
  it("ten rounds of rolling restart cost no request, and each is executed once", async () => {
    const load = lab.load(10);
    for (let round = 0; round < 10; round++) {
      const [elder] = running();
      await lab.addConnector();
      elder?.signal("SIGTERM");
      expect(await elder?.exited).toBe(0);
    }
    const outcomes = await load.stop();
    expect(failures(outcomes)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(200);
    expect(lab.upstream.repeated).toEqual([]);
  });

  it("ten rounds of SIGKILL cost those in flight alone, with CONNECTOR_LOST, and none is executed twice", async () => {
    const load = lab.load(10);
    for (let round = 0; round < 10; round++) {
      const [elder] = running();
      elder?.signal("SIGKILL");
      await elder?.exited;
      await eventually("the relay to notice", 5_000, async () => (await lab.attached()) === 1);
      await lab.addConnector();
    }
    const outcomes = await load.stop();
    const failed = failures(outcomes);
    expect(failed.every(({ code, status }) => code === "CONNECTOR_LOST" && status === 502)).toBe(true);
    // Each kill can hit what was in flight: at 10 ms apart and 20 ms each, a handful.
    expect(failed.length).toBeLessThan(100);
    expect(outcomes.length - failed.length).toBeGreaterThan(200);
    expect(lab.upstream.repeated).toEqual([]);
  });

  it("a service that opted in loses no GET to a SIGKILL", async () => {
    const load = lab.load(10, "retry-api");
    for (let round = 0; round < 3; round++) {
      const [elder] = running();
      elder?.signal("SIGKILL");
      await elder?.exited;
      await eventually("the relay to notice", 5_000, async () => (await lab.attached()) === 1);
      await lab.addConnector();
    }
    const failed = failures(await load.stop());
    expect(failed.filter(({ method }) => method === "GET")).toEqual([]);
    expect(failed.every(({ code }) => code === "CONNECTOR_LOST")).toBe(true);
  });
});

describe("a network that swallows packets both ways", () => {
  it("is found out within 10 s under traffic, and the other connector serves meanwhile", async () => {
    const proxy = await lab.proxy();
    const [elder] = running();
    await lab.addConnector(proxy);
    elder?.signal("SIGTERM");
    await elder?.exited;
    expect(await lab.attached()).toBe(2);
    const load = lab.load(50);
    await sleep(500);
    proxy.blackHole = true;
    const began = performance.now();
    await eventually("the relay to give it up", 12_000, async () => (await lab.attached()) === 1);
    expect(performance.now() - began).toBeLessThan(10_000);
    const outcomes = await load.stop();
    const failed = failures(outcomes);
    expect(failed.every(({ code }) => code === "CONNECTOR_LOST")).toBe(true);
    expect(failed.every(({ tookMs }) => tookMs < 10_500)).toBe(true);
    // Once it is suspected, after 4 s, nothing more is sent there.
    expect(failed.length).toBeLessThan(outcomes.length / 2);
    proxy.blackHole = false;
    proxy.cut();
    await eventually("the connector to be back", 15_000, async () => (await lab.attached()) === 2);
  });

  it("a half-open connection is replaced at once by its connector's new one", async () => {
    const proxy = await lab.proxy();
    await lab.addConnector(proxy);
    const before = await lab.attached();
    proxy.halfOpen();
    await eventually("the new connection", 5_000, async () => proxy.connections === 1);
    await eventually("the predecessor to go", 5_000, async () => (await lab.attached()) === before);
    expect(failures(await Promise.all([lab.request("GET"), lab.request("POST")]))).toEqual([]);
  });
});

describe("a relay that crashes", () => {
  it("has its connectors back within 2 s; requests wait for them, and its state is kept", async () => {
    const expected = await lab.attached();
    await lab.crashRelay();
    const began = performance.now();
    const waiting = Promise.all(Array.from({ length: 20 }, () => lab.request("POST")));
    await eventually("a connector", 5_000, async () => (await lab.attached()) > 0);
    const backAfterMs = performance.now() - began;
    expect(failures(await waiting)).toEqual([]);
    expect(backAfterMs).toBeLessThan(2_000);
    await eventually("all connectors", 20_000, async () => (await lab.attached()) >= expected);
    // The service that opted in lets a GET be executed twice.
    expect(lab.upstream.repeated.filter((id) => !id.startsWith("retry-"))).toEqual([]);
  });
});
