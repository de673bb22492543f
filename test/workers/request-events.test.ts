import { evictDurableObject, reset as resetObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import { decodeOffset } from "../../shared/protocol/frame-payloads.ts";
import { encodeHead } from "../../shared/protocol/head-codec.ts";
import { RELAY_STREAM_WINDOW_BYTES } from "../../shared/protocol/limits.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { tunnelStub } from "../../worker/env.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { Telemetry } from "../../worker/telemetry/telemetry-object.ts";
import { data, frame, head, type HandPeer, reset, until, wsClose } from "../support/peers/hand-peer.ts";
import { call, connect, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, binding, GATEWAY, readyTunnel, request } from "./hand-connector.ts";

let events: RequestEvent[] = [];

beforeEach(() => {
  events = [];
  // Collects the object's events here. The timer of the real outbox would delay evictions.
  vi.spyOn(EventOutbox.prototype, "add").mockImplementation((line) => {
    events.push(JSON.parse(line) as RequestEvent);
  });
  vi.spyOn(EventOutbox.prototype, "changed").mockReturnValue(undefined);
  vi.spyOn(AnswerWatch.prototype, "sent").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await resetObjects();
});

/** Waits for the only event. */
async function theEvent(): Promise<RequestEvent> {
  await until(
    () => events.length > 0,
    () => "an event",
  );
  expect(events).toHaveLength(1);
  const [event] = events.splice(0);
  if (event === undefined) throw new Error("unreachable");
  const { durationMs, relayMs, tunnelMs, upstreamMs, bodyMs } = event;
  expect(relayMs + tunnelMs + upstreamMs + bodyMs).toBe(durationMs);
  expect(Math.min(relayMs, tunnelMs, upstreamMs, bodyMs)).toBeGreaterThanOrEqual(0);
  return event;
}

/** Lets the service's next answer arrive completely before anybody reads it. */
async function answerLargely(tunnel: CreatedTunnel, peer: HandPeer): Promise<void> {
  const piece = "x".repeat(4_000);
  const answer = request(tunnel);
  const { id } = await peer.takeOpen();
  peer.send(head(id, 200));
  const body = (await answer).text();
  let limitBytes = RELAY_STREAM_WINDOW_BYTES;
  for (let sentBytes = 0; sentBytes < 40_000; sentBytes += piece.length) {
    while (limitBytes < sentBytes + piece.length) {
      limitBytes = decodeOffset((await peer.take(FRAME.WINDOW, id)).payload);
    }
    peer.send(data(id, piece));
  }
  peer.send(data(id, "", true));
  await body;
}

async function ready(): Promise<{ tunnel: CreatedTunnel; peer: HandPeer }> {
  const tunnel = await readyTunnel();
  return { tunnel, peer: await attached(tunnel) };
}

describe("the event of a request", () => {
  it("has every field of a complete answer", async () => {
    const { tunnel, peer } = await ready();
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const answer = request(tunnel, "/v1/charges?card=4242", {
      method: "POST",
      body: "12345",
      headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
    });
    const { id, requestId } = await peer.takeOpen();
    peer.answer(id, "fine");
    await (await answer).text();
    const event = await theEvent();
    expect(event).toEqual({
      event: "request",
      version: 1,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestId,
      traceId: trace,
      tunnel: tunnel.id,
      ...GATEWAY,
      service: "api",
      kind: "http",
      method: "POST",
      path: "/v1/charges",
      status: 200,
      outcome: "answered",
      code: null,
      connector: "hand",
      attempts: 1,
      requestBytes: 5,
      responseBytes: 4,
      durationMs: expect.any(Number),
      relayMs: expect.any(Number),
      tunnelMs: expect.any(Number),
      upstreamMs: expect.any(Number),
      bodyMs: expect.any(Number),
    });
    expect(JSON.stringify(event)).not.toContain("4242");
  });

  it("begins a trace if the gateway had none", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id, fields } = await peer.takeOpen();
    peer.answer(id, "fine");
    await (await answer).text();
    const { traceId } = await theEvent();
    expect(fields.find(([name]) => name === "traceparent")?.[1]).toContain(`00-${traceId}-`);
  });

  it("comes when the body's last byte does, not before", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 206), data(id, "abc"));
    const response = await answer;
    await peer.settled();
    expect(events).toEqual([]);
    peer.send(data(id, "def", true));
    expect(await response.text()).toBe("abcdef");
    expect(await theEvent()).toMatchObject({ status: 206, responseBytes: 6, outcome: "answered" });
  });

  it("counts as the upstream's time what the connector reports, but never more than the total", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const payload = encodeHead({ status: 200, reason: "", upstreamMs: 20, fields: [] });
    peer.send(frame(FRAME.HEAD, payload, id, FLAG.END));
    await (await answer).text();
    const honest = await theEvent();
    expect(honest.upstreamMs).toBe(20);
    expect(honest.tunnelMs).toBeGreaterThan(20);

    const boasted = request(tunnel);
    const next = await peer.takeOpen();
    const lie = encodeHead({ status: 200, reason: "", upstreamMs: 900_000_000, fields: [] });
    peer.send(frame(FRAME.HEAD, lie, next.id, FLAG.END));
    await (await boasted).text();
    const { upstreamMs, durationMs, tunnelMs } = await theEvent();
    expect([upstreamMs <= durationMs, tunnelMs]).toEqual([true, 0]);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("exists for an answer without a body: %s %i", async (method, status) => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel, "/", { method });
    peer.send(head((await peer.takeOpen()).id, status, [], FLAG.END));
    await (await answer).text();
    expect(await theEvent()).toMatchObject({ method, status, outcome: "answered", responseBytes: 0 });
  });
});

