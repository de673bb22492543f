import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { registryStub, telemetryStub } from "../../worker/env.ts";
import { findRequests, type RequestQuery } from "../../worker/history/find-requests.ts";
import { historyLine } from "../../worker/history/history-line.ts";
import { History } from "../../worker/history/history.ts";
import type { HistoryLimits } from "../../worker/log-settings.ts";
import { noMetrics } from "../../worker/telemetry/metrics/request-metrics.ts";
import { testEvent } from "../../worker/log-delivery/test-event.ts";
import { call, createTunnel, json, problem } from "./admin-client.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIMITS = { maxEvents: 20_000, maxBytes: 8_000_000 };

interface FoundPage {
  items: RequestEvent[];
  nextCursor: string | null;
}

/** A tunnel whose object has asked for its configuration. Requests are only searched in such tunnels. */
async function tunnelInUse(): Promise<string> {
  const { id } = await createTunnel();
  await registryStub(env).tunnelConfig(id);
  return id;
}

let made = 0;
function event(change: Partial<RequestEvent> = {}): RequestEvent {
  made++;
  return { ...testEvent(Date.now()), requestId: `r-${made}`, tunnel: "t", ...change };
}

let sequence = 0;
async function take(objectName: string, events: readonly RequestEvent[]): Promise<void> {
  sequence++;
  const lines = events.map((one) => JSON.stringify(one)).join("\n");
  await telemetryStub(env, objectName).take({
    ...{ sender: "s", sequence, lines, count: events.length, lost: 0 },
    ...{ destinationsRevision: 0, connectors: 1 },
  });
}

function search(id: string, query: Record<string, string> = {}): Promise<FoundPage> {
  return json<FoundPage>(call("GET", `/v1/tunnels/${id}/requests?${new URLSearchParams(query).toString()}`));
}

async function idsOf(id: string, query: Record<string, string>): Promise<string[]> {
  return (await search(id, query)).items.map(({ requestId }) => requestId);
}

function ask(change: Partial<RequestQuery> = {}): RequestQuery {
  return { tunnel: "t", sinceMs: 0, untilMs: Infinity, after: null, limit: 100_000, ...change };
}

/** Runs on a real object's SQLite, and returns the number of rows that each change wrote. */
function withHistory<T>(
  limits: HistoryLimits,
  use: (add: (events: readonly RequestEvent[], nowMs?: number) => Promise<number>, open: () => History) => T,
): Promise<T> {
  return runInDurableObject(telemetryStub(env, "alone"), (_, { storage: { sql } }) => {
    let history = new History(sql, limits);
    const add = async (events: readonly RequestEvent[], nowMs = Date.now()) => {
      const lines = events.map((one) => historyLine(one, JSON.stringify(one)));
      const change = await history.prepare(lines, nowMs);
      if (change === null) return 0;
      return history.apply(change);
    };
    const open = () => (history = new History(sql, limits));
    return use(add, open);
  });
}

