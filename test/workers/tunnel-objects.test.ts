import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import { decodeSettings } from "../../shared/protocol/handshake.ts";
import { type ObjectList, readObjects } from "../../shared/protocol/object-list.ts";
import { CLOSE_REVOKED } from "../../shared/protocol/limits.ts";
import { PATIENCE } from "../../worker/objects/ask-object.ts";
import { hasJurisdiction, telemetryStub, tunnelStub } from "../../worker/env.ts";
import { servingObjects } from "../../worker/objects/serving-objects.ts";
import { Tunnel } from "../../worker/tunnel/tunnel-object.ts";
import { isTunnelId, newTunnelId } from "../../worker/auth/random-id.ts";
import { type HandPeer, head } from "../support/peers/hand-peer.ts";
import {
  bornTunnel,
  call,
  connect,
  createTunnel,
  type CreatedTunnel,
  json,
  problem,
} from "./admin-client.ts";
import { isStarted } from "./is-started.ts";
import { attached, expectAnsweredBy, readyTunnel, request, SERVICES } from "./hand-connector.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

interface DescribedObject {
  name: string;
  location: string | null;
  phase: string;
  connections: number;
}

async function objectsOf(tunnel: CreatedTunnel): Promise<DescribedObject[]> {
  return (await json<{ objects: DescribedObject[] }>(call("GET", `/v1/tunnels/${tunnel.id}`))).objects;
}

function change(tunnel: CreatedTunnel, body: object): Promise<{ objects: DescribedObject[] }> {
  return json(call("PATCH", `/v1/tunnels/${tunnel.id}`, { body }));
}

/** The next list of objects that the relay tells a connector. */
async function takeList(peer: HandPeer): Promise<ObjectList> {
  for (;;) {
    const list = readObjects(decodeSettings((await peer.take(FRAME.SETTINGS)).payload));
    if (list !== null) return list;
  }
}

/** Answers every request, and counts them. */
function answering(peer: HandPeer): { count: number; stop: () => void } {
  const timer = setInterval(() => {
    for (const { type, streamId } of peer.inbox.splice(0)) {
      if (type !== FRAME.OPEN) continue;
      peer.answer(streamId, "fine");
      state.count++;
    }
  }, 2);
  const state = { count: 0, stop: () => clearInterval(timer) };
  return state;
}

async function bodyOf(peer: HandPeer, streamId: number): Promise<string> {
  let text = "";
  for (;;) {
    const { payload, flags } = await peer.take(FRAME.DATA, streamId);
    text += new TextDecoder().decode(payload);
    if ((flags & FLAG.END) !== 0) return text;
  }
}

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 50 });

