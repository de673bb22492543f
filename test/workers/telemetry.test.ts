import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { LogDestination } from "../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { registryStub, telemetryStub } from "../../worker/env.ts";
import type { SendOutcome } from "../../worker/log-delivery/delivery.ts";
import type { EventBatch } from "../../worker/events/event-batch.ts";
import { Shipper } from "../../worker/telemetry/shipper.ts";
import { Spool, spoolEntry } from "../../worker/telemetry/spool.ts";
import type { Telemetry } from "../../worker/telemetry/telemetry-object.ts";
import type { StoredReport } from "../../worker/registry/stores/telemetry-report-store.ts";
import { testEvent } from "../../worker/log-delivery/test-event.ts";
import { call, createTunnel, json } from "./admin-client.ts";

afterEach(reset);

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";

function lines(count: number, change: Partial<RequestEvent> = {}): string[] {
  return Array.from({ length: count }, () => JSON.stringify({ ...testEvent(Date.now()), ...change }));
}

let sequence = 0;
function batch(events: readonly string[], change: Partial<EventBatch> = {}): EventBatch {
  sequence++;
  const text = events.join("\n");
  return {
    ...{ sender: "s", sequence, lines: text, count: events.length, lost: 0 },
    ...{ destinationsRevision: 0, connectors: 1, ...change },
  };
}

async function reportOf(name: string): Promise<StoredReport | undefined> {
  const reports = await registryStub(env).telemetryReports(100, "");
  return reports.find(({ objectName }) => objectName === name);
}

function requestCount(report: StoredReport | undefined): number {
  const services = [...(report?.metrics.services.values() ?? [])];
  return services.flatMap(({ results }) => [...results.values()]).reduce((sum, count) => sum + count, 0);
}

function alarmOf(name: string): Promise<number | null> {
  return runInDurableObject(telemetryStub(env, name), (_, state) => state.storage.getAlarm());
}

function tablesOf(name: string): Promise<number> {
  return runInDurableObject(telemetryStub(env, name), (_, state) =>
    state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('state', 'spool')").toArray(),
  ).then((rows) => rows.length);
}

async function createDestination(url = NOWHERE): Promise<string> {
  const body = { kind: "webhook", name: "logs", url };
  return (await json<{ id: string }>(call("POST", "/v1/log-destinations", { body }), 201)).id;
}

async function revisionOf(tunnelId: string): Promise<number> {
  return (await registryStub(env).tunnelConfig(tunnelId))?.destinationsRevision ?? -1;
}

