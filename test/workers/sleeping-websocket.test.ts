import { evictDurableObject, reset as resetObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { FLAG, FRAME, type Frame } from "../../shared/protocol/frame.ts";
import { readU16, readU32 } from "../../shared/protocol/integers.ts";
import { tunnelStub } from "../../worker/env.ts";
import { frame, type HandPeer, head, until, wsClose } from "../support/peers/hand-peer.ts";
import type { CreatedTunnel } from "./admin-client.ts";
import { attached, expectAnsweredBy, readyTunnel, request } from "./hand-connector.ts";

// The answer watch is off: its timer keeps the object awake for seconds after each message, and an eviction would wait for
// it.
beforeEach(() => {
  vi.spyOn(AnswerWatch.prototype, "sent").mockReturnValue(undefined);
  vi.spyOn(EventOutbox.prototype, "add").mockReturnValue(undefined);
  vi.spyOn(EventOutbox.prototype, "changed").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await resetObjects();
});

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

interface Gateway {
  socket: WebSocket;
  messages: string[];
  closed: { code: number; reason: string } | null;
  id: number;
}

function hibernate(tunnel: CreatedTunnel): Promise<void> {
  return evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
}

/** A gateway's WebSocket, open through the tunnel. */
async function openSocket(tunnel: CreatedTunnel, peer: HandPeer): Promise<Gateway> {
  const answer = request(tunnel, "/socket", { headers: { upgrade: "websocket" } });
  const { id, kind } = await peer.takeOpen();
  expect(kind).toBe("websocket");
  peer.send(head(id, 101));
  return gatewayOf(await answer, id);
}

function gatewayOf({ webSocket: socket, status }: Response, id: number): Gateway {
  expect(status).toBe(101);
  if (socket === null) throw new Error("a 101 without a WebSocket");
  const gateway: Gateway = { socket, messages: [], closed: null, id };
  socket.addEventListener("message", ({ data }) => {
    gateway.messages.push(String(data));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    gateway.closed = { code, reason };
  });
  socket.accept();
  return gateway;
}

function text(id: number, content: string, more = false): Frame {
  return frame(FRAME.WSMSG, encoder.encode(content), id, FLAG.TEXT | (more ? FLAG.MORE : 0));
}

async function takeText(peer: HandPeer, id: number): Promise<string> {
  return decoder.decode((await peer.take(FRAME.WSMSG, id)).payload);
}

describe("a WebSocket on an object that loses its memory", () => {
  it("sleeps on: the next messages arrive in both directions, in order, exactly once", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const gateway = await openSocket(tunnel, peer);
    const expected: string[] = [];
    for (let round = 0; round < 4; round++) {
      gateway.socket.send(`up ${round} a`);
      gateway.socket.send(`up ${round} b`);
      expect([await takeText(peer, gateway.id), await takeText(peer, gateway.id)]).toEqual([
        `up ${round} a`,
        `up ${round} b`,
      ]);
      peer.send(text(gateway.id, `down ${round} a`), text(gateway.id, `down ${round} b`));
      expected.push(`down ${round} a`, `down ${round} b`);
      await until(() => gateway.messages.length === expected.length);
      await hibernate(tunnel);
    }
    expect(gateway.messages).toEqual(expected);
    expect(peer.inbox.filter(({ type }) => type === FRAME.RESTART)).toEqual([]);
    expect([peer.closed, gateway.closed]).toEqual([null, null]);
  });

  it("wakes on the connector's message", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const gateway = await openSocket(tunnel, peer);
    await hibernate(tunnel);
    peer.send(text(gateway.id, "good morning"));
    await until(() => gateway.messages.length === 1);
    expect(gateway.messages).toEqual(["good morning"]);
  });

  it("goes on with its credit: more than a window crosses over many evictions", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const gateway = await openSocket(tunnel, peer);
    const long = "x".repeat(6_000);
    for (let round = 0; round < 16; round++) {
      peer.send(text(gateway.id, long));
      await until(() => gateway.messages.length === round + 1);
      if (round % 2 === 0) await hibernate(tunnel);
    }
    const windows = peer.inbox.filter(
      ({ type, streamId }) => type === FRAME.WINDOW && streamId === gateway.id,
    );
    expect(windows.length).toBeGreaterThan(0);
    expect(readU32(windows.at(-1)?.payload ?? new Uint8Array(8), 4)).toBeGreaterThan(15 * 6_000);
    expect(gateway.messages.every((message) => message === long)).toBe(true);
  });

  it("closes with code and reason from either side after it slept", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const [left, right] = [await openSocket(tunnel, peer), await openSocket(tunnel, peer)];
    await hibernate(tunnel);
    left.socket.close(4001, "from the gateway");
    const close = await peer.take(FRAME.WSCLOSE, left.id);
    expect([readU16(close.payload, 0), decoder.decode(close.payload.subarray(2))]).toEqual([
      4001,
      "from the gateway",
    ]);
    peer.send(wsClose(right.id, 4002, "from the connector"));
    await until(() => right.closed !== null);
    expect(right.closed).toEqual({ code: 4002, reason: "from the connector" });
  });

  it("closes without a code from either side after it slept", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const [left, right] = [await openSocket(tunnel, peer), await openSocket(tunnel, peer)];
    await hibernate(tunnel);
    left.socket.close();
    expect((await peer.take(FRAME.WSCLOSE, left.id)).payload).toHaveLength(0);
    peer.send(frame(FRAME.WSCLOSE, undefined, right.id));
    await until(() => right.closed !== null);
    expect(right.closed).toEqual({ code: 1005, reason: "" });
  });

  it("shares its connection with requests, before and after", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await expectAnsweredBy(peer, request(tunnel));
    const gateway = await openSocket(tunnel, peer);
    await expectAnsweredBy(peer, request(tunnel));
    await hibernate(tunnel);
    await expectAnsweredBy(peer, request(tunnel));
    await hibernate(tunnel);
    gateway.socket.send("still here");
    expect(await takeText(peer, gateway.id)).toBe("still here");
  });

  it("is closed with 1012 if a message was partly sent", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const gateway = await openSocket(tunnel, peer);
    peer.send(text(gateway.id, "the first half", true));
    await peer.settled();
    await hibernate(tunnel);
    void request(tunnel).then((answer) => answer.body?.cancel());
    await until(() => gateway.closed !== null);
    expect(gateway.closed?.code).toBe(1012);
    expect(gateway.messages).toEqual([]);
  });
});

describe("many WebSockets", () => {
  it("a thousand idle ones survive the loss of memory, and one message wakes its own alone", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel, { maxStreams: 1024 });
    const answers = Array.from({ length: 1000 }, (_, index) =>
      request(tunnel, `/${index}`, { headers: { upgrade: "websocket" } }),
    );
    const ids = new Map<string, number>();
    for (const _ of answers) {
      const { id, path } = await peer.takeOpen();
      ids.set(path, id);
      peer.send(head(id, 101));
    }
    const gateways = await Promise.all(
      answers.map(async (answer, index) => gatewayOf(await answer, ids.get(`/${index}`) ?? 0)),
    );
    await hibernate(tunnel);
    peer.send(text(gateways[500]?.id ?? 0, "you"));
    await until(() => gateways[500]?.messages.length === 1);
    expect(gateways.filter(({ messages }) => messages.length > 0)).toHaveLength(1);
    expect(gateways.every(({ closed }) => closed === null)).toBe(true);
  });
});