describe("placement", () => {
  it("creates no object before a connector dials, whatever is asked of the admin API", async () => {
    const tunnel = await createTunnel();
    await json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: SERVICES }));
    const key = { project: "my-project", environment: "production" };
    await json(call("POST", "/v1/gateway-keys", { body: key }), 201);
    await json(call("POST", `/v1/tunnels/${tunnel.id}/tokens`, { body: { overlapSeconds: 0 } }), 201);
    await change(tunnel, { objects: { min: 4 } });
    for (const path of ["", "/traffic", "/metrics"])
      await (await call("GET", `/v1/tunnels/${tunnel.id}${path}`)).text();
    await (await call("GET", "/v1/metrics")).text();
    await call("DELETE", `/v1/tunnels/${tunnel.id}`);
    expect(await isStarted(env.TUNNEL, tunnel.id)).toBe(false);
    expect(await isStarted(env.TELEMETRY, tunnel.id)).toBe(false);
    expect((await problem(call("GET", `/v1/tunnels/${tunnel.id}`))).code).toBe("NOT_FOUND");
  });

  it("creates the object with the first dial, and it then gets revocations", async () => {
    const tunnel = await readyTunnel();
    expect(await isStarted(env.TUNNEL, tunnel.id)).toBe(false);
    const peer = await attached(tunnel);
    expect(await isStarted(env.TUNNEL, tunnel.id)).toBe(true);
    expect((await call("DELETE", `/v1/tunnels/${tunnel.id}/tokens/${tunnel.kid}`)).status).toBe(204);
    await vi.waitFor(() => expect(peer.closed?.code).toBe(CLOSE_REVOKED), { timeout: 10_000 });
  });

  it("accepts known locations, and no others", async () => {
    const created = await json<CreatedTunnel>(
      call("POST", "/v1/tunnels", { body: { name: "here", location: "weur" } }),
      201,
    );
    expect(await objectsOf(created)).toMatchObject([
      { name: created.id, location: "weur", phase: "serving" },
    ]);
    const wrong = await problem(call("POST", "/v1/tunnels", { body: { name: "there", location: "moon" } }));
    expect([wrong.status, wrong.problems?.[0]?.path]).toEqual([400, "location"]);
  });

  it("refuses a jurisdiction that this runtime lacks, and never ignores it", async () => {
    const refused = await problem(call("POST", "/v1/tunnels", { body: { name: "eu", jurisdiction: "eu" } }));
    expect([refused.status, refused.code]).toEqual([422, "JURISDICTION_UNAVAILABLE"]);
    expect(isTunnelId(newTunnelId("eu"))).toBe(true);
    expect(newTunnelId("eu")).toMatch(/^tnl_eu_/);
  });

  it("asks the platform for the jurisdiction that the id names", () => {
    const asked: string[] = [];
    const namespace = {
      jurisdiction: (name: string) => {
        asked.push(name);
        return { idFromName: (id: string) => ({ name: id, jurisdiction: name }) };
      },
      idFromName: () => {
        throw new Error("outside of the jurisdiction");
      },
      get: (id: { name: string; jurisdiction: string }, options?: object) => ({ id, options }),
    };
    const fake = { ...env, TUNNEL: namespace, TELEMETRY: namespace } as unknown as typeof env;
    expect(hasJurisdiction(fake, "eu")).toBe(true);
    const id = newTunnelId("eu");
    expect(tunnelStub(fake, id, "weur")).toEqual({
      id: { name: id, jurisdiction: "eu" },
      options: { locationHint: "weur" },
    });
    expect(telemetryStub(fake, id)).toMatchObject({ id: { name: id, jurisdiction: "eu" } });
    expect(asked).toEqual(["eu", "eu", "eu"]);
  });

  it("answers a dial of an object that is not on the list without creating one", async () => {
    const tunnel = await bornTunnel();
    const authorization = `Bearer ${tunnel.token}`;
    for (const object of [`${tunnel.id}.nothere`, "tnl_aaaaaaaaaaaaaaaaaaaa", "..", ""]) {
      const answer = await connect({ authorization }, `?object=${encodeURIComponent(object)}`);
      expect(answer.status).toBe(404);
      expect(await isStarted(env.TUNNEL, object)).toBe(false);
    }
    expect(await isStarted(env.TUNNEL, tunnel.id)).toBe(true);
  });
});