describe("a Telemetry object", () => {
  it("counts a batch once, however often and in whatever order it comes", async () => {
    const { id } = await createTunnel();
    const telemetry = telemetryStub(env, id);
    const [first, second] = [batch(lines(3)), batch(lines(2))];
    await Promise.all([second, first, second].map((one) => telemetry.take(one)));
    await telemetry.take(first);
    await telemetry.take(batch(["no event", ...lines(1)], { lost: 7 }));
    await runDurableObjectAlarm(telemetry);
    const report = await reportOf(id);
    expect(requestCount(report)).toBe(6);
    expect(report).toMatchObject({ connectors: 1, metrics: { lost: 7, malformed: 1 } });
  });

  it("stays asleep when it has reported and nothing waits", async () => {
    const { id } = await createTunnel();
    await telemetryStub(env, id).take(batch(lines(1)));
    expect(await alarmOf(id)).not.toBeNull();
    await runDurableObjectAlarm(telemetryStub(env, id));
    expect(await alarmOf(id)).toBeNull();
  });

  it("tries a destination again and again, and sleeps once that is deleted", async () => {
    const { id } = await createTunnel();
    const destination = await createDestination();
    const telemetry = telemetryStub(env, id);
    await telemetry.take(batch(lines(4), { destinationsRevision: await revisionOf(id) }));
    await runDurableObjectAlarm(telemetry);
    expect((await reportOf(id))?.deliveries).toMatchObject([
      { id: destination, shipped: 0, backlog: 4, lastError: { reason: "not reachable" } },
    ]);
    expect(await alarmOf(id)).not.toBeNull();
    await json(call("DELETE", `/v1/log-destinations/${destination}`).then(emptyJson));
    await evictDurableObject(telemetry);
    await runDurableObjectAlarm(telemetry);
    expect(await alarmOf(id)).toBeNull();
    expect(await spooled(id)).toBe(0);
  });

  it("keeps nothing of a tunnel that was deleted", async () => {
    const { id } = await createTunnel();
    await telemetryStub(env, id).take(batch(lines(1)));
    expect(await tablesOf(id)).toBe(2);
    await call("DELETE", `/v1/tunnels/${id}`);
    await telemetryStub(env, id).take(batch([], { connectors: 0 }));
    await runDurableObjectAlarm(telemetryStub(env, id));
    expect(await tablesOf(id)).toBe(0);
    expect(await alarmOf(id)).toBeNull();
    expect(await reportOf(id)).toBeUndefined();
  });

  it("accepts a batch that comes while it deletes itself, after that is done", async () => {
    const { id } = await createTunnel();
    const telemetry = telemetryStub(env, id);
    await call("DELETE", `/v1/tunnels/${id}`);
    await runInDurableObject(telemetry, async (object: Telemetry, { storage }) => {
      const order: string[] = [];
      const taken = Promise.withResolvers<void>();
      const deleteAll = storage.deleteAll.bind(storage);
      storage.deleteAll = async () => {
        storage.deleteAll = deleteAll;
        const late = object.take(batch(lines(3))).then(() => void order.push("taken"));
        taken.resolve(late);
        // Work that does not wait for the deletion is done by then.
        await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 200))]);
        await deleteAll();
        order.push("deleted");
      };
      await object.take(batch([], { connectors: 0 }));
      await object.alarm();
      await taken.promise;
      expect(order).toEqual(["deleted", "taken"]);
    });
  });

  it("refuses batches beyond its queue, and accepts them when they come again", async () => {
    const { id } = await createTunnel();
    const batches = Array.from({ length: 20 }, () => batch(lines(1)));
    await runInDurableObject(telemetryStub(env, id), async (object: Telemetry) => {
      const results = await Promise.allSettled(batches.map((one) => object.take(one)));
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(8);
      for (const one of batches) await object.take(one);
      expect(object.traffic(0, 10).reduce((sum, { traffic }) => sum + traffic.requests, 0)).toBe(20);
    });
  });

  it("counts a batch that is too large for a row as lost", async () => {
    const { id } = await createTunnel();
    const telemetry = telemetryStub(env, id);
    const path = Array.from({ length: 1_100 }, () => crypto.randomUUID()).join("");
    await createDestination();
    const destinationsRevision = await revisionOf(id);
    await telemetry.take(batch(lines(20, { path }), { destinationsRevision, lost: 1 }));
    expect(await spooled(id)).toBe(0);
    await runDurableObjectAlarm(telemetry);
    expect(await reportOf(id)).toMatchObject({ metrics: { lost: 21 } });
  });

  it("learns of its first destination from a batch, and sends that batch already", async () => {
    const { id } = await createTunnel();
    const telemetry = telemetryStub(env, id);
    await telemetry.take(batch(lines(5)));
    await createDestination();
    await telemetry.take(batch(lines(2), { destinationsRevision: await revisionOf(id) }));
    await telemetry.take(batch(lines(1), { destinationsRevision: await revisionOf(id) }));
    await runDurableObjectAlarm(telemetry);
    expect((await reportOf(id))?.deliveries).toMatchObject([{ backlog: 3 }]);
  });
});

const destination: LogDestination = {
  ...{ id: "dst_1", kind: "webhook", name: "n", url: "https://logs.example", events: "all" },
};

const accepted: SendOutcome = { outcome: "accepted", rejected: 0 };
const unfit: SendOutcome = { outcome: "refused", reason: "answered 400" };
const down: SendOutcome = { outcome: "retry", reason: "answered 503", retryAfterMs: 1 };

interface Bench {
  spool: Spool;
  shipper: Shipper;
  /** How the destinations answer what they get. */
  treat: (id: string, events: readonly RequestEvent[]) => Promise<SendOutcome>;
  append(count: number, change?: Partial<RequestEvent>): Promise<void>;
  nowMs: number;
}

