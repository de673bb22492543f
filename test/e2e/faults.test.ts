import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scripts/demo/eventually.ts";
import { FaultLab, type Outcome } from "../support/fault-lab.ts";
import { LedgerUpstream } from "../support/servers/ledger-upstream.ts";

/**
 * The counts here depend on what happened, never on how fast. Each lane has one request open, so the failure of one
 * connection costs each lane at most one. Bounds in time are tested on a fake clock (connection-keeper.test.ts,
 * answer-watch.test.ts, test/simulation). The waits here only rule out failures that would take much longer.
 */
const LANES = 8;
/** `npm run faults` has ten. */
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 3);
const WAIT_MS = 60_000;
const TIMEOUT = { timeout: 180_000 };

const upstream = new LedgerUpstream();
const lab = new FaultLab(upstream);

beforeAll(async () => {
  await lab.start();
  await lab.addConnector();
  await lab.addConnector();
}, WAIT_MS);
afterAll(() => lab.stop());

function failures(outcomes: Outcome[]): Outcome[] {
  return outcomes.filter(({ status }) => status !== 200);
}

function notLost(outcomes: Outcome[]): Outcome[] {
  return failures(outcomes).filter(({ code, status }) => code !== "CONNECTOR_LOST" || status !== 502);
}

/** The connectors that run now, the oldest first. */
function running() {
  return lab.connectors.filter((connector) => connector.running());
}

describe("with two connectors under steady load", () => {
  it(`${ROUNDS} rounds of rolling restart cost no request, and each is executed once`, TIMEOUT, async () => {
    const load = lab.load(LANES);
    for (let round = 0; round < ROUNDS; round++) {
      const [elder] = running();
      await lab.addConnector();
      await load.goesOn(2 * LANES);
      elder?.signal("SIGTERM");
      expect(await elder?.exited).toBe(0);
    }
    expect(failures(await load.stop())).toEqual([]);
    expect(upstream.repeated).toEqual([]);
  });

  it(
    `${ROUNDS} rounds of SIGKILL cost only what is not safe: POSTs in flight, each CONNECTOR_LOST, none executed twice`,
    TIMEOUT,
    async () => {
      const load = lab.load(LANES);
      for (let round = 0; round < ROUNDS; round++) {
        const [elder] = running();
        await load.goesOn(2 * LANES);
        elder?.signal("SIGKILL");
        await elder?.exited;
        await lab.untilAttached(1);
        await lab.addConnector();
      }
      const outcomes = await load.stop();
      expect(notLost(outcomes)).toEqual([]);
      const failed = failures(outcomes);
      expect(failed.filter(({ method }) => method !== "POST")).toEqual([]);
      expect(failed.length).toBeLessThanOrEqual(ROUNDS * LANES);
      const posted = new Set(outcomes.filter(({ method }) => method === "POST").map(({ id }) => id));
      expect(upstream.repeated.filter((id) => posted.has(id))).toEqual([]);
    },
  );

  it("two of three that end at once cost no request, POST included", TIMEOUT, async () => {
    const load = lab.load(LANES);
    for (let round = 0; round < ROUNDS / 2; round++) {
      await lab.addConnector();
      await load.goesOn(2 * LANES);
      const leaving = running().slice(0, 2);
      for (const connector of leaving) connector.signal("SIGTERM");
      for (const connector of leaving) expect(await connector.exited).toBe(0);
      await lab.addConnector();
    }
    const posted = new Set(
      (await load.stop()).map(({ id, method, status, code }) => {
        expect([status, code]).toEqual([200, null]);
        return method === "POST" ? id : "";
      }),
    );
    expect(upstream.repeated.filter((id) => posted.has(id))).toEqual([]);
  });

  it("a service that opted out of retries loses a GET like any other request", TIMEOUT, async () => {
    const load = lab.load(LANES, "once-api");
    for (let round = 0; round < ROUNDS / 2; round++) {
      const [elder] = running();
      await load.goesOn(2 * LANES);
      elder?.signal("SIGKILL");
      await elder?.exited;
      await lab.untilAttached(1);
      await lab.addConnector();
    }
    expect(notLost(await load.stop())).toEqual([]);
    expect(upstream.repeated.filter((id) => id.startsWith("once-api"))).toEqual([]);
  });
});

describe("a network that swallows packets both ways", () => {
  it("is detected under traffic, and the other connector serves meanwhile", TIMEOUT, async () => {
    const proxy = await lab.proxy();
    const [elder] = running();
    await lab.addConnector(proxy);
    elder?.signal("SIGTERM");
    await elder?.exited;
    await lab.untilAttached(2);
    const load = lab.load(LANES);
    await load.goesOn(LANES);
    proxy.blackHole = true;
    // Without traffic it would take at least 35 s.
    await eventually("the relay to give it up", 25_000, async () => (await lab.attached()) === 1);
    await load.goesOn(LANES);
    const outcomes = await load.stop();
    expect(notLost(outcomes)).toEqual([]);
    // Callers learn of the loss only when the connection is given up. Each lane has lost at most one request, and not every
    // lane has.
    expect(failures(outcomes).length).toBeLessThan(LANES);
    proxy.blackHole = false;
    proxy.cut();
    await lab.untilAttached(2);
  });

  it("a half-open connection is replaced by its connector's new one", TIMEOUT, async () => {
    const proxy = await lab.proxy();
    await lab.addConnector(proxy);
    const times = async () => new Set((await lab.attachments()).map(({ connectedAt }) => connectedAt));
    const before = await times();
    proxy.halfOpen();
    // The relay reports the age of a connector's oldest connection, so the old one is gone.
    await eventually("the new connection alone", WAIT_MS, async () =>
      [...(await times())].some((time) => !before.has(time)),
    );
    expect(await lab.attached()).toBe(3);
    expect(failures(await Promise.all([lab.request("GET"), lab.request("POST")]))).toEqual([]);
  });
});

describe("a link that takes 50 KB a second", () => {
  it("does not count as dead: an upload of many seconds arrives", TIMEOUT, async () => {
    const proxy = await lab.proxy();
    const others = running();
    const slow = await lab.addConnector(proxy);
    for (const other of others) other.signal("SIGTERM");
    for (const other of others) await other.exited;
    await lab.untilAttached(1);
    proxy.bytesPerMs = 50;
    const body = Buffer.alloc(600_000, "slowly ");
    const response = await fetch(lab.url("api", "/ledger?id=slow-upload"), { method: "POST", body });
    expect([response.status, await response.json()]).toEqual([
      200,
      { id: "slow-upload", bytes: body.byteLength, method: "POST" },
    ]);
    expect(slow.running()).toBe(true);
    expect(proxy.connections).toBe(1);
    proxy.bytesPerMs = Infinity;
    await lab.addConnector();
  });
});

describe("a relay that crashes", () => {
  it("gets its connectors back; requests wait for them, and its state is kept", TIMEOUT, async () => {
    const expected = await lab.attached();
    await lab.crashRelay();
    const waiting = Array.from({ length: 20 }, () => lab.request("POST", "patient-api"));
    expect(failures(await Promise.all(waiting))).toEqual([]);
    await lab.untilAttached(expected);
    expect(upstream.repeated.filter((id) => id.startsWith("patient-"))).toEqual([]);
  });
});