describe("several objects", () => {
  it("are listed to connectors, serve once these are attached, and share the requests", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "one" });
    await change(tunnel, { objects: { min: 3, max: 3 } });
    const list = await takeList(first);
    expect(list.names).toHaveLength(3);
    expect(list.names[0]).toBe(tunnel.id);
    expect((await objectsOf(tunnel)).map(({ phase }) => phase)).toEqual([
      "serving",
      "attaching",
      "attaching",
    ]);

    const peers = [first];
    for (const name of list.names.slice(1)) peers.push(await attached(tunnel, { connectorId: "one" }, name));
    await eventually(async () => {
      expect((await objectsOf(tunnel)).map(({ phase }) => phase)).toEqual(["serving", "serving", "serving"]);
    });
    const answered = peers.map((peer) => answering(peer));
    await eventually(async () => {
      for (let index = 0; index < 30; index++) expect((await request(tunnel)).status).toBe(200);
      expect(answered.map(({ count }) => count > 0)).toEqual([true, true, true]);
    });
    for (const { stop } of answered) stop();
  });

  it("hand a request on if they have no connector, with its body, once", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "one" });
    await change(tunnel, { objects: { min: 2, max: 2 } });
    const [, second = ""] = (await takeList(first)).names;
    const other = await attached(tunnel, { connectorId: "one" }, second);
    await eventually(async () => expect((await objectsOf(tunnel))[1]?.phase).toBe("serving"));
    other.close();
    await eventually(async () => expect((await objectsOf(tunnel))[1]?.connections).toBe(0));
    for (let index = 0; index < 8; index++) {
      const sent = request(tunnel, "/", { method: "POST", body: `body ${index}` });
      const open = await first.takeOpen();
      expect(await bodyOf(first, open.id)).toBe(`body ${index}`);
      first.answer(open.id, "fine");
      expect((await sent).status).toBe(200);
    }
  });

  it("work without one that is stuck: safe requests move, and the others fail with a code", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "one" });
    await change(tunnel, { objects: { min: 2, max: 2 } });
    const [, second = ""] = (await takeList(first)).names;
    await attached(tunnel, { connectorId: "one" }, second);
    await eventually(async () => expect((await objectsOf(tunnel))[1]?.phase).toBe("serving"));
    const answered = answering(first);
    // Until this isolate knows the second object.
    await eventually(async () => {
      await request(tunnel);
      expect(servingObjects.choose(tunnel.id)?.hasSiblings).toBe(true);
    });
    // With a timer, because the runtime ends a request that waits for nothing.
    const stuck = (): Promise<never> => new Promise(() => setTimeout(() => {}, 60_000));
    let swallowed = 0;
    let stuckOne: Tunnel | null = null;
    await runInDurableObject(tunnelStub(env, second), (instance: Tunnel) => {
      stuckOne = instance;
      instance.fetch = () => {
        swallowed++;
        return stuck();
      };
    });
    // The other object is asked too if this machine makes the answer late.
    vi.spyOn(Tunnel.prototype, "alive").mockImplementation(function (this: Tunnel) {
      return this === stuckOne ? (stuck() as never) : undefined;
    });
    const patience = { ...PATIENCE };
    Object.assign(PATIENCE, { askAfterMs: 50, answerWithinMs: 2_500 });
    try {
      const before = answered.count;
      const gets = Array.from({ length: 12 }, () => request(tunnel));
      const posts = Array.from({ length: 12 }, () => request(tunnel, "/", { method: "POST", body: "once" }));
      const codes = (answers: Response[]) =>
        answers.map(({ status, headers }) => `${status} ${headers.get("culvert-error") ?? ""}`.trim());
      expect(new Set(codes(await Promise.all(gets)))).toEqual(new Set(["200"]));
      const told = codes(await Promise.all(posts));
      expect(new Set(told)).toEqual(new Set(["200", "502 RELAY_RESTART"]));
      // Nothing was asked twice. From now on the second object gets no requests.
      expect(answered.count - before).toBe(12 + told.filter((code) => code === "200").length);
      const seen = swallowed;
      for (let index = 0; index < 6; index++) expect((await request(tunnel)).status).toBe(200);
      expect(swallowed).toBe(seen);
    } finally {
      Object.assign(PATIENCE, patience);
      answered.stop();
    }
  });

  it("leave the list if there are too many, and their connectors with them", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "one" });
    await change(tunnel, { objects: { min: 2, max: 2 } });
    const [, second = ""] = (await takeList(first)).names;
    const other = await attached(tunnel, { connectorId: "one" }, second);
    await eventually(async () => expect((await objectsOf(tunnel))[1]?.phase).toBe("serving"));
    const warnings = vi.spyOn(console, "warn");
    await change(tunnel, { objects: { min: 1, max: 1 }, drainSeconds: 0 });
    await eventually(async () => expect(await objectsOf(tunnel)).toHaveLength(1));
    await vi.waitFor(() => expect(other.closed).not.toBe(null), { timeout: 10_000 });
    // It has nothing left, which is the purpose of leaving.
    expect(
      warnings.mock.calls.filter(([event]) => JSON.stringify(event).includes("config_push_failed")),
    ).toEqual([]);
    await expectAnsweredBy(first, request(tunnel));
    // Requests of callers that know only the old list are handed on.
    const late = tunnelStub(env, second).fetch("http://api/", {
      cf: {
        culvert: { kind: "request", project: "my-project", environment: "production", keepForwarded: false },
      },
    });
    await expectAnsweredBy(first, late);
  });

  it("move: new ones in the new place, and the old one leaves when they serve, its WebSockets with 1012", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "one" });
    await change(tunnel, { location: "weur", drainSeconds: 0 });
    const [, moved = ""] = (await takeList(first)).names;
    const upgraded = request(tunnel, "/socket", { headers: { upgrade: "websocket" } });
    first.send(head((await first.takeOpen()).id, 101));
    const { webSocket } = await upgraded;
    const closed = new Promise<number>((done) => {
      webSocket?.addEventListener("close", ({ code }) => done(code));
    });
    webSocket?.accept();
    const peer = await attached(tunnel, { connectorId: "one" }, moved);
    await eventually(async () => {
      expect(await objectsOf(tunnel)).toMatchObject([{ name: moved, location: "weur", phase: "serving" }]);
    });
    // At the end of the drain time, which is 0 here.
    expect(await closed).toBe(1012);
    await expectAnsweredBy(peer, request(tunnel));
    // A connector that knows no list finds the new object by the token alone.
    await attached(tunnel, { connectorId: "two" });
    expect(await objectsOf(tunnel)).toMatchObject([{ name: moved, connections: 2 }]);
  });

  it("switch to newer code: a busy one gets a sibling, hands over to it and leaves", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "one" });
    const calledBy = (build: string) =>
      tunnelStub(env, tunnel.id).fetch("http://api/", {
        cf: {
          culvert: {
            ...{ kind: "request", project: "my-project", environment: "production", keepForwarded: false },
            build,
          },
        },
      });
    await change(tunnel, { drainSeconds: 0 });
    const beganAtMs = Date.now();
    const now = vi.spyOn(Date, "now");
    // It has served for longer than a new object must.
    now.mockImplementation(() => beganAtMs + 11 * 60_000);
    await expectAnsweredBy(first, calledBy("next-version"));
    expect(await objectsOf(tunnel)).toHaveLength(1);
    now.mockImplementation(() => beganAtMs + 13 * 60_000);
    await expectAnsweredBy(first, calledBy("next-version"));
    const [, next = ""] = (await takeList(first)).names;
    const peer = await attached(tunnel, { connectorId: "one" }, next);
    await eventually(async () => {
      expect(await objectsOf(tunnel)).toMatchObject([{ name: next, phase: "serving" }]);
    });
    await expectAnsweredBy(peer, request(tunnel));
    const { items } = await json<{ items: { action: string; after: Record<string, unknown> }[] }>(
      call("GET", "/v1/audit-log"),
    );
    const edits = items.filter(({ action }) => action === "tunnel.objects");
    expect(new Set(edits.map(({ after }) => after["reason"]))).toContain("moving to newer code");
  });

  it("appear in the audit log and on the console, with the reason", async () => {
    const tunnel = await bornTunnel();
    const console_ = vi.spyOn(console, "info");
    await change(tunnel, { name: "renamed", objects: { min: 2 } });
    const { items } = await json<{ items: { action: string; after: Record<string, unknown> }[] }>(
      call("GET", "/v1/audit-log"),
    );
    const edits = items.filter(({ action }) => action === "tunnel.objects");
    expect(edits.map(({ after }) => [after["edit"], after["reason"]])).toEqual([["add", "2 are wanted"]]);
    const [{ after } = { after: {} }] = edits;
    expect(console_).toHaveBeenCalledWith({ event: "objects_changed", tunnel: tunnel.id, ...after });
    expect(items.find(({ action }) => action === "tunnel.update")?.after).toMatchObject({
      name: "renamed",
      minObjects: 2,
    });
  });

  it("are refused with a minimum above the maximum", async () => {
    const tunnel = await createTunnel();
    const refused = await problem(
      call("PATCH", `/v1/tunnels/${tunnel.id}`, { body: { objects: { min: 5, max: 2 } } }),
    );
    expect([refused.status, refused.code]).toEqual([400, "INVALID_REQUEST"]);
  });
});

it("keep the list across the loss of an object's memory", async () => {
  const tunnel = await readyTunnel();
  const first = await attached(tunnel, { connectorId: "one" });
  await change(tunnel, { objects: { min: 2, max: 2 } });
  const list = await takeList(first);
  await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
  const second = await attached(tunnel, { connectorId: "two" });
  expect(await takeList(second)).toEqual(list);
});