function withShipper(maxBytes: number, use: (bench: Bench) => Promise<void>): Promise<void> {
  return runInDurableObject(telemetryStub(env, "bench"), async (_, state) => {
    const { sql } = state.storage;
    const spool = new Spool(sql, maxBytes);
    const shipper = new Shipper({
      ...{ sql, spool, keptFromId: () => null, nowMs: () => bench.nowMs, random: () => 0 },
      send: async ({ id }, events) => ({ outcome: await bench.treat(id, events), encoding: "gzip" }),
    });
    const bench: Bench = {
      ...{ spool, shipper, nowMs: 0, treat: () => Promise.resolve(accepted) },
      async append(count, change = {}) {
        const failures = change.outcome === "failed" ? count : 0;
        shipper.dropped(spool.append(await spoolEntry(lines(count, change), failures)));
      },
    };
    await use(bench);
  });
}

describe("shipping", () => {
  it("loses nothing while a destination is down, and counts what has no room", async () => {
    await withShipper(2_000, async (bench) => {
      const taken: string[] = [];
      bench.shipper.reconcile([destination], 1);
      bench.treat = () => Promise.resolve(down);
      const ids = Array.from({ length: 60 }, (_, index) => `request-${index}`);
      for (const requestId of ids) await bench.append(1, { requestId });
      await Promise.all(bench.shipper.ship([destination]));
      bench.nowMs = 1_000;
      bench.treat = (_, events) => {
        taken.push(...events.map(({ requestId }) => requestId));
        return Promise.resolve(accepted);
      };
      await Promise.all(bench.shipper.ship([destination]));
      const [report] = bench.shipper.reports();
      expect(report?.lost).toBeGreaterThan(0);
      expect(report).toMatchObject({ shipped: taken.length, lost: 60 - taken.length, backlog: 0 });
      expect(taken).toEqual(ids.slice(-taken.length));
      expect(bench.shipper.nextDueMs()).toBeNull();
    });
  });

  it("brings each of 10,000 events once while a destination comes and goes", async () => {
    await withShipper(10_000_000, async (bench) => {
      const taken: string[] = [];
      let requests = 0;
      bench.treat = (_, events) => {
        requests++;
        if (requests % 3 !== 0) return Promise.resolve(down);
        taken.push(...events.map(({ requestId }) => requestId));
        return Promise.resolve(accepted);
      };
      bench.shipper.reconcile([destination], 1);
      const ids = Array.from({ length: 10_000 }, (_, index) => `request-${index}`);
      for (let start = 0; start < ids.length; start += 400) {
        const events = ids.slice(start, start + 400).map((requestId) => ({ ...testEvent(0), requestId }));
        const texts = events.map((event) => JSON.stringify(event));
        bench.shipper.dropped(bench.spool.append(await spoolEntry(texts, 0)));
        bench.nowMs += 1_000;
        await Promise.all(bench.shipper.ship([destination]));
      }
      while (bench.shipper.nextDueMs() !== null) {
        bench.nowMs += 1_000;
        await Promise.all(bench.shipper.ship([destination]));
      }
      expect(taken).toEqual(ids);
      expect(bench.shipper.reports()).toMatchObject([{ shipped: 10_000, lost: 0, rejected: 0, backlog: 0 }]);
    });
  });

  it("counts events that were dropped while being sent as shipped, not as lost", async () => {
    await withShipper(1_000, async (bench) => {
      bench.shipper.reconcile([destination], 1);
      await bench.append(5);
      const answer = Promise.withResolvers<SendOutcome>();
      const underWay = Promise.withResolvers<void>();
      bench.treat = () => {
        underWay.resolve();
        return answer.promise;
      };
      const runs = bench.shipper.ship([destination]);
      await underWay.promise;
      for (let index = 0; index < 10; index++) await bench.append(1, { path: `/${crypto.randomUUID()}` });
      bench.treat = () => Promise.resolve(accepted);
      answer.resolve(accepted);
      await Promise.all(runs);
      const [report] = bench.shipper.reports();
      expect((report?.shipped ?? 0) + (report?.lost ?? 0)).toBe(15);
      expect(report?.shipped).toBeGreaterThan(5);
    });
  });

  it("to a destination that hangs delays no other", async () => {
    const slow = { ...destination, id: "dst_slow" };
    await withShipper(100_000, async (bench) => {
      bench.shipper.reconcile([slow, destination], 1);
      const never = Promise.withResolvers<SendOutcome>();
      bench.treat = (id) => (id === slow.id ? never.promise : Promise.resolve(accepted));
      await bench.append(3);
      const [hanging] = bench.shipper.ship([slow]);
      await Promise.all(bench.shipper.ship([destination]));
      await bench.append(4);
      await Promise.all(bench.shipper.ship([destination]));
      expect(bench.shipper.reports()).toMatchObject([
        { shipped: 0, backlog: 7 },
        { shipped: 7, backlog: 0 },
      ]);
      // It is not sent a second time in the meantime.
      expect(bench.shipper.ship([slow])).toEqual([]);
      never.resolve(down);
      await hanging;
    });
  });

  it.each([[[0]], [[499]], [[999]], [[3, 500, 998]]])(
    "rejects only the events %j of a thousand, and ships the others once",
    async (poison) => {
      await withShipper(10_000_000, async (bench) => {
        bench.shipper.reconcile([destination], 1);
        const ids = Array.from({ length: 1_000 }, (_, index) => `request-${index}`);
        const refused = new Set(poison.map((index) => ids[index]));
        const texts = ids.map((requestId) => JSON.stringify({ ...testEvent(0), requestId }));
        bench.shipper.dropped(bench.spool.append(await spoolEntry(texts, 0)));
        const taken: string[] = [];
        bench.treat = (_, events) => {
          const given = events.map(({ requestId }) => requestId);
          if (given.some((id) => refused.has(id))) return Promise.resolve(unfit);
          taken.push(...given);
          return Promise.resolve(accepted);
        };
        while (bench.shipper.nextDueMs() !== null) await Promise.all(bench.shipper.ship([destination]));
        expect(taken).toEqual(ids.filter((id) => !refused.has(id)));
        expect(bench.shipper.reports()).toMatchObject([{ shipped: 1_000 - poison.length, backlog: 0 }]);
      });
    },
  );

  it("does not ask a destination that refuses everything about each event", async () => {
    await withShipper(10_000_000, async (bench) => {
      bench.shipper.reconcile([destination], 1);
      bench.shipper.dropped(bench.spool.append(await spoolEntry(lines(1_000), 0)));
      let requests = 0;
      bench.treat = () => {
        requests++;
        return Promise.resolve(unfit);
      };
      while (bench.shipper.nextDueMs() !== null) await Promise.all(bench.shipper.ship([destination]));
      expect(bench.shipper.reports()).toMatchObject([{ rejected: 1_000, backlog: 0 }]);
      expect(requests).toBeLessThan(50);
    });
  });

  it("of failures only leaves out the rest and does not wait for it", async () => {
    const failures = { ...destination, events: "failures" as const };
    await withShipper(100_000, async (bench) => {
      bench.shipper.reconcile([failures], 1);
      const taken: RequestEvent[] = [];
      bench.treat = (_, events) => {
        taken.push(...events);
        return Promise.resolve(accepted);
      };
      await bench.append(5);
      await bench.append(2, { outcome: "failed", code: "NO_CONNECTOR", status: 503 });
      await bench.append(5);
      expect(bench.shipper.reports()).toMatchObject([{ backlog: 2 }]);
      await Promise.all(bench.shipper.ship([failures]));
      expect(taken.map(({ code }) => code)).toEqual(["NO_CONNECTOR", "NO_CONNECTOR"]);
      expect(bench.shipper.reports()).toMatchObject([{ shipped: 2, backlog: 0 }]);
      expect(bench.shipper.nextDueMs()).toBeNull();
    });
  });

  it("starts a new destination at the given position, and keeps the others at theirs", async () => {
    const second = { ...destination, id: "dst_2" };
    await withShipper(100_000, async (bench) => {
      bench.shipper.reconcile([destination], 1);
      await bench.append(3);
      bench.shipper.reconcile([destination, second], bench.spool.lastId + 1);
      await bench.append(4);
      expect(bench.shipper.reports().map(({ backlog }) => backlog)).toEqual([7, 4]);
      bench.shipper.reconcile([second], 99);
      expect(bench.shipper.reports()).toMatchObject([{ id: "dst_2", backlog: 4 }]);
    });
  });
});

function spooled(name: string): Promise<number> {
  return runInDurableObject(
    telemetryStub(env, name),
    (_, state) =>
      state.storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM spool").one().count,
  );
}

async function emptyJson(response: Response): Promise<Response> {
  expect(response.status).toBe(204);
  await response.body?.cancel();
  return Response.json({});
}
