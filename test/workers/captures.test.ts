import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CapturedRequest } from "../../shared/capture/captured-request.ts";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import type { Field } from "../../shared/protocol/head.ts";
import { CAPTURE_KEPT_MS, CaptureStore } from "../../worker/capture/capture-store.ts";
import { telemetryStub } from "../../worker/env.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { data, head, type HandPeer, reset as resetFrame } from "../support/peers/hand-peer.ts";
import { call, type CreatedTunnel, json, problem } from "./admin-client.ts";
import { attached, binding, expectAnsweredBy, GATEWAY, readyTunnel, request } from "./hand-connector.ts";

const SECRET = "hUnter2-S3cret-9f8a7c66";
/** Everything that the relay writes about requests, except captures. */
let events: string[] = [];

beforeEach(() => {
  events = [];
  vi.spyOn(EventOutbox.prototype, "add").mockImplementation((line) => {
    events.push(line);
  });
  vi.spyOn(EventOutbox.prototype, "changed").mockReturnValue(undefined);
  vi.spyOn(AnswerWatch.prototype, "sent").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

interface Capture {
  id: string;
  state: string;
  requests: number;
  startedBy: string;
}

async function start(tunnel: CreatedTunnel, wish: object = {}): Promise<Capture> {
  return json(call("POST", `/v1/tunnels/${tunnel.id}/captures`, { body: { service: "api", ...wish } }), 201);
}

async function list(tunnel: CreatedTunnel, key?: string): Promise<Capture[]> {
  const options = key === undefined ? {} : { key };
  return (await json<{ items: Capture[] }>(call("GET", `/v1/tunnels/${tunnel.id}/captures`, options))).items;
}

/** Resolves as soon as there are this many. */
async function captured(tunnel: CreatedTunnel, { id }: Capture, count = 1): Promise<CapturedRequest[]> {
  await vi.waitFor(
    async () => expect((await list(tunnel)).find((one) => one.id === id)?.requests).toBe(count),
    { timeout: 20_000, interval: 20 },
  );
  const path = `/v1/tunnels/${tunnel.id}/captures/${id}/requests?limit=20`;
  return (await json<{ items: CapturedRequest[] }>(call("GET", path))).items;
}

async function ready(): Promise<{ tunnel: CreatedTunnel; peer: HandPeer }> {
  const tunnel = await readyTunnel();
  return { tunnel, peer: await attached(tunnel) };
}

/** Sends one request, and answers it with these fields and this body. */
async function exchange(
  { tunnel, peer }: { tunnel: CreatedTunnel; peer: HandPeer },
  {
    path = "/",
    init = {},
    fields = [],
    body = "",
  }: {
    path?: string;
    init?: RequestInit;
    fields?: Field[];
    body?: string | Uint8Array;
  } = {},
): Promise<string> {
  const answer = request(tunnel, path, init);
  const open = await peer.takeOpen();
  if (!open.end)
    await vi.waitFor(() =>
      expect(peer.inbox.some(({ flags, type }) => type === FRAME.DATA && (flags & FLAG.END) !== 0)).toBe(
        true,
      ),
    );
  peer.inbox.splice(0);
  peer.send(head(open.id, 200, fields));
  peer.send(data(open.id, body, true));
  // The runtime decodes bodies for a gateway, and fails if their coding is broken.
  await (await answer).arrayBuffer().catch(() => {});
  return open.requestId;
}

describe("a capture", () => {
  it("stores a request and its answer without secrets, for admins only", async () => {
    const world = await ready();
    const { tunnel } = world;
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    await exchange(world);
    const capture = await start(tunnel);
    expect(await list(tunnel, key)).toMatchObject([
      { id: capture.id, state: "capturing", startedBy: "admin-key" },
    ]);
    const { capturing } = await json<{ capturing: object[] }>(
      call("GET", `/v1/tunnels/${tunnel.id}`, { key }),
    );
    expect(capturing).toMatchObject([{ service: "api", startedBy: "admin-key" }]);

    const requestId = await exchange(world, {
      path: `/v1/charges?token=${SECRET}&limit=3`,
      init: {
        method: "POST",
        headers: {
          authorization: `Bearer ${SECRET}`,
          "content-type": "application/json",
          "x-plain": "shown",
        },
        body: JSON.stringify({ card: "visa", password: SECRET }),
      },
      fields: [
        ["content-type", "text/plain"],
        ["set-cookie", `session=${SECRET}; Path=/`],
      ],
      body: `you sent ${SECRET}`,
    });
    const [one] = await captured(tunnel, capture);
    expect(one).toMatchObject({
      ...{ captureId: capture.id, requestId, service: "api", method: "POST", kind: "http", ...GATEWAY },
      path: "/v1/charges?token=[redacted]&limit=3",
      request: { body: { text: '{"card":"visa","password":"[redacted]"}', isCut: false, why: null } },
      response: { status: 200, body: { text: "you sent [redacted]" } },
    });
    expect(one?.request.fields).toContainEqual(["authorization", "Bearer [redacted]"]);
    expect(one?.request.fields).toContainEqual(["x-plain", "shown"]);
    expect(one?.response?.fields).toContainEqual(["set-cookie", "session=[redacted]; Path=/"]);
    const path = `/v1/tunnels/${tunnel.id}/requests/${requestId}/capture`;
    expect(await json(call("GET", path))).toEqual(one);

    // Other places where a secret could appear: the storage, the logs, the audit log, a viewer's view.
    expect(JSON.stringify(one)).not.toContain(SECRET);
    expect(events.join()).not.toMatch(/hUnter2|visa|x-plain|shown/);
    for (const guarded of [path, `/v1/tunnels/${tunnel.id}/captures/${capture.id}/requests`])
      expect((await problem(call("GET", guarded, { key }))).code).toBe("FORBIDDEN");
    const audit = await json<{ items: { action: string; actor: string }[] }>(call("GET", "/v1/audit-log"));
    const actions = audit.items.map(({ action }) => action);
    expect(actions.filter((action) => action.startsWith("capture."))).toEqual([
      ...["capture.read", "capture.read", "capture.start"],
    ]);
  });

  it("ends with its last request, whatever else comes, and captures no other service", async () => {
    const world = await ready();
    const { tunnel, peer } = world;
    const capture = await start(tunnel, { maxRequests: 2 });
    const other = binding({ tunnel: tunnel.id, ...GATEWAY }).fetch("http://retry-api/");
    await expectAnsweredBy(peer, other);
    for (let count = 0; count < 4; count++) await exchange(world, { path: `/${count}` });
    expect((await captured(tunnel, capture, 2)).map(({ path }) => path)).toEqual(["/0", "/1"]);
    await vi.waitFor(async () => expect(await list(tunnel)).toMatchObject([{ state: "over", requests: 2 }]));
  });

  it("stores the first 10,000 bytes of a body in pieces, and delays none of it", async () => {
    const { tunnel, peer } = await ready();
    const capture = await start(tunnel);
    const piece = "0123456789".repeat(300);
    const answer = request(tunnel, "/", { method: "POST", body: piece.repeat(5) });
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, [["content-type", "text/plain"]]));
    const body = new Response((await answer).body);
    const reader = body.body?.getReader();
    let receivedBytes = 0;
    for (let count = 1; count <= 5; count++) {
      peer.send(data(id, piece, count === 5));
      while (receivedBytes < count * piece.length)
        receivedBytes += (await reader?.read())?.value?.byteLength ?? 0;
    }
    expect((await reader?.read())?.done).toBe(true);
    const [one] = await captured(tunnel, capture);
    for (const half of [one?.request.body, one?.response?.body])
      expect(half).toMatchObject({ text: piece.repeat(4).slice(0, 10_000), isCut: true });
  });

  it("decompresses bodies, cut or not, and stores only text", async () => {
    const world = await ready();
    const capture = await start(world.tunnel);
    const text = JSON.stringify({ password: SECRET, filler: "x".repeat(30_000) });
    const gzipped = new Uint8Array(
      await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
    );
    const noise = crypto.getRandomValues(new Uint8Array(3_000));
    const json: Field = ["content-type", "application/json"];
    const bodies: [Uint8Array, Field[]][] = [
      [gzipped, [json, ["content-encoding", "gzip"]]],
      [gzipped.slice(0, 60), [json, ["content-encoding", "gzip"]]],
      [gzipped, [json, ["content-encoding", "br"]]],
      [noise, [json, ["content-encoding", "gzip"]]],
      [noise, []],
      [new Uint8Array([0x7b, 0xe9, 0x7d]), [["content-type", "text/plain; charset=iso-8859-1"]]],
      [new Uint8Array([0x7b, 0xe9, 0x7d]), [["content-type", "text/plain; charset=no-such"]]],
      [new TextEncoder().encode("é".repeat(3_000)).slice(0, 5_999), []],
    ];
    for (const [body, fields] of bodies) await exchange(world, { body, fields });
    const seen = (await captured(world.tunnel, capture, bodies.length)).map(({ response }) => response?.body);
    expect(JSON.stringify(seen)).not.toContain(SECRET);
    expect(seen.map((body) => [body?.why, body?.text?.slice(0, 24) ?? null])).toEqual([
      [null, '{"password":"[redacted]"'],
      [null, '{"password":"[redacted]"'],
      ["encoded", null],
      ["encoded", null],
      ["binary", null],
      [null, "{é}"],
      ["binary", null],
      [null, "é".repeat(24)],
    ]);
  });

  it("copes with odd paths, long ones, many fields, and answers that never come", async () => {
    const world = await ready();
    const { tunnel, peer } = world;
    const capture = await start(tunnel);
    const long = `/${"a%00%0a%1b%e9".repeat(600)}?token=${SECRET}&q=${"%ff".repeat(300)}`;
    const headers = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`x-${index}`, "v".repeat(100)]),
    );
    await exchange(world, { path: long, init: { headers } });
    const refused = request(tunnel, "/refused", { method: "POST", body: "b" });
    peer.send(resetFrame((await peer.takeOpen()).id, "UPSTREAM_REFUSED", 0, "10.0.0.5"));
    await (await refused).text();
    const [odd, failed] = await captured(tunnel, capture, 2);
    expect(odd?.path.length).toBeGreaterThan(7_500);
    expect(odd?.path).toContain("?token=[redacted]&q=%ff%ff");
    expect(odd?.request.fields.filter(([name]) => name.startsWith("x-")).length).toBe(200);
    expect(failed).toMatchObject({ path: "/refused", response: null, request: { body: { text: "b" } } });
  });

  it("shows a WebSocket's handshake, and none of its messages", async () => {
    const { tunnel, peer } = await ready();
    const capture = await start(tunnel);
    const answer = request(tunnel, "/chat", { headers: { upgrade: "websocket", cookie: `s=${SECRET}` } });
    const { id } = await peer.takeOpen();
    peer.send(head(id, 101, [["x-a", "b"]]));
    const socket = (await answer).webSocket;
    socket?.accept();
    socket?.send("a secret message");
    const [one] = await captured(tunnel, capture);
    expect(one).toMatchObject({
      kind: "websocket",
      request: { body: { why: "websocket", text: null } },
      response: { status: 101, fields: [["x-a", "b"]], body: { why: "websocket", text: null } },
    });
    expect(JSON.stringify(one)).not.toMatch(/hUnter2|a secret message/);
    socket?.close();
  });

  it("that is stopped stores what it saw of a running request; one that is deleted leaves nothing", async () => {
    const { tunnel, peer } = await ready();
    const open = async (path: string) => {
      const answer = request(tunnel, path);
      const { id } = await peer.takeOpen();
      peer.send(head(id, 200, [["content-type", "text/event-stream"]]), data(id, "data: 1\n\n"));
      const reader = (await answer).body?.getReader();
      await reader?.read();
      return async () => {
        peer.send(data(id, "data: 2\n\n", true));
        while (!(await reader?.read())?.done);
      };
    };
    const first = await start(tunnel);
    const end = await open("/events");
    const stopped = await json(call("POST", `/v1/tunnels/${tunnel.id}/captures/${first.id}/stop`));
    expect(stopped).toMatchObject({ id: first.id, state: "over" });
    expect((await captured(tunnel, first))[0]?.response?.body.text).toBe("data: 1\n\n");
    await end();

    const second = await start(tunnel);
    const endSecond = await open("/more");
    expect((await call("DELETE", `/v1/tunnels/${tunnel.id}/captures/${second.id}`)).status).toBe(204);
    await endSecond();
    expect((await list(tunnel)).map(({ id }) => id)).toEqual([first.id]);
    const entry = { captureId: second.id, maxRequests: 5, requestId: "late", timeMs: 0, json: "{}" };
    expect(await telemetryStub(env, tunnel.id).capture(entry)).toBe("full");
    expect(await telemetryStub(env, tunnel.id).capturedRequest("late")).toBe(null);
    expect(await telemetryStub(env, tunnel.id).captured(second.id, 10, 0)).toEqual([]);
  });

  it("goes on while the tunnel gets another object, and both count as one", async () => {
    const world = await ready();
    const { tunnel, peer } = world;
    const capture = await start(tunnel, { maxRequests: 3 });
    await exchange(world, { path: "/one" });
    const { objects } = await json<{ objects: { name: string }[] }>(
      call("PATCH", `/v1/tunnels/${tunnel.id}`, { body: { objects: { min: 2, max: 2 } } }),
    );
    const name = objects.map((object) => object.name).find((other) => other !== tunnel.id);
    if (name === undefined) throw new Error("the tunnel has one object");
    const second = await attached(tunnel, {}, name);
    const ask = async (path: string, from: HandPeer, object: string) => {
      const claim = { kind: "request", ...GATEWAY, keepForwarded: false, handedOn: true };
      const answer = env.TUNNEL.get(env.TUNNEL.idFromName(object)).fetch(`http://api${path}`, {
        cf: { culvert: claim },
      });
      await expectAnsweredBy(from, answer);
    };
    await ask("/two", second, name);
    await ask("/three", peer, tunnel.id);
    await ask("/four", second, name);
    const paths = (await captured(tunnel, capture, 3)).map(({ path }) => path);
    expect(paths).toEqual(["/one", "/two", "/three"]);
  });
});

