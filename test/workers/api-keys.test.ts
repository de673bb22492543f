import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { registryStub } from "../../worker/env.ts";
import { call, json, problem } from "./admin-client.ts";
import { registryClock } from "./registry-clock.ts";

const SAME_ORIGIN = { "sec-fetch-site": "same-origin", "culvert-csrf": "1" };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600_000;

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

interface Key {
  kid: string;
  key: string;
  name: string | null;
  role: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

const make = (body: object) => json<Key>(call("POST", "/v1/api-keys", { body }), 201);
const listed = async (kid: string) =>
  (await json<{ items: Key[] }>(call("GET", "/v1/api-keys"))).items.find((key) => key.kid === kid);
const audited = async (limit = 1) =>
  (await json<{ items: object[] }>(call("GET", `/v1/audit-log?limit=${limit}`))).items;
const statusWith = async (key: string) => (await call("GET", "/v1/tunnels", { key })).status;

describe("API keys", () => {
  it("have a name and a role in the list and in the audit log, where the name outlives the key", async () => {
    const { kid, key } = await make({ role: "admin", name: "deploys of Büro 7" });
    expect(await listed(kid)).toMatchObject({ name: "deploys of Büro 7", role: "admin", expiresAt: null });
    expect(await audited()).toMatchObject([
      { actor: "admin-key", actorName: null, after: { role: "admin", name: "deploys of Büro 7" } },
    ]);
    const nameless = await json<Key>(call("POST", "/v1/api-keys", { key, body: { role: "viewer" } }), 201);
    expect(nameless.name).toBeNull();
    expect((await call("DELETE", `/v1/api-keys/${kid}`)).status).toBe(204);
    expect(await audited(2)).toMatchObject([
      { action: "api-key.delete", before: { role: "admin", name: "deploys of Büro 7" } },
      { action: "api-key.create", actor: kid, actorName: "deploys of Büro 7", after: { role: "viewer" } },
    ]);
  });

  it("show when they were last used, to five minutes, recorded after the answer", async () => {
    const after = registryClock();
    const { kid, key } = await make({ role: "viewer" });
    expect((await listed(kid))?.lastUsedAt).toBeNull();
    const writes = async () =>
      runInDurableObject(
        registryStub(env),
        (_, { storage }) =>
          storage.sql.exec<{ at: number | null }>("SELECT last_used_at_ms AS at FROM api_keys").one().at,
      );
    expect(await statusWith(key)).toBe(200);
    await vi.waitUntil(async () => (await writes()) !== null);
    const first = await writes();
    await after(4 * MINUTE_MS);
    for (let times = 0; times < 3; times++) await statusWith(key);
    expect(await writes()).toBe(first);
    await after(MINUTE_MS);
    await statusWith(key);
    await vi.waitUntil(async () => (await writes()) !== first);
    const noted = Date.parse((await listed(kid))?.lastUsedAt ?? "");
    expect(noted - (first ?? 0)).toBeGreaterThanOrEqual(5 * MINUTE_MS);
  });

  it("count as used by browsers that signed in with them, and not by a wrong secret", async () => {
    const after = registryClock();
    const { kid, key } = await make({ role: "viewer" });
    await statusWith(`${key.slice(0, -9)}x_00000000`);
    expect((await listed(kid))?.lastUsedAt).toBeNull();
    const signedIn = await call("POST", "/v1/session", {
      ...{ key: null, body: { key } },
      headers: SAME_ORIGIN,
    });
    const [cookie = ""] = (signedIn.headers.get("set-cookie") ?? "").split(";");
    await vi.waitUntil(async () => (await listed(kid))?.lastUsedAt !== null);
    const before = (await listed(kid))?.lastUsedAt;
    await after(6 * MINUTE_MS);
    const asked = await call("GET", "/v1/tunnels", { key: null, headers: { ...SAME_ORIGIN, cookie } });
    expect(asked.status).toBe(200);
    await vi.waitUntil(async () => (await listed(kid))?.lastUsedAt !== before);
  });

  it("with an expiry are valid until then, with their sessions, and are then gone", async () => {
    const after = registryClock();
    const { kid, key, expiresAt } = await make({ role: "viewer", name: "ci", expiresInSeconds: 3_600 });
    expect(Date.parse(expiresAt ?? "")).toBe(Date.now() + 3_600_000);
    const headers = SAME_ORIGIN;
    const signedIn = await call("POST", "/v1/session", { key: null, body: { key }, headers });
    const [cookie = ""] = (signedIn.headers.get("set-cookie") ?? "").split(";");
    const session = async () =>
      json<{ session: { endsAt: string } | null }>(
        call("GET", "/v1/session", { key: null, headers: { ...headers, cookie } }),
      );
    expect((await session()).session?.endsAt).toBe(expiresAt);
    // Less than the hour after which an unused session ends.
    await after(59 * MINUTE_MS);
    expect([await statusWith(key), (await session()).session === null]).toEqual([200, false]);
    vi.setSystemTime(Date.now() + MINUTE_MS);
    // Before the alarm has deleted it.
    expect([await statusWith(key), (await session()).session]).toEqual([401, null]);
    await after(MINUTE_MS);
    expect(await listed(kid)).toBeUndefined();
    expect(await audited()).toMatchObject([
      { action: "api-key.expire", actor: "relay", target: kid, before: { role: "viewer", name: "ci" } },
    ]);
  });

  it.each([
    ["a name that a terminal would obey", { name: "a\u001b[31m" }],
    ["a name of 65 characters", { name: "x".repeat(65) }],
    ["an empty name", { name: "" }],
    ["an end within the minute", { expiresInSeconds: 59 }],
    ["an end that is no number", { expiresInSeconds: "1d" }],
  ])("are refused with %s", async (_, wrong) => {
    const refusal = await problem(call("POST", "/v1/api-keys", { body: { role: "viewer", ...wrong } }));
    expect(refusal.code).toBe("INVALID_REQUEST");
  });

  it("of the admin API do not expire unnoticed: a webhook is told a week before, and when it is over", async () => {
    const sent: object[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation((__, init) => {
      sent.push(JSON.parse(init?.body as string) as object);
      return Promise.resolve(new Response());
    });
    const after = registryClock();
    await json(call("POST", "/v1/alerts", { body: { name: "ops", url: "https://hooks.example/x" } }), 201);
    const { kid } = await make({ role: "admin", name: "deploys", expiresInSeconds: 30 * 24 * 3600 });
    await after(22 * DAY_MS);
    expect(sent).toEqual([]);
    await after(DAY_MS);
    await after(15 * MINUTE_MS);
    const about = { kind: "token_ends", subject: kid, tunnel: null };
    expect(sent).toMatchObject([{ ...about, status: "firing", summary: expect.stringContaining("deploys") }]);
    const { firing } = await json<{ firing: object[] }>(call("GET", "/v1/alerts"));
    expect(firing).toMatchObject([about]);
    await call("DELETE", `/v1/api-keys/${kid}`);
    await after(0);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toMatchObject({ ...about, status: "resolved" });
  });
});