describe("a request that goes wrong", () => {
  it.each([
    ["another environment", "http://api/", { environment: "preview" }, 403, "ACCESS_DENIED", "api"],
    ["no such service", "http://nothing/x", {}, 404, "UNKNOWN_SERVICE", "nothing"],
  ])("is logged as refused: %s", async (_name, url, props, status, code, service) => {
    const tunnel = await readyTunnel();
    const response = await binding({ tunnel: tunnel.id, ...GATEWAY, ...props }).fetch(url);
    const { requestId } = await response.json<{ requestId: string }>();
    expect(response.headers.get("culvert-request-id")).toBe(requestId);
    expect(await theEvent()).toMatchObject({
      requestId,
      status,
      code,
      service,
      outcome: "refused",
      attempts: 0,
    });
  });

  it("is logged as failed without a connector, and with one that is lost", async () => {
    const tunnel = await readyTunnel();
    await (await request(tunnel)).text();
    expect(await theEvent()).toMatchObject({
      status: 503,
      code: "NO_CONNECTOR",
      outcome: "failed",
      connector: null,
      attempts: 0,
    });
    const peer = await attached(tunnel);
    const answer = request(tunnel, "/", { method: "POST", body: "x" });
    await peer.takeOpen();
    peer.close();
    await (await answer).text();
    expect(await theEvent()).toMatchObject({
      status: 502,
      code: "CONNECTOR_LOST",
      outcome: "failed",
      connector: "hand",
      attempts: 1,
    });
  });

  it("contains what the connector found, which the gateway does not learn", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel, "/", { method: "POST" });
    const said = "no connection to 10.0.0.5:8080: ECONNREFUSED";
    peer.send(reset((await peer.takeOpen()).id, "UPSTREAM_REFUSED", 0, said));
    const response = await answer;
    const told = JSON.stringify([...response.headers]) + (await response.text());
    expect(told).not.toMatch(/10\.0\.0\.5|ECONN/);
    expect(response.headers.get("culvert-error-detail")).toContain("could not connect to the upstream");
    expect(await theEvent()).toMatchObject({ code: "UPSTREAM_REFUSED", detail: said });
  });

  it("is one event, however often it was tried", async () => {
    const { tunnel, peer } = await ready();
    const other = await attached(tunnel, { connectorId: "other" });
    const answer = request(tunnel);
    await until(() => [peer, other].some(({ streamFrames }) => streamFrames.length > 0));
    const [first, second, name] =
      peer.streamFrames.length > 0 ? [peer, other, "other"] : [other, peer, "hand"];
    first.send(reset((await first.takeOpen()).id, "UPSTREAM_REFUSED", FLAG.NOT_PROCESSED));
    second.answer((await second.takeOpen()).id, "fine");
    expect(await (await answer).text()).toBe("fine");
    expect(await theEvent()).toMatchObject({
      outcome: "answered",
      attempts: 2,
      connector: name,
      status: 200,
    });
  });

  it("attributes the wait to the upstream if the connector says so", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    await new Promise((resolve) => setTimeout(resolve, 40));
    peer.send(reset(id, "UPSTREAM_RESPONSE_TIMEOUT"));
    await (await answer).text();
    const event = await theEvent();
    expect(event).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT", tunnelMs: 0 });
    expect(event.upstreamMs).toBeGreaterThanOrEqual(30);
  });

  it("is logged as aborted when its body breaks off, with the status that the gateway saw", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "abc"));
    const response = await answer;
    peer.close();
    await expect(response.text()).rejects.toBeInstanceOf(Error);
    expect(await theEvent()).toMatchObject({ status: 200, code: "CONNECTOR_LOST", outcome: "aborted" });
  });

  it("is logged with 499 when the gateway gives up before the answer", async () => {
    const { tunnel, peer } = await ready();
    const giveUp = new AbortController();
    const answer = request(tunnel, "/", { signal: giveUp.signal });
    answer.catch(() => {});
    const { id } = await peer.takeOpen();
    giveUp.abort();
    await peer.take(FRAME.RESET, id);
    expect(await theEvent()).toMatchObject({ status: 499, code: null, outcome: "cancelled" });
  });

  it("is logged as cancelled when the gateway stops reading", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "abc"));
    await (await answer).body?.cancel();
    await peer.take(FRAME.RESET, id);
    expect(await theEvent()).toMatchObject({ status: 200, outcome: "cancelled" });
  });

  it.each([
    ["of known length", [["content-length", "30000"]] as const],
    ["of unknown length", []],
  ])(
    "is logged as cancelled if the gateway gives up a body that has arrived completely: %s",
    async (_name, fields) => {
      const { tunnel, peer } = await ready();
      await answerLargely(tunnel, peer);
      await theEvent();
      const answer = request(tunnel);
      const { id } = await peer.takeOpen();
      const half = "x".repeat(15_000);
      peer.send(head(id, 200, fields), data(id, half), data(id, half, true));
      const response = await answer;
      await peer.settled();
      await response.body?.cancel();
      expect(await theEvent()).toMatchObject({ status: 200, outcome: "cancelled", code: null });
    },
  );

  it("is logged as aborted if only the connector gives it up", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "abc"));
    const response = await answer;
    peer.send(reset(id, "CANCEL"));
    await expect(response.text()).rejects.toBeInstanceOf(Error);
    expect(await theEvent()).toMatchObject({ status: 200, outcome: "aborted", code: "UPSTREAM_PROTOCOL" });
  });

  it("is one event, whatever code its connector gives", async () => {
    const workers = vi.spyOn(Telemetry.prototype, "take").mockResolvedValue(undefined);
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    peer.send(reset((await peer.takeOpen()).id, "UNKNOWN_TUNNEL"));
    const response = await answer;
    expect([response.status, response.headers.get("culvert-unlogged")]).toEqual([404, null]);
    await response.text();
    expect(await theEvent()).toMatchObject({ status: 404, code: "UNKNOWN_TUNNEL", connector: "hand" });
    // The Worker's own events come last. When another event of the Worker is logged, all are here.
    await (await binding({}).fetch("http://api/last")).text();
    await until(() => workers.mock.calls.length > 0);
    expect(workers.mock.calls.flatMap(([{ lines }]) => lines.split("\n"))).toHaveLength(1);
  });

  it("is logged as failed if the answer cannot be passed on", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, [["content-length", "9"]]), data(id, "abc", true));
    expect((await answer).status).toBe(502);
    expect(await theEvent()).toMatchObject({ status: 502, code: "UPSTREAM_PROTOCOL", outcome: "failed" });
  });
});

