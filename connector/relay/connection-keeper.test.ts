import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Stream } from "../../shared/mux/stream.ts";
import { StreamLimit } from "../../shared/streams/stream-limit.ts";
import { Dialled } from "../../test/support/peers/dialled.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ConnectionKeeper, type KeeperOptions } from "./connection-keeper.ts";
import { memoryOf } from "../../test/support/memory.ts";

function setUp(random = 0.5, options: Partial<KeeperOptions> = {}) {
  const clock = new FakeClock();
  const dialled: Dialled[] = [];
  const streams: Stream[] = [];
  const keeper = new ConnectionKeeper({
    index: 0,
    clock,
    random: () => random,
    dialRelay: (events) => {
      const connection = new Dialled(events, clock);
      dialled.push(connection);
      return connection;
    },
    connectorId: "con_1",
    softwareVersion: "1",
    maxStreams: 512,
    stallTimeoutMs: () => 300_000,
    memory: memoryOf(),
    streams: new StreamLimit(512, clock),
    log: pino({ level: "silent" }),
    reportFault: throwFault,
    onReady() {},
    onChecks() {},
    onObjects() {},
    onRefused() {},
    onStalled() {},
    onLost() {},
    onStream(stream) {
      streams.push(stream);
      return { onReadable() {}, onWritable() {}, onClosed: () => stream.release() };
    },
    ...options,
  });
  const last = (): Dialled => {
    const connection = dialled.at(-1);
    if (connection === undefined) throw new Error("never dialled");
    return connection;
  };
  /** The relay accepts the newest connection. */
  const accept = () => {
    last().events.onOpen();
    clock.advance(1);
  };
  const openStream = () =>
    last().mux.open(
      {
        kind: "http",
        target: "http://x",
        service: "s",
        method: "GET",
        path: "/",
        project: "p",
        environment: "e",
        requestId: "r",
        fields: [],
      },
      true,
      { onReadable() {}, onWritable() {}, onClosed() {} },
    );
  return { clock, dialled, streams, keeper, last, accept, openStream };
}