describe("requests that are over", () => {
  it("are found by each of their facts, in recent and in compressed entries", async () => {
    const id = await tunnelInUse();
    const wanted = event({
      tunnel: id,
      time: new Date(Date.now() - HOUR_MS).toISOString(),
      traceId: "0af7651916cd43dd8448eb211c80319c",
      project: "shop",
      environment: "production",
      service: "payments-api",
      method: "POST",
      path: "/v1/charges/42",
      status: 502,
      outcome: "failed",
      code: "UPSTREAM_REFUSED",
      connector: "conn-1",
      durationMs: 1234,
    });
    const since = new Date(Date.now() - 2 * HOUR_MS).toISOString();
    const until = new Date(Date.now() - HOUR_MS / 2).toISOString();
    const questions: Record<string, string>[] = [
      { id: wanted.requestId },
      { traceId: wanted.traceId },
      { caller: "shop" },
      { caller: "shop/production" },
      { service: "Payments-API" },
      { status: "5xx" },
      { status: "502" },
      { code: "UPSTREAM_REFUSED" },
      { code: "any" },
      { method: "post" },
      { path: "/v1/*/42" },
      { connector: "conn-1" },
      { outcome: "failed" },
      { failed: "true" },
      { minDurationMs: "1000" },
      { since, until },
    ];
    await take(id, [wanted, ...Array.from({ length: 9 }, () => event({ tunnel: id }))]);
    for (const query of questions)
      expect(await idsOf(id, query), JSON.stringify(query)).toEqual([wanted.requestId]);
    for (let batch = 0; batch < 3; batch++) {
      await take(
        id,
        Array.from({ length: 500 }, () => event({ tunnel: id })),
      );
    }
    await evictDurableObject(telemetryStub(env, id));
    for (const query of questions)
      expect(await idsOf(id, query), JSON.stringify(query)).toEqual([wanted.requestId]);
    const others: Record<string, string>[] = [{ id: "r-0" }, { caller: "shop/preview" }, { since: until }];
    for (const query of others) {
      const found = await idsOf(id, query);
      expect(found, JSON.stringify(query)).not.toContain(wanted.requestId);
    }
  });

  it("come page by page, the newest first, each once, even if many have the same time", async () => {
    const id = await tunnelInUse();
    const startMs = Date.now() - HOUR_MS;
    const all = Array.from({ length: 1_230 }, (_, index) =>
      event({ tunnel: id, time: new Date(startMs + Math.floor(index / 100)).toISOString() }),
    );
    for (let at = 0; at < all.length; at += 123) await take(id, all.slice(at, at + 123));
    const seen: string[] = [];
    const times: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: FoundPage = await search(id, { limit: "100", ...(cursor === "" ? {} : { cursor }) });
      seen.push(...page.items.map(({ requestId }) => requestId));
      times.push(...page.items.map(({ time }) => time));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(all.length);
    expect(new Set(seen).size).toBe(all.length);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it("that never reached the tunnel's object are found too, but not those of other tunnels", async () => {
    const id = await tunnelInUse();
    const mine = event({ tunnel: id, outcome: "refused", code: "UNAUTHENTICATED", status: 401 });
    await take("relay", [mine, event({ tunnel: "tnl_other" }), event({ tunnel: "" })]);
    expect(await idsOf(id, {})).toEqual([mine.requestId]);
  });

  it("can be read by viewers; a wrong query is answered with what is wrong", async () => {
    const id = await tunnelInUse();
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    expect((await call("GET", `/v1/tunnels/${id}/requests`, { key })).status).toBe(200);
    expect((await call("GET", `/v1/tunnels/${id}/requests`, { key: null })).status).toBe(401);
    for (const query of [
      "since=yesterday",
      "status=9",
      "limit=0",
      "traceId=x",
      "cursor=AAAA",
      "what=1",
      "failed=no",
    ]) {
      const { code } = await problem(call("GET", `/v1/tunnels/${id}/requests?${query}`));
      expect(code, query).toBe("INVALID_REQUEST");
    }
    const absent = await problem(call("GET", "/v1/tunnels/tnl_aaaaaaaaaaaaaaaaaaaa/requests"));
    expect(absent.code).toBe("NOT_FOUND");
  });

  it("count in the traffic of the time between any two of the last day", async () => {
    const id = await tunnelInUse();
    await take(id, [event({ tunnel: id, connector: "conn-1" })]);
    const traffic = (query: Record<string, string>) =>
      `/v1/tunnels/${id}/traffic?${new URLSearchParams(query).toString()}`;
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const counted = await json<{
      points: { requests: number }[];
      connectors: { connector: string; perStep: number[] }[];
    }>(call("GET", traffic({ since: ago(5), until: ago(0) })));
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    expect(sum(counted.points.map(({ requests }) => requests))).toBe(1);
    expect(
      counted.connectors.map(({ connector, perStep }) => [connector, sum(perStep), perStep.length]),
    ).toEqual([["conn-1", 1, counted.points.length]]);
    for (const query of [
      { since: ago(5) },
      { until: ago(5) },
      { since: ago(5), until: ago(6) },
      { since: ago(1_500), until: ago(1) },
      { since: ago(5), until: ago(-10) },
    ])
      expect((await problem(call("GET", traffic(query)))).code, JSON.stringify(query)).toBe(
        "INVALID_REQUEST",
      );
  });

  it("are gone with their tunnel", async () => {
    const id = await tunnelInUse();
    await take(id, [event({ tunnel: id })]);
    await call("DELETE", `/v1/tunnels/${id}`);
    expect((await call("GET", `/v1/tunnels/${id}/requests`)).status).toBe(404);
  });
});

describe("a history", () => {
  it("writes one row for a batch, whatever its size, and is bounded in events and bytes", async () => {
    await withHistory(LIMITS, async (add, open) => {
      for (let batch = 0; batch < 80; batch++) {
        const size = [1, 500, 120, 499][batch % 4] ?? 1;
        const failing = { outcome: "failed", status: 502, code: "UPSTREAM_REFUSED" } as const;
        const events = Array.from({ length: size }, (_, index) => event(index % 50 === 0 ? failing : {}));
        expect(await add(events)).toBe(1);
      }
      const kept = await findRequests(open(), ask(), Date.now());
      expect(kept.length).toBeGreaterThan(15_000);
      expect(kept.length).toBeLessThanOrEqual(LIMITS.maxEvents);
      expect(kept.some(({ requestId }) => requestId === `r-${made}`)).toBe(true);
    });
    await withHistory({ maxEvents: 20_000, maxBytes: 400_000 }, async (add, open) => {
      for (let batch = 0; batch < 100; batch++) {
        await add(Array.from({ length: 20 }, () => event({ path: `/${crypto.randomUUID().repeat(50)}` })));
      }
      expect((await bytesStored()).bytes).toBeLessThan(400_000 + 256 * 1024);
      expect((await findRequests(open(), ask({ limit: 5 }), Date.now())).length).toBe(5);
    });
  });

  it("keeps failures and slow requests longer than fast successes", async () => {
    await withHistory({ maxEvents: 1_600, maxBytes: 1_000_000 }, async (add, open) => {
      const failed = event({ outcome: "failed", status: 502, code: "UPSTREAM_REFUSED" });
      const slow = event({ durationMs: 30_000 });
      const plain = event({ durationMs: 3 });
      await add([failed, slow, plain]);
      for (let batch = 0; batch < 60; batch++) {
        await add(Array.from({ length: 100 }, (_, index) => event({ durationMs: index % 20 })));
      }
      const found = (await findRequests(open(), ask(), Date.now())).map(({ requestId }) => requestId);
      expect(found).toContain(failed.requestId);
      expect(found).toContain(slow.requestId);
      expect(found).not.toContain(plain.requestId);
      expect(found.length).toBeLessThanOrEqual(1_600);
    });
  });

  it("shows nothing older than seven days, and deletes it with the next batch", async () => {
    await withHistory(LIMITS, async (add, open) => {
      const nowMs = Date.now();
      const old = event({ time: new Date(nowMs).toISOString() });
      await add([old, ...Array.from({ length: 600 }, () => event())], nowMs);
      await add([event()], nowMs);
      const laterMs = nowMs + 8 * DAY_MS;
      expect(await findRequests(open(), ask(), laterMs)).toEqual([]);
      const late = event({ time: new Date(laterMs).toISOString() });
      await add([late], laterMs);
      const kept = await findRequests(open(), ask(), nowMs);
      expect(kept.map(({ requestId }) => requestId)).toEqual([late.requestId]);
    });
  });

  it("of an idle tunnel is deleted once a day, without any request", async () => {
    const id = await tunnelInUse();
    const nowMs = Date.now();
    await take(id, [event({ tunnel: id, time: new Date(nowMs).toISOString() })]);
    // The object reports, which tells the Registry that it is in use.
    expect(await runDurableObjectAlarm(telemetryStub(env, id))).toBe(true);
    const rows = () =>
      runInDurableObject(
        telemetryStub(env, id),
        (_, { storage }) => storage.sql.exec("SELECT slot FROM history").toArray().length,
      );
    const now = vi.spyOn(Date, "now");
    for (const [days, left] of [
      [2, 1],
      [7, 1],
      [8.1, 0],
    ] as const) {
      now.mockReturnValue(nowMs + days * DAY_MS);
      expect(await runDurableObjectAlarm(registryStub(env))).toBe(true);
      expect(await rows(), `after ${days} days`).toBe(left);
    }
  });

  it("is off if it is set to nothing", async () => {
    await withHistory({ maxEvents: 0, maxBytes: 0 }, async (add, open) => {
      expect(await add([event()])).toBe(0);
      expect(await findRequests(open(), ask(), Date.now())).toEqual([]);
    });
  });
});

function bytesStored(): Promise<{ bytes: number }> {
  return runInDurableObject(telemetryStub(env, "alone"), (_, { storage: { sql } }) =>
    sql.exec<{ bytes: number }>("SELECT sum(length(kept)) + sum(length(rest)) AS bytes FROM history").one(),
  );
}

it("finds requests of an object that left the list, and counts them in the tunnel's traffic", async () => {
  const id = await tunnelInUse();
  const gone = `${id}.abcde2`;
  await take(id, [event({ tunnel: id, requestId: "present" })]);
  await take(gone, [event({ tunnel: id, requestId: "past" })]);
  await runDurableObjectAlarm(telemetryStub(env, gone));
  const report = { metrics: noMetrics(), connectors: 0, deliveries: [] };
  await registryStub(env).telemetryReport(gone, report);
  expect((await idsOf(id, {})).sort()).toEqual(["past", "present"]);
  const { points } = await json<{ points: { requests: number }[] }>(
    call("GET", `/v1/tunnels/${id}/traffic?windowMinutes=15`),
  );
  expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
  // A tunnel that has reported nothing for longer is not searched.
  expect(await idsOf(id, { since: new Date(Date.now() + HOUR_MS).toISOString() })).toEqual([]);
});