describe("a WebSocket", () => {
  it("is one event at its end, with its bytes, even if the object lost its memory in between", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel, "/socket?token=secret", { headers: { upgrade: "websocket" } });
    const { id } = await peer.takeOpen();
    peer.send(head(id, 101));
    const socket = (await answer).webSocket;
    if (socket === null) throw new Error("no WebSocket");
    const messages: unknown[] = [];
    socket.addEventListener("message", ({ data: message }) => void messages.push(message));
    socket.accept();
    socket.send("up");
    await peer.take(FRAME.WSMSG, id);
    peer.send(frame(FRAME.WSMSG, new TextEncoder().encode("down"), id, FLAG.TEXT));
    await until(() => messages.length === 1);
    expect(events).toEqual([]);
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    socket.send("upup");
    await peer.take(FRAME.WSMSG, id);
    peer.send(wsClose(id, 4002, "enough"));
    expect(await theEvent()).toMatchObject({
      kind: "websocket",
      path: "/socket",
      status: 101,
      outcome: "answered",
      closeCode: 4002,
      requestBytes: 6,
      responseBytes: 4,
    });
  });

  it("is not reported twice, even if its gateway never answers the close and the object loses its memory", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel, "/socket", { headers: { upgrade: "websocket" } });
    const { id } = await peer.takeOpen();
    peer.send(head(id, 101));
    const socket = (await answer).webSocket;
    socket?.accept({ allowHalfOpen: true });
    peer.send(wsClose(id, 4002, "enough"));
    expect(await theEvent()).toMatchObject({ outcome: "answered", closeCode: 4002 });
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    await (await binding({ tunnel: tunnel.id, ...GATEWAY }).fetch("http://nothing/")).text();
    expect(await theEvent()).toMatchObject({ code: "UNKNOWN_SERVICE" });
  });

  it("is aborted if the relay has to close it", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel, "/socket", { headers: { upgrade: "websocket" } });
    const { id } = await peer.takeOpen();
    peer.send(head(id, 101));
    (await answer).webSocket?.accept();
    peer.send(frame(FRAME.WSMSG, new Uint8Array([0xff, 0xfe]), id, FLAG.TEXT));
    expect(await theEvent()).toMatchObject({
      outcome: "aborted",
      code: "UPSTREAM_PROTOCOL",
      closeCode: 1007,
    });
  });

  it("is aborted when its connector is lost", async () => {
    const { tunnel, peer } = await ready();
    const answer = request(tunnel, "/socket", { headers: { upgrade: "websocket" } });
    peer.send(head((await peer.takeOpen()).id, 101));
    (await answer).webSocket?.accept();
    peer.close();
    expect(await theEvent()).toMatchObject({ outcome: "aborted", code: "CONNECTOR_LOST", closeCode: 1011 });
  });
});

