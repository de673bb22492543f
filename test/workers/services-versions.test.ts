import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { ServicesFile } from "../../shared/services/services-file.ts";
import { registryStub, tunnelStub } from "../../worker/env.ts";
import { TunnelStore } from "../../worker/tunnel/tunnel-store.ts";
import { bornTunnel, call, createTunnel, json, problem } from "./admin-client.ts";

afterEach(() => reset());

interface Version {
  version: number;
  at: string;
  actor: string | null;
  rolledBackTo: number | null;
  services: number;
  changes: string[] | null;
  moreChanges: number;
}

const rule = { configurations: [{ project: "shop", accessibleBy: "production" }] };
const fileOf = (...names: string[]): ServicesFile => ({
  version: 1,
  services: names.map((name) => ({ name, endpoint: `http://${name}.internal:8080`, ...rule })),
});

const put = (id: string, file: object) =>
  json(call("PUT", `/v1/tunnels/${id}/services-configuration`, { body: file }));
const versionsOf = async (id: string, query = "") =>
  json<{ items: Version[]; nextCursor: string | null }>(
    call("GET", `/v1/tunnels/${id}/services/versions${query}`),
  );
const rollBack = (id: string, version: unknown, headers: Record<string, string> = {}) =>
  call("POST", `/v1/tunnels/${id}/services/rollback`, { body: { version }, headers });

