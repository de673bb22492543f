import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { registryStub } from "../../worker/env.ts";
import { migrate } from "../../worker/registry/stores/migrations.ts";
import { pushConfigs, pushRetryDelayMs } from "../../worker/registry/push-config.ts";
import { PushQueue } from "../../worker/registry/stores/push-queue.ts";
import type { TunnelConfig } from "../../worker/tunnel/configuration/tunnel-config.ts";
import { call, createTunnel, json } from "./admin-client.ts";

afterEach(reset);

const config: TunnelConfig = {
  tunnelId: "t",
  version: 5,
  deleted: false,
  tokens: [],
  services: [],
  networks: [],
  gatewayKeys: [],
  destinationsRevision: 0,
};

function withQueue<T>(use: (queue: PushQueue) => T | Promise<T>): Promise<T> {
  return runInDurableObject(registryStub(env), (_, state) => use(new PushQueue(state.storage.sql)));
}

/** Runs one round of pushes for everything due at 0. `send` answers for the object. */
async function pushRound(queue: PushQueue, send: () => Promise<number>) {
  const settled: string[] = [];
  const warnings: object[] = [];
  const ports = {
    queue,
    nowMs: () => 0,
    config: () => config,
    send,
    sendTimeoutMs: 20,
    settled: (tunnelId: string) => settled.push(tunnelId),
    warn: (warning: object) => warnings.push(warning),
  };
  await pushConfigs(ports, queue.due(0, 10));
  return { settled, warnings };
}

describe("the Registry", () => {
  it("keeps everything across an eviction", async () => {
    const { id } = await createTunnel("kept");
    await evictDurableObject(registryStub(env));
    expect(await json(call("GET", `/v1/tunnels/${id}`))).toMatchObject({ name: "kept" });
  });

  it("migrates once", async () => {
    await createTunnel();
    const versions = await runInDurableObject(registryStub(env), (_, state) => {
      const version = () => state.storage.sql.exec("SELECT version FROM schema_version").toArray();
      const before = version();
      migrate(state.storage);
      return [before, version()];
    });
    expect(versions[1]).toEqual(versions[0]);
    expect(versions[1]).toEqual([{ version: expect.any(Number) }]);
    expect(await json(call("GET", "/v1/tunnels"))).toMatchObject({ items: [{}] });
  });

  it("lists a thousand tunnels page by page, each once and in order", async () => {
    const rows = 1000;
    await runInDurableObject(registryStub(env), (_, state) => {
      for (let index = 0; index < rows; index++) {
        state.storage.sql.exec(
          "INSERT INTO tunnels (id, name, created_at_ms, config_version) VALUES (?, ?, 0, 0)",
          `tnl_${index}`,
          `tunnel ${index}`,
        );
      }
    });
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = cursor === "" ? "?limit=100" : `?limit=100&cursor=${cursor}`;
      const page: { items: { id: string }[]; nextCursor: string | null } = await json(
        call("GET", `/v1/tunnels${query}`),
      );
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(ids).toEqual(Array.from({ length: rows }, (_, index) => `tnl_${index}`));
  });
});

describe("PushQueue", () => {
  it("holds the newest version per object, and an older acknowledgement does not remove it", async () => {
    await withQueue((queue) => {
      queue.add("t", "t", 1, 0);
      const [older] = queue.due(0, 10);
      queue.add("t", "t", 2, 0);
      if (older !== undefined) queue.acknowledged(older);
      expect(queue.of("t")).toEqual([{ objectName: "t", tunnelId: "t", version: 2, attempts: 0 }]);
    });
  });

  it("says when the next is due", async () => {
    await withQueue((queue) => {
      expect(queue.nextDueMs()).toBeNull();
      queue.add("a", "a", 1, 70);
      queue.add("b", "b", 1, 50);
      expect(queue.nextDueMs()).toBe(50);
      expect(queue.due(60, 10).map(({ objectName }) => objectName)).toEqual(["b"]);
    });
  });
});

describe("pushConfigs", () => {
  it("settles a tunnel when its last object acknowledges", async () => {
    await withQueue(async (queue) => {
      queue.add("t", "t", 5, 0);
      queue.add("t:1", "t", 5, 0);
      expect(await pushRound(queue, () => Promise.resolve(5))).toEqual({ settled: ["t"], warnings: [] });
      expect(queue.nextDueMs()).toBeNull();
    });
  });

  it.each([
    ["fails", () => Promise.reject(new Error("away"))],
    ["keeps an older version", () => Promise.resolve(4)],
    ["never answers", () => new Promise<number>(() => undefined)],
  ])("tries again later when the object %s", async (_, send) => {
    await withQueue(async (queue) => {
      queue.add("t", "t", 5, 0);
      const { settled, warnings } = await pushRound(queue, send);
      expect(settled).toEqual([]);
      expect(warnings).toEqual([expect.objectContaining({ event: "config_push_failed", attempts: 1 })]);
      expect(queue.nextDueMs()).toBe(1000);
    });
  });

  it("waits twice as long after each failure, at most a minute", () => {
    expect([0, 1, 2, 5, 6, 1000].map(pushRetryDelayMs)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
  });
});