describe("what the Worker answers itself", () => {
  it("is logged too, gathered for the relay's own Telemetry object", async () => {
    const batches = vi.spyOn(Telemetry.prototype, "take").mockResolvedValue(undefined);
    const ABSENT = "tnl_aaaaaaaaaaaaaaaaaaaa";
    await (await binding({}).fetch("http://api/a")).text();
    await (await binding({ tunnel: ABSENT }).fetch("http://api/b")).text();
    await (await binding({ tunnel: ABSENT, ...GATEWAY }).fetch("http://api/c")).text();
    await (await call("GET", `/~/${ABSENT}/api/d?x=1`, { key: null })).text();
    await until(() => batches.mock.calls.flat().reduce((sum, { count }) => sum + count, 0) >= 4);
    const lines = batches.mock.calls.flatMap(([{ lines: text }]) => text.split("\n"));
    const logged = lines.map((line) => JSON.parse(line) as RequestEvent);
    expect(
      logged.map(({ path, service, status, code, outcome, tunnel }) => [
        path,
        service,
        status,
        code,
        outcome,
        tunnel,
      ]),
    ).toEqual([
      ["/a", "api", 404, "UNKNOWN_TUNNEL", "refused", ""],
      ["/b", "api", 403, "ACCESS_DENIED", "refused", ABSENT],
      ["/c", "api", 404, "UNKNOWN_TUNNEL", "refused", ABSENT],
      // A request without a key has no tunnel.
      [`/~/${ABSENT}/api/d`, "relay.example", 401, "UNAUTHENTICATED", "refused", ""],
    ]);
    expect(events).toEqual([]);
  });
});