describe("versions of a services file", () => {
  it("are listed newest first, each with its author and its changes", async () => {
    const { id } = await createTunnel();
    expect((await versionsOf(id)).items).toEqual([]);
    await put(id, fileOf("orders"));
    await put(id, fileOf("orders", "billing"));
    const { items } = await versionsOf(id);
    expect(items).toMatchObject([
      { version: 2, actor: "admin-key", rolledBackTo: null, services: 2, moreChanges: 0 },
      { version: 1, actor: "admin-key", rolledBackTo: null, services: 1, moreChanges: 0 },
    ]);
    expect(items[0]?.changes).toEqual([
      "+ service billing is open to shop in production",
      "+ service billing leads to http://billing.internal:8080",
    ]);
    expect(items[1]?.changes).toContain("+ service orders leads to http://orders.internal:8080");
    expect(Date.parse(items[0]?.at ?? "")).toBeGreaterThan(0);
  });

  it("come in pages, with differences across the pages' edges", async () => {
    const { id } = await createTunnel();
    for (const names of [["orders"], ["orders", "billing"], ["billing"]]) await put(id, fileOf(...names));
    const first = await versionsOf(id, "?limit=2");
    expect(first.items.map(({ version }) => version)).toEqual([3, 2]);
    expect(first.items[1]?.changes).toHaveLength(2);
    const second = await versionsOf(id, `?limit=2&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ items: [{ version: 1 }], nextCursor: null });
    expect((await problem(call("GET", `/v1/tunnels/${id}/services/versions?limit=21`))).code).toBe(
      "INVALID_REQUEST",
    );
  });

  it("are limited in number and bytes, but the newest two stay", async () => {
    const { id } = await createTunnel();
    await put(id, fileOf("orders"));
    const large = (n: number) => ({ ...fileOf("orders"), networks: networksOf(n) });
    const kept = await runInDurableObject(registryStub(env), async (registry, { storage }) => {
      const by = { actor: "admin-key", address: "", atMs: Date.now() };
      const count = () =>
        storage.sql
          .exec<{ count: number; bytes: number; oldest: number }>(
            "SELECT count(*) AS count, sum(length(file)) AS bytes, min(version) AS oldest FROM services_configurations",
          )
          .one();
      for (let n = 0; n < 110; n++) await registry.putServicesFile(by, id, fileOf(`api-${n}`), null);
      const small = count();
      for (let n = 0; n < 40; n++) await registry.putServicesFile(by, id, large(n), null);
      return { small, large: count() };
    });
    expect(kept.small).toMatchObject({ count: 100, oldest: 12 });
    expect(kept.large.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(kept.large.count).toBeGreaterThanOrEqual(15);
    const { items } = await versionsOf(id);
    expect(items[0]).toMatchObject({ version: 151 });
    // Each host changes: two of its lines are removed, and two are added.
    expect(items[0]?.changes).toHaveLength(200);
    expect(items[0]?.moreChanges).toBeGreaterThan(200);
    expect(items.at(-1)?.changes).toBeNull();
  });

  it("of a relay that recorded no actor are listed too", async () => {
    const { id } = await createTunnel();
    await put(id, fileOf("orders"));
    await runInDurableObject(registryStub(env), (_, { storage }) => {
      storage.sql.exec("UPDATE services_configurations SET actor = NULL");
    });
    expect((await versionsOf(id)).items).toMatchObject([{ version: 1, actor: null }]);
  });
});

describe("a rollback", () => {
  it("activates an earlier file as a new version, and is listed as one", async () => {
    const { id } = await bornTunnel();
    await put(id, fileOf("orders"));
    await put(id, fileOf("billing"));
    const done = await json<{ version: number; changes: string[] }>(rollBack(id, 1));
    expect(done.version).toBe(3);
    expect(done.changes).toContain("- service billing leads to http://billing.internal:8080");
    const held = await runInDurableObject(tunnelStub(env, id), (_, state) =>
      new TunnelStore(state.storage).config(),
    );
    expect(held?.services.map(({ name }) => name)).toEqual(["orders"]);
    expect((await versionsOf(id)).items[0]).toMatchObject({ version: 3, rolledBackTo: 1 });
    const { items } = await json<{ items: object[] }>(call("GET", "/v1/audit-log?limit=1"));
    expect(items).toMatchObject([
      {
        action: "services-configuration.update",
        before: { version: 2 },
        after: { version: 3, rolledBackTo: 1 },
      },
    ]);
  });

  it("to the empty file of a new tunnel closes it; to the active file changes nothing", async () => {
    const { id } = await createTunnel();
    await put(id, fileOf("orders"));
    expect(await json(rollBack(id, 0))).toMatchObject({ version: 2 });
    expect(await json(rollBack(id, 0))).toEqual({ version: 2, changes: [] });
    expect((await versionsOf(id)).items).toHaveLength(2);
  });

  it("is refused for a version that is deleted, not current, invalid by now, or not a number", async () => {
    const { id } = await createTunnel();
    await put(id, fileOf("orders"));
    await put(id, fileOf("billing"));
    expect((await problem(rollBack(id, 7))).code).toBe("NOT_FOUND");
    expect((await problem(rollBack("tnl_abcdefghij234567abcd", 1))).code).toBe("NOT_FOUND");
    expect((await problem(rollBack(id, 1, { "if-match": '"1"' }))).code).toBe("PRECONDITION_FAILED");
    expect((await problem(rollBack(id, "1"))).code).toBe("INVALID_REQUEST");
    await runInDurableObject(registryStub(env), (_, { storage }) => {
      storage.sql.exec(
        `UPDATE services_configurations SET file = '{"version":1,"services":[{"name":"x","endpoint":"http://x","configurations":[]}]}' WHERE version = 1`,
      );
    });
    expect(await problem(rollBack(id, 1))).toMatchObject({
      code: "INVALID_REQUEST",
      detail: "The file of version 1 is no longer valid.",
    });
    expect((await versionsOf(id)).items[0]?.version).toBe(2);
  });
});

/** About 200 KiB. */
function networksOf(n: number) {
  return Array.from({ length: 100 }, (_, index) => ({
    hosts: [`host-${index}-${n}.internal:443`],
    ...rule,
    configurations: Array.from({ length: 25 }, (__, caller) => ({
      project: `project-${index}-${caller}-${"x".repeat(20)}`,
      accessibleBy: ["production"],
    })),
  }));
}
