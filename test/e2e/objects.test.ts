import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { startChild } from "../../scripts/demo/child-process.ts";
import { call, dialWebSocket, field, openCall } from "../support/calls.ts";
import { LedgerUpstream } from "../support/servers/ledger-upstream.ts";
import { startSystem, type System } from "../support/system.ts";

/*
 * A tunnel on several objects, on the real runtime with real connectors: growing and shrinking under load costs no
 * request, no second execution and no message.
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

/** Callers of every kind, until told to stop. */
class Load {
  readonly failures: string[] = [];
  readonly done = { get: 0, post: 0, message: 0 };
  readonly posted: string[] = [];
  #isOver = false;
  readonly #callers: Promise<void>[];

  constructor(name: string, callers: number, { talking }: { talking: boolean }) {
    this.#callers = Array.from({ length: callers }, (_, index) => index).flatMap((index) => [
      this.#repeat(() => this.#get()),
      this.#repeat(() => this.#post(`${name}-${index}`)),
      ...(talking ? [this.#repeat(() => this.#talk())] : []),
    ]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#callers);
  }

  async #repeat(once_: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await once_().catch((thrown: unknown) => void this.failures.push(String(thrown)));
      await sleep(5);
    }
  }

  async #get(): Promise<void> {
    const answer = await call(system, { service: "node-api", path: "/ok" });
    if (answer.status !== 200 || answer.aborted)
      this.failures.push(`GET ${answer.status} ${field(answer, "culvert-error")}`);
    this.done.get++;
  }

  async #post(caller: string): Promise<void> {
    const id = `${caller}-${this.posted.length}`;
    this.posted.push(id);
    const answer = await call(system, {
      service: "ledger",
      path: `/?id=${id}`,
      method: "POST",
      body: "x".repeat(5_000),
    });
    if (answer.status !== 200 || answer.aborted)
      this.failures.push(`POST ${answer.status} ${field(answer, "culvert-error")}`);
    this.done.post++;
  }

  /** A short conversation, each message of which has to come back, in order. */
  async #talk(): Promise<void> {
    const socket = dialWebSocket(system, { service: "node-api", path: "/ws/echo" });
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => heard.push(data.toString()));
    await once(socket, "open");
    for (let number = 0; number < 10; number++) {
      const next = once(socket, "message", { signal: AbortSignal.timeout(20_000) });
      socket.send(String(number));
      await next;
    }
    if (heard.join() !== "0,1,2,3,4,5,6,7,8,9") this.failures.push(`WebSocket heard ${heard.join()}`);
    this.done.message += heard.length;
    const closed = once(socket, "close");
    socket.close(1000);
    await closed;
  }
}

it(
  "grows to 4 and shrinks to 1 under load, connectors joining and draining: nothing fails",
  { timeout: 240_000 },
  async () => {
    const load = new Load("growing", 4, { talking: true });
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
    expect(Math.min(load.done.get, load.done.post, load.done.message)).toBeGreaterThan(50);
  },
);

it(
  "loses only what is not safe to a connector that is killed, and tells which",
  { timeout: 120_000 },
  async () => {
    await scaleTo(4, 2);
    const load = new Load("killed", 8, { talking: false });
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
  "spreads 64 requests at a time over 8 objects: the busiest has at most 1.2 of the mean",
  { timeout: 240_000 },
  async () => {
    await scaleTo(8, 2);
    let isOver = false;
    const failures: number[] = [];
    const one = async () => {
      while (!isOver) {
        const { status } = await call(system, { service: "node-api", path: "/ok" });
        if (status !== 200) failures.push(status);
      }
    };
    const callers = Array.from({ length: 64 }, one);
    // The rate is that of the last ten seconds.
    await sleep(13_000);
    const rates = (await objects()).map(({ requestsPerSecond }) => requestsPerSecond ?? 0);
    isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    expect(Math.max(...rates) / mean).toBeLessThanOrEqual(1.2);
  },
);

it(
  "shows each request once to who watches the tunnel, and says which object carried it",
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
    // Every object is watched once a request of each has been seen.
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

it("grows by itself when one object carries too much, within 35 s", { timeout: 120_000 }, async () => {
  await admin("PATCH", { objects: { min: 1, max: 1 }, drainSeconds: 0 });
  await expect.poll(async () => (await objects()).length, { timeout: 60_000 }).toBe(1);
  await admin("PATCH", { objects: { min: 1, max: 2 } });
  const held = Array.from({ length: 310 }, () => openCall(system, { service: "node-api", path: "/hang" }));
  for (const request of held) request.on("error", () => {}).end();
  await expect.poll(() => system.node.openRequests, { timeout: 20_000 }).toBe(310);
  const beganAtMs = Date.now();
  const statuses = new Set<number>();
  const newOneAnswers = async () => {
    for (let count = 0; count < 10; count++)
      statuses.add((await call(system, { service: "node-api", path: "/ok" })).status);
    const [, second] = await objects();
    return second !== undefined && second.phase === "serving" && (second.requestsPerSecond ?? 0) > 0;
  };
  await expect.poll(newOneAnswers, { timeout: 90_000, interval: 200 }).toBe(true);
  expect(Date.now() - beganAtMs).toBeLessThanOrEqual(35_000);
  expect([...statuses]).toEqual([200]);
  for (const request of held) request.socket?.resetAndDestroy();
});