describe("429s of clients that guess keys", () => {
  it("do not flood log destinations: one a second is logged", async () => {
    const batches = vi.spyOn(Telemetry.prototype, "take").mockResolvedValue(undefined);
    // A network of its own, because the isolate keeps its counts.
    const headers = { "cf-connecting-ip": "2001:db8:429::1", "culvert-gateway-key": "guess" };
    const guess = async (): Promise<number> => {
      const response = await call("GET", "/~/tnl_aaaaaaaaaaaaaaaaaaaa/api/x", { key: null, headers });
      await response.body?.cancel();
      return response.status;
    };
    const startedMs = Date.now();
    const statuses = await Promise.all(Array.from({ length: 400 }, guess));
    const seconds = (Date.now() - startedMs) / 1_000;
    const answered = (status: number) => statuses.filter((seen) => seen === status).length;
    expect(answered(429)).toBeGreaterThan(300 - seconds);

    const logged = () =>
      batches.mock.calls
        .flatMap(([{ lines }]) => lines.split("\n"))
        .map((line) => (JSON.parse(line) as RequestEvent).code);
    await until(() => logged().length > answered(401));
    const limited = logged().filter((code) => code === "RATE_LIMITED").length;
    expect(limited).toBeGreaterThanOrEqual(1);
    expect(limited).toBeLessThanOrEqual(1 + seconds);
    // Each guess that got 401 is logged.
    expect(logged().filter((code) => code === "UNAUTHENTICATED")).toHaveLength(answered(401));
  });
});

