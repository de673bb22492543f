import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { startChild } from "../../scripts/demo/child-process.ts";
import { call } from "../support/calls.ts";
import { runCulvert } from "../support/culvert-command.ts";
import { ObjectLoad } from "../support/object-load.ts";
import { LedgerUpstream } from "../support/servers/ledger-upstream.ts";
import { startSystem, type System } from "../support/system.ts";

/*
 * A tunnel on several objects, on the real runtime with real connectors. Growing and shrinking under load loses no request
 * and no message, and executes nothing twice.
 */

interface DescribedObject {
  name: string;
  phase: string;
  connections: number;
  requestsPerSecond: number | null;
}

const ledger = new LedgerUpstream();
let system: System;
beforeAll(async () => {
  const port = await ledger.listen();
  system = await startSystem({ connectors: 2, endpoints: { ledger: `http://127.0.0.1:${port}` } });
});
afterAll(async () => {
  await system?.stop();
  await ledger.close();
});

async function admin<T>(method: string, body?: object): Promise<T> {
  const response = await fetch(`${system.workerd.url}/v1/tunnels/${system.tunnelId}`, {
    method,
    headers: { authorization: `Bearer ${system.adminKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const objects = async () => (await admin<{ objects: DescribedObject[] }>("GET")).objects;

async function scaleTo(count: number, connectors: number): Promise<void> {
  await admin("PATCH", { objects: { min: count, max: count }, drainSeconds: 20 });
  await expect
    .poll(async () => (await objects()).map(({ phase, connections }) => `${phase} ${connections}`), {
      timeout: 60_000,
      interval: 200,
    })
    .toEqual(Array.from({ length: count }, () => `serving ${connectors}`));
}

it(
  "grows to 4 and shrinks to 1 under load, connectors joining and draining: nothing fails",
  { timeout: 240_000 },
  async () => {
    const load = new ObjectLoad(system, "growing", 4, { talking: true });
    await scaleTo(4, 2);
    await system.addConnector();
    await expect
      .poll(async () => (await objects()).map(({ connections }) => connections), { timeout: 30_000 })
      .toEqual([3, 3, 3, 3]);
    await sleep(2_000);
    const [first] = system.connectors;
    await first?.stop(30_000);
    await expect
      .poll(async () => (await objects()).map(({ connections }) => connections), { timeout: 30_000 })
      .toEqual([2, 2, 2, 2]);
    await scaleTo(1, 2);
    await sleep(500);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(ledger.repeated).toEqual([]);
    expect([...ledger.executions.keys()].sort()).toEqual([...load.posted].sort());
    expect(Math.min(load.done.get, load.done.post, load.done.message)).toBeGreaterThan(0);
  },
);

it(
  "loses only unsafe requests when a connector is killed, and reports which",
  { timeout: 120_000 },
  async () => {
    await scaleTo(4, 2);
    const load = new ObjectLoad(system, "killed", 8, { talking: false });
    await sleep(1_000);
    await system.connectors[1]?.stop(0);
    await expect
      .poll(async () => (await objects()).map(({ connections }) => connections), { timeout: 30_000 })
      .toEqual([1, 1, 1, 1]);
    await sleep(1_000);
    await load.stop();
    expect(load.failures.filter((failure) => failure !== "POST 502 CONNECTOR_LOST")).toEqual([]);
    // Each caller has one request at a time.
    expect(load.failures.length).toBeLessThanOrEqual(8);
    expect(ledger.repeated).toEqual([]);
    await system.addConnector();
  },
);

it(
  "shows each request once to a watcher of the tunnel, and says which object carried it",
  { timeout: 120_000 },
  async () => {
    const args = [CULVERT_BUNDLE, "tail", "--tunnel-id", system.tunnelId, "--json"];
    const settings = { CULVERT_RELAY: system.workerd.url, CULVERT_API_KEY: system.adminKey };
    const tail = startChild("tail", process.execPath, args, settings);
    const seen = () =>
      tail.lines
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as { path: string; object: string })
        .filter(({ path }) => path.startsWith("/numbered"));
    const names = (await objects()).map(({ name }) => name);
    // Once a request of each object was seen, every object is watched.
    let warmUps = 0;
    await expect
      .poll(
        async () => {
          await call(system, { service: "node-api", path: `/numbered/warm-up-${warmUps++}` });
          return new Set(seen().map(({ object }) => object)).size;
        },
        { timeout: 60_000, interval: 5 },
      )
      .toBe(names.length);
    const paths = Array.from({ length: 100 }, (_, number) => `/numbered/${number}`);
    for (const path of paths) await call(system, { service: "node-api", path });
    const told = () => seen().filter(({ path }) => /^\/numbered\/\d+$/.test(path));
    await expect.poll(() => told().length, { timeout: 30_000 }).toBe(paths.length);
    expect(
      told()
        .map(({ path }) => path)
        .sort(),
    ).toEqual(paths.toSorted());
    expect(told().every(({ object }) => names.includes(object))).toBe(true);
    await tail.stop(5_000);
  },
);

it("have the round trips that doctor shows", async () => {
  const names = (await objects()).map(({ name }) => name);
  const made = await fetch(`${system.workerd.url}/v1/tunnels/${system.tunnelId}/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.adminKey}`, "content-type": "application/json" },
    body: "{}",
  });
  const { token } = (await made.json()) as { token: string };
  const { out } = await runCulvert(["doctor", "--json"], { TUNNEL_TOKEN: token, TUNNEL_ALLOW: "127.0.0.1" });
  const { findings } = JSON.parse(out) as { findings: { check: string; detail: string }[] };
  const latencies = findings.filter(({ check }) => check === "latency").map(({ detail }) => detail);
  expect(latencies).toHaveLength(names.length);
  expect(latencies.filter((detail) => !/^[\d.]+ ms /.test(detail))).toEqual([]);
  // The object to which the connector is attached without a name has no name here.
  expect(names.filter((name) => latencies.some((detail) => detail.endsWith(` ${name}`)))).toHaveLength(
    names.length - 1,
  );
});
