import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TAIL_SUBPROTOCOL } from "../../shared/events/tail.ts";
import { registryStub, tunnelStub } from "../../worker/env.ts";
import type { TailAttachment } from "../../worker/events/tail-hub.ts";
import { Registry, Tunnel } from "../../worker/index.ts";
import { until } from "../support/peers/hand-peer.ts";
import { call, bornTunnel, json, problem, RELAY } from "./admin-client.ts";

const SAME_ORIGIN = { "sec-fetch-site": "same-origin", "culvert-csrf": "1" };

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

interface Watcher {
  closed: { code: number; reason: string } | null;
}

function newApiKey(): Promise<{ kid: string; key: string }> {
  return json(call("POST", "/v1/api-keys", { body: { role: "viewer" } }), 201);
}

async function signedIn(key: string): Promise<string> {
  const answer = await call("POST", "/v1/session", { key: null, body: { key }, headers: SAME_ORIGIN });
  return (answer.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
}

function ask(tunnelId: string, credential: Record<string, string>): Promise<Response> {
  const headers = { upgrade: "websocket", "sec-websocket-protocol": TAIL_SUBPROTOCOL, ...credential };
  return call("GET", `/v1/tunnels/${tunnelId}/tail`, { key: null, headers });
}

async function watch(tunnelId: string, credential: Record<string, string>): Promise<Watcher> {
  const { status, webSocket } = await ask(tunnelId, credential);
  expect(status).toBe(101);
  const watcher: Watcher = { closed: null };
  webSocket?.addEventListener("close", ({ code, reason }) => {
    watcher.closed = { code, reason };
  });
  webSocket?.accept();
  return watcher;
}

const byKey = (key: string) => ({ authorization: `Bearer ${key}` });
const bySession = (cookie: string) => ({ cookie, origin: RELAY });

function hibernate(tunnelId: string): Promise<void> {
  return evictDurableObject(tunnelStub(env, tunnelId), { webSockets: "hibernate" });
}

async function untilClosed(watcher: Watcher): Promise<number | undefined> {
  await until(() => watcher.closed !== null);
  return watcher.closed?.code;
}

describe("whoever watches", () => {
  it.each(["live", "asleep"])("stops when its API key is deleted, %s; others go on", async (state) => {
    const [one, two] = [await bornTunnel(), await bornTunnel()];
    const [lost, kept] = [await newApiKey(), await newApiKey()];
    const ends = await watch(one.id, byKey(lost.key));
    const goesOn = [await watch(one.id, byKey(kept.key)), await watch(two.id, byKey(kept.key))];
    if (state === "asleep") for (const { id } of [one, two]) await hibernate(id);
    const told = vi.spyOn(Tunnel.prototype, "endTails");
    expect((await call("DELETE", `/v1/api-keys/${lost.kid}`)).status).toBe(204);
    expect(await untilClosed(ends)).toBe(4403);
    expect(told.mock.calls).toEqual([[[lost.kid]]]);
    expect(goesOn.map(({ closed }) => closed)).toEqual([null, null]);
  });

  it("stops with its session, however that ends", async () => {
    const { id } = await bornTunnel();
    const { kid, key } = await newApiKey();
    const cookies = [await signedIn(key), await signedIn(key), await signedIn(key)];
    const watchers = [];
    for (const cookie of cookies) watchers.push(await watch(id, bySession(cookie)));
    const [signedOut, other, makesRoom] = watchers;
    if (signedOut === undefined || other === undefined || makesRoom === undefined)
      throw new Error("unreachable");

    const headers = { ...SAME_ORIGIN, cookie: cookies[0] ?? "" };
    expect((await call("DELETE", "/v1/session", { key: null, headers })).status).toBe(204);
    expect(await untilClosed(signedOut)).toBe(4403);
    expect([other.closed, makesRoom.closed]).toEqual([null, null]);

    // The twenty-first session of a key replaces the one that has been unused for longest.
    for (let index = 0; index < 19; index++) await signedIn(key);
    await until(() => other.closed !== null || makesRoom.closed !== null);
    expect(other.closed?.code ?? makesRoom.closed?.code).toBe(4403);

    expect((await call("DELETE", `/v1/api-keys/${kid}`)).status).toBe(204);
    expect([await untilClosed(other), await untilClosed(makesRoom)]).toEqual([4403, 4403]);
  });

  it("is not let in with a key that is deleted meanwhile, nor if it could not be ended later", async () => {
    const { id } = await bornTunnel();
    const { key } = await newApiKey();
    const registered = vi.spyOn(Registry.prototype, "registerTail").mockReturnValue(false);
    expect(await problem(ask(id, byKey(key)))).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    registered.mockImplementation(() => {
      throw new Error("the Registry is away");
    });
    expect(await problem(ask(id, byKey(key)))).toMatchObject({ status: 503, code: "TUNNEL_UNAVAILABLE" });
    registered.mockRestore();
    await watch(id, byKey(key));
  });

  it("is ended by the alarm if its object could not be reached at once", async () => {
    const { id } = await bornTunnel();
    const { kid, key } = await newApiKey();
    const watcher = await watch(id, byKey(key));
    const told = vi.spyOn(Tunnel.prototype, "endTails").mockImplementationOnce(() => {
      throw new Error("not now");
    });
    expect((await call("DELETE", `/v1/api-keys/${kid}`)).status).toBe(204);
    expect([told.mock.calls.length, watcher.closed]).toEqual([1, null]);
    const nowMs = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => nowMs + 6_000);
    await runDurableObjectAlarm(registryStub(env));
    expect(await untilClosed(watcher)).toBe(4403);
    const left = await runInDurableObject(registryStub(env), (_, { storage }) =>
      storage.sql.exec("SELECT * FROM tails").toArray(),
    );
    expect(left).toEqual([]);
  });

  it("of an older version, whose key is unknown, has to connect again", async () => {
    const { id } = await bornTunnel();
    const { key } = await newApiKey();
    const watcher = await watch(id, byKey(key));
    await runInDurableObject(tunnelStub(env, id), (_, state) => {
      for (const socket of state.getWebSockets()) {
        const { kid: _kid, ...old } = socket.deserializeAttachment() as TailAttachment;
        socket.serializeAttachment(old);
      }
    });
    await hibernate(id);
    await tunnelStub(env, id).status();
    expect(await untilClosed(watcher)).toBe(1012);
  });
});
