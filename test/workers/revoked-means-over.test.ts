import { evictDurableObject, reset as resetObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { tunnelStub } from "../../worker/env.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { OpenExchanges } from "../../worker/exchange/open-exchanges.ts";
import type { GatewayAttachment } from "../../worker/exchange/websocket/relay-websocket.ts";
import { data, frame, head, type HandPeer, until } from "../support/peers/hand-peer.ts";
import { call, createTunnel, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, binding } from "./hand-connector.ts";

const CALLER = { project: "my-project", environment: "production" };
const OTHER = { project: "my-project", environment: "preview" };
const BOTH = [{ project: "my-project", accessibleBy: ["production", "preview"] }];
const PREVIEW_ALONE = [{ project: "my-project", accessibleBy: ["preview"] }];
const endpoint = "http://payments.internal:8080/base";
const api = { name: "api", endpoint, connectorWaitMs: 5000, configurations: BOTH };
const network = { hosts: ["internal.local:8080"], configurations: BOTH };
const RULES = { version: 1, services: [api, { ...api, name: "other-api" }], networks: [network] };

let events: RequestEvent[] = [];

// The answer watch is off: its timer keeps the object awake for seconds after each message, and an eviction would wait for
// it.
beforeEach(() => {
  events = [];
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

interface World {
  tunnel: CreatedTunnel;
  peer: HandPeer;
  kid: string;
  key: string;
}

async function world(): Promise<World> {
  const tunnel = await createTunnel();
  await rules(tunnel, RULES);
  const { kid, key } = await json<{ kid: string; key: string }>(
    call("POST", "/v1/gateway-keys", { body: CALLER }),
    201,
  );
  return { tunnel, peer: await attached(tunnel), kid, key };
}

function rules(tunnel: CreatedTunnel, file: object) {
  return json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: file }));
}

function byKey({ tunnel, key }: World, path: string, headers: Record<string, string> = {}) {
  const fields = { ...headers, "culvert-gateway-key": key };
  return call("GET", `/~/${tunnel.id}${path}`, { key: null, headers: fields });
}

function byBinding({ tunnel }: World, caller: typeof CALLER, url: string, headers = {}) {
  return binding({ tunnel: tunnel.id, ...caller }).fetch(url, { headers });
}

interface Gateway {
  socket: WebSocket;
  closed: { code: number; reason: string } | null;
  id: number;
}

async function opened(peer: HandPeer, answer: Promise<Response>): Promise<Gateway> {
  const { id } = await peer.takeOpen();
  peer.send(head(id, 101));
  const { webSocket: socket, status } = await answer;
  expect(status).toBe(101);
  if (socket === null) throw new Error("a 101 without a WebSocket");
  const gateway: Gateway = { socket, closed: null, id };
  socket.addEventListener("close", ({ code, reason }) => {
    gateway.closed = { code, reason };
  });
  socket.accept();
  return gateway;
}

const UPGRADE = { upgrade: "websocket" };

/** The change, and how an exchange that uses the key ends. */
const CHANGES: [string, string, (w: World) => Promise<unknown>][] = [
  ["its gateway key was deleted", "ACCESS_DENIED", ({ kid }) => call("DELETE", `/v1/gateway-keys/${kid}`)],
  [
    "its caller was taken out of the service",
    "ACCESS_DENIED",
    ({ tunnel }) => rules(tunnel, { ...RULES, services: [{ ...api, configurations: PREVIEW_ALONE }] }),
  ],
  [
    "the service was taken out",
    "UNKNOWN_SERVICE",
    ({ tunnel }) => rules(tunnel, { ...RULES, services: RULES.services.slice(1) }),
  ],
  [
    "its path was closed to it",
    "ACCESS_DENIED",
    ({ tunnel }) => {
      const configurations = [{ ...BOTH[0], paths: ["/elsewhere/*"] }];
      return rules(tunnel, { ...RULES, services: [{ ...api, configurations }] });
    },
  ],
  ["the tunnel was deleted", "UNKNOWN_TUNNEL", ({ tunnel }) => call("DELETE", `/v1/tunnels/${tunnel.id}`)],
];

describe.each(CHANGES)("when %s", (_, code, change) => {
  it("a streaming answer breaks off, one that has not begun is refused, uploads too", async () => {
    const w = await world();
    const streams = byKey(w, "/api/events");
    const { id } = await w.peer.takeOpen();
    w.peer.send(head(id, 200), data(id, "data: 1\n\n"));
    const reader = (await streams).body?.getReader();
    await reader?.read();
    const waits = byKey(w, "/api/slow");
    await w.peer.takeOpen();
    await change(w);
    await expect(reader?.read()).rejects.toThrow(/no tunnel|deleted|may not call|no service/);
    const refused = await waits;
    expect([refused.status, refused.headers.get("culvert-error")]).toEqual([
      code === "ACCESS_DENIED" ? 403 : 404,
      code,
    ]);
    await refused.body?.cancel();
    if (code !== "UNKNOWN_TUNNEL") await w.peer.take(FRAME.RESET, id);
    await until(() => events.length === 2);
    expect(events.map((event) => [event.path, event.outcome, event.code])).toEqual([
      ["/events", "aborted", code],
      ["/slow", "refused", code],
    ]);
  });

  it.each(["live", "asleep"])("a WebSocket closes with 4403, %s", async (state) => {
    const w = await world();
    const gateway = await opened(w.peer, byKey(w, "/api/socket?x=1", UPGRADE));
    if (state === "asleep")
      await evictDurableObject(tunnelStub(env, w.tunnel.id), { webSockets: "hibernate" });
    await change(w);
    await until(() => gateway.closed !== null);
    expect(gateway.closed?.code).toBe(4403);
    await until(() => events.length > 0);
    expect(events).toMatchObject([
      { path: "/socket", outcome: "aborted", code, closeCode: 4403, status: 101 },
    ]);
  });
});

