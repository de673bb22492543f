import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { StreamHandler } from "../../shared/mux/stream.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { SimPair, SOME_REQUEST } from "../../test/support/simulation/sim-pair.ts";
import { memoryOf } from "../../test/support/memory.ts";
import type { ReportFault } from "../platform/faults.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Names } from "../names/names.ts";
import { TcpConnections } from "../upstream/tcp-connections.ts";
import { parseAllowlist, UpstreamPolicy } from "../upstream/policy.ts";
import { DEFAULT_UPSTREAM } from "../upstream/upstream-rules.ts";
import { Upstream } from "../upstream/upstream.ts";
import { WebSocketStream } from "./serve-websocket.ts";
import { type PingedSocket, UpstreamPings } from "./upstream-pings.ts";

const STEP_MS = 1_000;
const MINUTE_MS = 60_000;

describe("an upstream's pings", () => {
  function watched(life: Partial<PingedSocket> = {}) {
    const clock = new FakeClock();
    const socket = {
      ...{ receivedBytes: 0, sentBytes: 0, isBlocked: false, isPaused: false, ...life },
      pings: 0,
      lostAtMs: null as number | null,
      ping: () => void socket.pings++,
      lost: () => void (socket.lostAtMs = clock.nowMs()),
    };
    return { clock, socket, pings: new UpstreamPings(clock, socket) };
  }

  it("begin after half a minute of silence, and the WebSocket ends after a minute", () => {
    const { clock, socket } = watched();
    clock.advance(29_000);
    expect(socket.pings).toBe(0);
    clock.advance(2_000);
    expect([socket.pings, socket.lostAtMs]).toEqual([1, null]);
    clock.advance(MINUTE_MS);
    expect([socket.pings, socket.lostAtMs, clock.pendingTimers]).toEqual([1, MINUTE_MS, 0]);
  });

  it("do not end a WebSocket whose upstream answers, however long it sends nothing else", () => {
    const { clock, socket } = watched();
    socket.ping = () => void clock.after(20_000, () => socket.receivedBytes++);
    clock.advance(60 * MINUTE_MS);
    expect(socket.lostAtMs).toBe(null);
  });

  it("are not sent to an upstream that sends", () => {
    const { clock, socket } = watched();
    for (let minute = 0; minute < 100; minute++) {
      clock.advance(29_000);
      socket.receivedBytes++;
    }
    expect([socket.pings, socket.lostAtMs]).toEqual([0, null]);
  });

  it("count progress of a blocked socket as a sign of life, but not writes to an open one", () => {
    const slow = watched({ isBlocked: true });
    const swallowing = watched();
    for (let second = 0; second < 600; second++) {
      for (const { clock, socket } of [slow, swallowing]) {
        clock.advance(STEP_MS);
        socket.sentBytes++;
      }
    }
    expect(slow.socket.lostAtMs).toBe(null);
    expect(swallowing.socket.lostAtMs).toBe(MINUTE_MS);
  });

  it("pause while this end does not read, and start again afterwards", () => {
    const { clock, socket } = watched({ isPaused: true });
    clock.advance(10 * MINUTE_MS);
    expect([socket.pings, socket.lostAtMs]).toEqual([0, null]);
    socket.isPaused = false;
    clock.advance(MINUTE_MS);
    expect(socket.lostAtMs).toBe(11 * MINUTE_MS);
  });

  it("stop", () => {
    const { clock, socket, pings } = watched();
    pings.stop();
    clock.advance(10 * MINUTE_MS);
    expect([socket.pings, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe("a served WebSocket", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const until = (condition: () => boolean) =>
    vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 1 });

  /** A client at the relay's end, the served stream, and the upstream's own socket. */
  async function joined(webSocketPings = true) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    closing.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const accepted = once(server, "connection") as Promise<[WebSocket, IncomingMessage]>;
    const allow = parseAllowlist("127.0.0.1");
    if (!allow.ok) throw new Error("no allowlist");
    const policy = new UpstreamPolicy(allow.rules);
    const rules = webSocketPings
      ? []
      : [{ pattern: "*", host: { kind: "any" } as const, settings: { ...DEFAULT_UPSTREAM, webSocketPings } }];
    const reportFault: ReportFault = (_reach, thrown) => {
      throw thrown;
    };
    const pair: SimPair = new SimPair({
      onStream(stream) {
        const deps = {
          policy,
          limits: new Map(),
          rules,
          clock: pair.clock,
          names: new Names({ clock: nodeClock }),
          reportFault,
          memory: memoryOf(),
        };
        const upstream = new Upstream(deps);
        return new WebSocketStream(stream, {
          ...deps,
          upstream,
          tcpConnections: new TcpConnections(),
          trace: () => null,
          onFinished: () => {},
        });
      },
    });
    const heard: string[] = [];
    let status = 0;
    const client: StreamHandler = {
      onHead: (head) => void (status = head.status),
      onReadable() {
        for (let next = stream.readMessage(); next !== null; next = stream.readMessage())
          heard.push(Buffer.from(next.bytes).toString());
      },
      onWritable() {},
      onClosed() {},
    };
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stream = pair.relay.open(
      { ...SOME_REQUEST, kind: "websocket", method: "GET", target },
      false,
      client,
    );
    pair.clock.advance(5);
    const [upstream, { socket: tcp }] = await accepted;
    const passes = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
        pair.clock.advance(STEP_MS);
        for (let turns = 0; turns < 4; turns++) await turn();
      }
    };
    await until(() => {
      pair.clock.advance(1);
      return status === 101;
    });
    return { pair, stream, heard, upstream, tcp, passes };
  }

  /** It neither reads nor writes any more, and nothing says so. */
  function vanish(tcp: Socket): void {
    tcp.pause();
    tcp.removeAllListeners("data");
  }

  it("stays while its upstream answers pings, which the client never sees; the upstream's pings are answered", async () => {
    const { stream, heard, upstream, passes } = await joined();
    let pings = 0;
    upstream.on("ping", () => pings++);
    for (let round = 1; round <= 10; round++) {
      await passes(31_000);
      await until(() => pings >= round / 2);
    }
    const ponged = once(upstream, "pong");
    upstream.ping("are you there?");
    await ponged;
    expect([heard, stream.closeFrame]).toEqual([[], null]);
    upstream.send("still here");
    await vi.waitFor(async () => {
      await passes(STEP_MS);
      expect(heard).toEqual(["still here"]);
    });
  });

  it.each([
    ["says nothing", 0],
    ["talks", 100],
    ["talks more than all buffers hold", 1024 * 1024],
  ])("ends after about a minute when its upstream has vanished and the client %s", async (_what, bytes) => {
    const { stream, tcp, pair, passes } = await joined();
    vanish(tcp);
    const fromMs = pair.clock.nowMs();
    while (stream.closeFrame === null && pair.clock.nowMs() - fromMs < 5 * MINUTE_MS) {
      if (bytes > 0) stream.writeMessage(new Uint8Array(bytes), false, false);
      await passes(STEP_MS);
    }
    expect(stream.closeFrame).toEqual({ code: 1011, reason: "the upstream does not answer" });
    expect(pair.clock.nowMs() - fromMs).toBeGreaterThan(45_000);
    expect(pair.clock.nowMs() - fromMs).toBeLessThan(100_000);
  });

  it("is not pinged if its upstream's settings say so", async () => {
    const { stream, tcp, passes } = await joined(false);
    vanish(tcp);
    await passes(5 * MINUTE_MS);
    expect(stream.closeFrame).toBe(null);
  });
});