describe("ConnectionKeeper", () => {
  it("is ready once the relay has said WELCOME, not when the socket is open", () => {
    const { keeper, last, accept } = setUp();
    expect(keeper.ready).toBe(false);
    accept();
    expect(keeper.ready).toBe(true);
    expect(last().connectionIndex).toBe(0);
  });

  it("gives up a handshake after 10 s", () => {
    const { clock, dialled, last } = setUp();
    last().events.onOpen = () => {};
    clock.advance(10_000);
    expect(last().ended).toBe("terminated");
    clock.advance(250);
    expect(dialled).toHaveLength(2);
  });

  it("waits longer after each failure, and resets only after a stable minute", () => {
    const { dialled, clock, last, accept } = setUp();
    const waitAfterLossMs = () => {
      const before = dialled.length;
      const lostAtMs = clock.nowMs();
      last().events.onLost("reset");
      while (dialled.length === before) clock.advance(1);
      return last().atMs - lostAtMs;
    };
    expect(Array.from({ length: 8 }, waitAfterLossMs)).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000,
    ]);
    accept();
    clock.advance(20_000);
    expect(waitAfterLossMs()).toBe(15_000);
    accept();
    clock.advance(92_000);
    expect(waitAfterLossMs()).toBe(250);
  });

  it("logs which versions both ends support if they have none in common", () => {
    const lines: unknown[] = [];
    const log = pino(
      { formatters: { level: (level) => ({ level }) } },
      { write: (line) => lines.push(JSON.parse(line)) },
    );
    const { last } = setUp(0, { log });
    last().events.onRefused(426, "culvert.v2, culvert.v3");
    expect(lines).toEqual([
      expect.objectContaining({
        ...{ level: "error", status: 426 },
        ...{ spokenHere: "culvert.v1", spokenThere: "culvert.v2, culvert.v3" },
      }),
    ]);
  });

  it("tries again slowly after a refusal, and quickly after a failure of the relay", () => {
    const { clock, dialled, last } = setUp();
    last().events.onRefused(401);
    clock.advance(22_400);
    expect(dialled).toHaveLength(1);
    clock.advance(100);
    expect(dialled).toHaveLength(2);
    last().events.onRefused(503);
    clock.advance(250);
    expect(dialled).toHaveLength(3);
  });

  it.each([0, 0.5, 0.999])(
    "notices a black hole within 35 s while idle, whatever the jitter: %d",
    (random) => {
      const { clock, dialled, keeper, last, accept } = setUp(random);
      accept();
      const connection = last();
      connection.swallows = true;
      clock.advance(25_000);
      expect(connection.texts[0]).toBe("p");
      while (dialled.length < 2) clock.advance(100);
      expect(clock.nowMs()).toBeLessThan(34_000);
      expect(keeper.ready).toBe(false);
      accept();
      clock.advance(1_000);
      expect([connection.ended, keeper.ready]).toEqual(["closed", true]);
    },
  );

  /** The relay falls silent while an answer is sent to it; 8 s later. */
  const silent = (random = 0.5) => {
    const lost: number[] = [];
    const world = setUp(random, { onLost: () => lost.push(world.clock.nowMs()) });
    const { clock, streams, last, accept, openStream } = world;
    accept();
    openStream();
    clock.advance(1);
    const connection = last();
    connection.swallows = true;
    streams[0]?.sendHead({ status: 200, reason: "", fields: [] }, false);
    clock.advance(4_001);
    expect([connection.texts, connection.ended]).toEqual([["p"], null]);
    clock.advance(4_250);
    expect(world.dialled).toHaveLength(2);
    return { ...world, lost, connection };
  };

  it("tries another connection 8 s after something was sent without an answer, and then ends the silent one", () => {
    const { clock, connection, keeper, last, accept, lost } = silent();
    expect([keeper.ready, connection.ended]).toEqual([false, null]);
    accept();
    clock.advance(900);
    expect(connection.ended).toBe(null);
    clock.advance(100);
    expect([connection.ended, keeper.ready, lost.length]).toEqual(["closed", true, 1]);
    expect(last().connectionIndex).toBe(128);
  });

  it("keeps a connection to a relay that was only busy, with everything under way on it", () => {
    const { clock, connection, dialled, keeper, streams, lost } = silent();
    // The handshake is not answered either.
    clock.advance(10_500);
    expect([dialled.length, dialled[1]?.ended, connection.ended]).toEqual([3, "terminated", null]);
    connection.swallows = false;
    connection.events.onText("q");
    expect([keeper.ready, dialled[2]?.ended, connection.ended]).toEqual([true, "closed", null]);
    streams[0]?.write(new Uint8Array(5));
    clock.advance(100_000);
    expect([dialled.length, lost.length, connection.ended]).toEqual([3, 1, null]);
  });

  it("gives the silent one as much time again as the relay took to answer the other", () => {
    const { clock, connection, accept } = silent();
    clock.advance(9_000);
    accept();
    clock.advance(9_000);
    expect(connection.ended).toBe(null);
    clock.advance(300);
    expect(connection.ended).toBe("closed");
  });

  it("keeps both for their streams if the silent one answers after the other was accepted", () => {
    const { clock, connection, dialled, keeper, accept, openStream, streams } = silent();
    accept();
    openStream();
    clock.advance(500);
    connection.swallows = false;
    connection.events.onText("q");
    clock.advance(5_000);
    expect([connection.ended, dialled[1]?.ended, keeper.ready]).toEqual([null, null, true]);
    streams[1]?.sendHead({ status: 204, reason: "", fields: [] }, true);
    clock.advance(100);
    expect([connection.ended, dialled[1]?.ended]).toEqual([null, "closed"]);
  });

  it.each([
    [404, "closed"],
    [503, null],
  ])("a refusal with %d shows whether the relay is there", (status, ended) => {
    const { clock, connection, last } = silent();
    last().events.onRefused(status);
    clock.advance(1_000);
    expect(connection.ended).toBe(ended);
  });

  it("gives a silent connection up after a minute, whether the relay answers elsewhere or not", () => {
    const { clock, connection } = silent();
    clock.advance(51_000);
    expect(connection.ended).toBe(null);
    clock.advance(1_000);
    expect(connection.ended).toBe("closed");
  });

  it("ends a silent connection with the others when it is stopped", () => {
    const { clock, connection, keeper, dialled } = silent();
    let isDone = false;
    keeper.drain(3_000, () => (isDone = true));
    clock.advance(3_000);
    expect([isDone, connection.ended !== null, dialled[1]?.ended !== null]).toEqual([true, true, true]);
    clock.advance(120_000);
    expect(dialled).toHaveLength(2);
  });

  it("tries again after a while if the tunnel is full", () => {
    const { clock, dialled, last } = setUp();
    last().events.onRefused(409);
    clock.advance(14_999);
    expect(dialled).toHaveLength(1);
    clock.advance(15_001);
    expect(dialled).toHaveLength(2);
  });

  it("moves at once when a settled connection is asked to drain, and keeps the old one for its streams", () => {
    const { clock, dialled, keeper, streams, accept, openStream } = setUp();
    accept();
    clock.advance(10_000);
    openStream();
    clock.advance(1);
    const [old] = dialled;
    old?.mux.goaway("DRAINING", 60_000);
    clock.advance(1);
    expect(dialled).toHaveLength(2);
    accept();
    expect(keeper.ready).toBe(true);
    expect(dialled[1]?.connectionIndex).not.toBe(0);
    clock.advance(1_000);
    expect(old?.ended).toBe(null);
    streams[0]?.sendHead({ status: 204, reason: "", fields: [] }, true);
    clock.advance(50);
    expect(old?.ended).toBe("closed");
  });

  it("does not dial without pause for a relay that sends every connection away", () => {
    const { clock, dialled, last, accept } = setUp();
    for (let round = 0; round < 5; round++) {
      accept();
      last().mux.goaway("CALM", 0);
      const before = dialled.length;
      clock.advance(2);
      expect(dialled).toHaveLength(before);
      clock.advance(30_000);
    }
  });

  it("treats a new epoch as the end of its streams and of nothing else", () => {
    const { clock, dialled, keeper, streams, accept, openStream, last } = setUp();
    accept();
    openStream();
    clock.advance(1);
    last().forgetStreams();
    clock.advance(1);
    expect(streams[0]?.closed).toBe(true);
    expect(keeper.ready).toBe(true);
    openStream();
    clock.advance(1);
    expect(streams).toHaveLength(2);
    expect(dialled).toHaveLength(1);
  });

  it("connects again even if event handlers or dialling throw", () => {
    const faults: string[] = [];
    let refuses = true;
    const { clock, dialled, keeper, last, accept } = setUp(0.5, {
      reportFault: (scope, thrown) => void faults.push(`${scope}: ${String(thrown)}`),
      onLost() {
        throw new Error("a counter");
      },
    });
    accept();
    last().events.onLost("gone");
    clock.advance(1_000);
    expect(dialled).toHaveLength(2);
    accept();
    expect(keeper.ready).toBe(true);
    expect(faults).toEqual(["relay: Error: a counter"]);

    let attempts = 0;
    let newest: Dialled | null = null;
    const other = setUp(0.5, {
      reportFault: (scope, thrown) => void faults.push(`${scope}: ${String(thrown)}`),
      dialRelay(events) {
        attempts++;
        if (attempts > 1 && refuses) throw new Error("no certificate");
        newest = new Dialled(events, new FakeClock());
        return newest;
      },
    });
    const lose = () => newest?.events.onLost("gone");
    lose();
    other.clock.advance(60_000);
    expect(attempts).toBeGreaterThan(3);
    refuses = false;
    other.clock.advance(60_000);
    expect(other.keeper.condition).toBe("connecting");
    expect(new Set(faults.slice(1))).toEqual(new Set(["relay: Error: no certificate"]));
  });

  it("stops for good when drained, from every state", () => {
    for (const prepare of ["connecting", "ready", "waiting"] as const) {
      const { clock, dialled, keeper, last, accept } = setUp();
      if (prepare === "ready") accept();
      if (prepare === "waiting") last().events.onLost("gone");
      let done = 0;
      keeper.drain(5_000, () => done++);
      clock.advance(100_000);
      expect([prepare, done, dialled.length]).toEqual([prepare, 1, 1]);
      expect(clock.pendingTimers).toBe(0);
    }
  });
});