describe("captures", () => {
  it("are limited: one for a service, five for a tunnel, only for existing services", async () => {
    const tunnel = await readyTunnel();
    const begin = (service: string, rest: object = {}) =>
      call("POST", `/v1/tunnels/${tunnel.id}/captures`, { body: { service, ...rest } });
    const names = ["api", "API", "retry-api", "once-api", "public-api", "named-api", "ruled-api"];
    const all = await Promise.all(
      Array.from({ length: 21 }, async (_, index) => (await begin(names[index % 7] ?? "")).status),
    );
    expect(all.filter((status) => status === 201)).toHaveLength(5);
    expect(all.filter((status) => status === 409)).toHaveLength(16);
    expect(await list(tunnel)).toHaveLength(5);
    for (const [service, rest] of [
      ["no-such-api", {}],
      ["host.example:80", {}],
      ["api", { seconds: 3_601 }],
      ["api", { maxRequests: 101 }],
      ["api", { seconds: 0 }],
      ["", {}],
    ] as const)
      expect((await problem(begin(service, rest))).code).toBe("INVALID_REQUEST");
    const missing = `/v1/tunnels/${tunnel.id}/captures/cap_aaaaaaaaaaaa`;
    expect((await call("GET", `${missing}/requests`)).status).toBe(404);
    expect((await call("POST", `${missing}/stop`)).status).toBe(404);
    expect((await call("DELETE", missing)).status).toBe(404);
    expect((await call("GET", "/v1/tunnels/tnl_aaaaaaaaaaaaaaaaaaaa/captures")).status).toBe(404);
  });

  it("can be turned off by the relay", async () => {
    const tunnel = await readyTunnel();
    const before = env.CAPTURE;
    env.CAPTURE = "off";
    try {
      const answer = call("POST", `/v1/tunnels/${tunnel.id}/captures`, { body: { service: "api" } });
      expect((await problem(answer)).code).toBe("CAPTURE_OFF");
    } finally {
      if (before === undefined) delete env.CAPTURE;
      else env.CAPTURE = before;
    }
  });

  it("are kept for a day, bounded in sum, each request once", async () => {
    await runInDurableObject(telemetryStub(env, "alone"), async (_, { storage: { sql } }) => {
      const store = new CaptureStore(sql);
      const entry = (requestId: string, json = "{}") => ({
        captureId: "c",
        maxRequests: 100,
        requestId,
        timeMs: 0,
        json,
      });
      expect(await store.add(entry("a"), 1_000)).toBe("taken");
      expect(await store.add(entry("a"), 1_000)).toBe("taken");
      expect(store.counts()).toEqual(new Map([["c", 1]]));
      const late = 1_000 + CAPTURE_KEPT_MS;
      expect(store.allExpiredMs()).toBe(late);
      expect([await store.page("c", 10, 0, late), await store.request("a", late)]).toEqual([[], null]);
      store.expire(late);
      expect([store.counts().size, store.allExpiredMs()]).toEqual([0, null]);

      const small = new CaptureStore(sql, 10_000);
      const noise = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(1_500))));
      let taken = 0;
      while ((await small.add(entry(`r${taken}`, noise()), late)) === "taken") taken++;
      expect(taken).toBeLessThan(7);
      expect(taken).toBeGreaterThan(4);
    });
  });
});
