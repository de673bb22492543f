import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { registryStub, telemetryStub } from "../../worker/env.ts";
import { testEvent } from "../../worker/log-delivery/test-event.ts";
import { createTunnel } from "./admin-client.ts";

const START_MS = Date.UTC(2030, 0, 1);

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

interface Billed {
  rows: number;
  alarms: number;
  alarmsSet: number;
}

/**
 * What the platform bills for an object's storage, counted at each use. Whenever the object is left alone, it loses its
 * memory.
 */
async function billedOf(name: string, requests: number, everyMs: number): Promise<Billed> {
  vi.useFakeTimers({ toFake: ["Date"] });
  const billed: Billed = { rows: 0, alarms: 0, alarmsSet: 0 };
  const stub = telemetryStub(env, name);
  const counted = new WeakSet<DurableObjectStorage>();
  const cursors: { rowsWritten: number }[] = [];
  for (let index = 0; index < requests; index++) {
    const nowMs = START_MS + index * everyMs;
    // Runs the timers that became due since the last request.
    const alarmMs = await runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    if (alarmMs !== null && alarmMs <= nowMs) {
      vi.setSystemTime(alarmMs);
      await runDurableObjectAlarm(stub);
      billed.alarms++;
    }
    // Only after it has been left alone for a while.
    if (alarmMs === null || alarmMs < nowMs - 5_000) await evictDurableObject(stub);
    vi.setSystemTime(nowMs);
    await runInDurableObject(stub, async (telemetry, { storage }) => {
      const { sql } = storage;
      const exec = sql.exec.bind(sql);
      const setAlarm = storage.setAlarm.bind(storage);
      if (!counted.has(storage)) {
        Object.assign(sql, {
          exec: (...args: Parameters<typeof exec>) => {
            const cursor = exec(...args);
            cursors.push(cursor);
            return cursor;
          },
        });
        Object.assign(storage, {
          setAlarm: (...args: Parameters<typeof setAlarm>) => {
            billed.alarmsSet++;
            return setAlarm(...args);
          },
        });
        counted.add(storage);
      }
      await telemetry.take({
        ...{ sender: "s", sequence: index + 1, lines: JSON.stringify(testEvent(nowMs)), count: 1, lost: 0 },
        ...{ destinationsRevision: 0, connectors: 1 },
      });
      // Tables are created once.
      const rows = cursors.splice(0).reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
      if (index > 0) billed.rows += rows;
    });
  }
  return billed;
}

describe("a quiet tunnel's Telemetry object", () => {
  it("writes its state with each request, one more row for the history, and two a minute", async () => {
    const { id } = await createTunnel();
    const billed = await billedOf(id, 61, 10_000);
    // 60 requests in ten minutes. An eviction writes no row.
    expect(billed.rows).toBeLessThanOrEqual(60 + 60 + 2 * 10);
    expect(billed.alarmsSet).toBeLessThanOrEqual(12);
    expect(billed.alarms).toBeLessThanOrEqual(12);
    const reports = await registryStub(env).telemetryReports(100, "");
    expect(reports.map(({ objectName }) => objectName)).toEqual([id]);
  });
});