describe("watching a tunnel", () => {
  interface Watcher {
    socket: WebSocket;
    messages: { events: RequestEvent[]; dropped: number }[];
    closed: number | null;
  }

  async function watch(tunnelId: string, query = "", key?: string): Promise<Watcher> {
    const headers = { upgrade: "websocket", "sec-websocket-protocol": "culvert.tail.v1" };
    const response = await call("GET", `/v1/tunnels/${tunnelId}/tail${query}`, {
      headers,
      ...(key === undefined ? {} : { key }),
    });
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBe("culvert.tail.v1");
    const socket = response.webSocket;
    if (socket === null) throw new Error("no WebSocket");
    const watcher: Watcher = { socket, messages: [], closed: null };
    socket.addEventListener("message", ({ data: text }) => {
      watcher.messages.push(JSON.parse(String(text)) as Watcher["messages"][number]);
    });
    socket.addEventListener("close", ({ code }) => void (watcher.closed = code));
    socket.accept();
    return watcher;
  }

  async function answered(tunnel: CreatedTunnel, peer: HandPeer, path: string, status = 200): Promise<void> {
    const answer = request(tunnel, path);
    peer.send(head((await peer.takeOpen()).id, status, [], FLAG.END));
    await (await answer).text();
  }

  it("shows each matching request to each watcher", async () => {
    const { tunnel, peer } = await ready();
    const all = await watch(tunnel.id);
    const some = await watch(tunnel.id, "?status=5xx&path=/v1/*/items");
    await answered(tunnel, peer, "/v1/7/items?x=1", 500);
    await answered(tunnel, peer, "/v1/7/items", 200);
    await answered(tunnel, peer, "/v1/items", 503);
    const seen = ({ messages }: Watcher) =>
      messages.flatMap((message) => message.events.map(({ path, status }) => [path, status]));
    await until(() => seen(all).length === 3);
    expect(seen(all)).toEqual([
      ["/v1/7/items", 500],
      ["/v1/7/items", 200],
      ["/v1/items", 503],
    ]);
    expect(seen(some)).toEqual([["/v1/7/items", 500]]);
  });

  it("goes on after the object lost its memory", async () => {
    const { tunnel, peer } = await ready();
    const watcher = await watch(tunnel.id);
    await answered(tunnel, peer, "/one");
    await until(() => watcher.messages.length === 1);
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    const answer = request(tunnel, "/two");
    const { payload } = await peer.take(FRAME.RESTART);
    peer.send(frame(FRAME.RESTART, payload));
    peer.answer((await peer.takeOpen()).id, "fine");
    await (await answer).text();
    await until(() => watcher.messages.length === 2);
    watcher.socket.send('{"received":2}');
    expect(watcher.messages[1]?.events[0]?.path).toBe("/two");
  });

  it("drops and counts events while a watcher does not confirm earlier ones", async () => {
    const { tunnel } = await ready();
    const watcher = await watch(tunnel.id);
    const refused = () => binding({ tunnel: tunnel.id, ...GATEWAY }).fetch("http://nothing/");
    for (let round = 0; round < 12; round++) {
      await Promise.all(Array.from({ length: 100 }, async () => (await refused()).text()));
    }
    const count = () => watcher.messages.reduce((sum, message) => sum + message.events.length, 0);
    await until(() => count() === 1000);
    watcher.socket.send('{"received":1000}');
    await until(() => watcher.messages.some(({ dropped }) => dropped > 0));
    expect(watcher.messages.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(200);
    expect(count()).toBe(1000);
  });

  it.each(["nonsense", '{"received":-1}', '{"received":7}', "[]", '{"received":"1"}'])(
    "ends with 1008 for a watcher that says %s",
    async (said) => {
      const { tunnel } = await ready();
      const watcher = await watch(tunnel.id);
      watcher.socket.send(said);
      await until(() => watcher.closed !== null);
      expect(watcher.closed).toBe(1008);
    },
  );

  it("lasts a quarter of an hour: then the key has to be sent again", async () => {
    const { tunnel, peer } = await ready();
    const watchers = await Promise.all(["", "?path=/nothing"].map((query) => watch(tunnel.id, query)));
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 15 * 60_000);
    await answered(tunnel, peer, "/");
    await until(() => watchers.every(({ closed }) => closed === 1012));
    expect(watchers.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it("is limited to eight at a time, and ends with the tunnel", async () => {
    const { tunnel } = await ready();
    const watchers = await Promise.all(Array.from({ length: 8 }, () => watch(tunnel.id)));
    const headers = { upgrade: "websocket", "sec-websocket-protocol": "culvert.tail.v1" };
    const ninth = await call("GET", `/v1/tunnels/${tunnel.id}/tail`, { headers });
    expect([ninth.status, (await ninth.json<{ code: string }>()).code]).toEqual([429, "TOO_MANY_WATCHERS"]);
    await call("DELETE", `/v1/tunnels/${tunnel.id}`);
    await until(() => watchers.every(({ closed }) => closed !== null));
  });

  it("needs a key of the admin API, a known tunnel, a valid filter, and the subprotocol", async () => {
    const { tunnel } = await ready();
    const headers = { upgrade: "websocket", "sec-websocket-protocol": "culvert.tail.v1" };
    const statusOf = async (path: string, options: Parameters<typeof call>[2]) =>
      (await call("GET", `/v1/tunnels/${path}`, options)).status;
    expect(await statusOf(`${tunnel.id}/tail`, { headers, key: null })).toBe(401);
    expect(await statusOf("tnl_aaaaaaaaaaaaaaaaaaaa/tail", { headers })).toBe(404);
    expect(await statusOf(`${tunnel.id}/tail?status=600`, { headers })).toBe(400);
    expect(await statusOf(`${tunnel.id}/tail?colour=red`, { headers })).toBe(400);
    expect(await statusOf(`${tunnel.id}/tail`, {})).toBe(426);
    const viewer = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    await watch(tunnel.id, "", viewer.key);
    // A connector's token is not an API key, and a watcher is not a connector.
    expect((await connect({ authorization: `Bearer ${viewer.key}` })).status).toBe(401);
  });
});