describe("what is still allowed", () => {
  it("goes on, asleep and awake, whatever else changes", async () => {
    const w = await world();
    const bound = await opened(w.peer, byBinding(w, OTHER, "http://api/a", UPGRADE));
    const ofNetwork = await opened(w.peer, byBinding(w, CALLER, "http://internal.local:8080/b", UPGRADE));
    const streams = byBinding(w, OTHER, "http://api/events");
    const { id } = await w.peer.takeOpen();
    w.peer.send(head(id, 200), data(id, "1"));
    const answer = await streams;
    await call("DELETE", `/v1/gateway-keys/${w.kid}`);
    await rules(w.tunnel, { ...RULES, services: [{ ...api, configurations: PREVIEW_ALONE }] });
    w.peer.send(data(id, "2", true));
    expect(await answer.text()).toBe("12");
    await evictDurableObject(tunnelStub(env, w.tunnel.id), { webSockets: "hibernate" });
    await rules(w.tunnel, {
      ...RULES,
      services: [{ ...api, endpoint: "http://elsewhere:1", configurations: PREVIEW_ALONE }],
    });
    for (const gateway of [bound, ofNetwork]) {
      gateway.socket.send("still here");
      await w.peer.take(FRAME.WSMSG, gateway.id);
      expect(gateway.closed).toBeNull();
    }
  });
});

describe("a request that waits for a connector", () => {
  it("is judged by the rules that apply when one has come", async () => {
    const w = await world();
    w.peer.close();
    await w.peer.untilClosed();
    const entered = vi.spyOn(OpenExchanges.prototype, "add");
    const waiting = byKey(w, "/api/x");
    await until(() => entered.mock.calls.length > 0);
    await call("DELETE", `/v1/gateway-keys/${w.kid}`);
    const peer = await attached(w.tunnel);
    const refused = await waiting;
    expect([refused.status, refused.headers.get("culvert-error")]).toEqual([403, "ACCESS_DENIED"]);
    await refused.body?.cancel();
    await peer.settled();
    expect(peer.inbox.some(({ type }) => type === FRAME.OPEN)).toBe(false);
  });
});

describe("a socket that an older version accepted", () => {
  async function asOld(w: World): Promise<void> {
    await runInDurableObject(tunnelStub(env, w.tunnel.id), (_, state) => {
      for (const socket of state.getWebSockets()) {
        const attachment = socket.deserializeAttachment() as GatewayAttachment;
        if (attachment.role !== "gateway") continue;
        const { admittedBy: _admittedBy, ...old } = attachment;
        socket.serializeAttachment(old);
      }
    });
    await evictDurableObject(tunnelStub(env, w.tunnel.id), { webSockets: "hibernate" });
  }

  it("is judged by its project and environment, for services and for networks", async () => {
    const w = await world();
    const gateways = [
      await opened(w.peer, byKey(w, "/api/socket", UPGRADE)),
      await opened(w.peer, byBinding(w, OTHER, "http://api/socket", UPGRADE)),
      await opened(w.peer, byBinding(w, CALLER, "http://internal.local:8080/socket", UPGRADE)),
      await opened(w.peer, byBinding(w, OTHER, "http://internal.local:8080/socket", UPGRADE)),
    ];
    await asOld(w);
    await rules(w.tunnel, {
      ...RULES,
      services: [{ ...api, configurations: PREVIEW_ALONE }],
      networks: [{ ...network, configurations: PREVIEW_ALONE }],
    });
    await until(() => [0, 2].every((index) => gateways[index]?.closed?.code !== undefined));
    expect(gateways.map(({ closed }) => closed?.code ?? null)).toEqual([4403, null, 4403, null]);
  });

  it("goes on if a rule on paths appears: its own path is not known any more", async () => {
    const w = await world();
    const gateway = await opened(w.peer, byKey(w, "/api/socket", UPGRADE));
    await asOld(w);
    const configurations = [{ ...BOTH[0], paths: ["/elsewhere/*"] }];
    await rules(w.tunnel, { ...RULES, services: [{ ...api, configurations }] });
    w.peer.send(frame(FRAME.WSMSG, new TextEncoder().encode("hello"), gateway.id, FLAG.TEXT));
    gateway.socket.send("still here");
    await w.peer.take(FRAME.WSMSG, gateway.id);
    expect(gateway.closed).toBeNull();
  });
});
