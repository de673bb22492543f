import { describe, expect, it } from "vitest";
import {
  Bench,
  CONNECTION_WINDOW,
  frame,
  headFrame,
  MAX_STREAMS,
  openFrame,
  STREAM_WINDOW,
  u32,
  RESERVE_BYTES,
} from "../../test/support/simulation/sim-peer.ts";
import { SOME_REQUEST } from "../../test/support/simulation/sim-pair.ts";
import {
  decodeGoaway,
  decodeOffset,
  decodeReset,
  encodeGoaway,
  encodeOffset,
  encodeReset,
} from "../protocol/frame-payloads.ts";
import { encodeMessage } from "../protocol/frame-codec.ts";
import { FIRST_EXTENSION_TYPE, FLAG, FRAME, FRAME_RULES } from "../protocol/frame.ts";
import { readU32 } from "../protocol/integers.ts";
import { ConnectorMux } from "./connector-mux.ts";
import { RelayMux } from "./relay-mux.ts";
import type { StreamRest } from "./rest.ts";

const bytes = (length: number) => new Uint8Array(length);
const OK = { status: 200, reason: "", fields: [] };
const reset = (id: number) => frame("RESET", id, encodeReset("CANCEL", "no longer wanted"));
const names = (bench: Bench) =>
  bench.sent.map(({ type, streamId }) => `${FRAME_RULES.get(type)?.name} ${streamId}`);

function relayOf(bench: Bench): RelayMux {
  if (!(bench.mux instanceof RelayMux)) throw new Error("no relay");
  return bench.mux;
}

function restart(bench: Bench, epoch: number): void {
  if (!(bench.mux instanceof ConnectorMux)) throw new Error("no connector");
  bench.send(frame("RESTART", 0, u32(epoch)));
}

describe("how streams end", () => {
  it("answers a RESET with a RESET while its own half is open, and never an answer", () => {
    const bench = Bench.ready("connector");
    bench.send(reset(1));
    expect(bench.framesSent("RESET", 1).map(({ payload }) => decodeReset(payload).code)).toEqual([
      "NO_ERROR",
    ]);
    expect(bench.witness(0).closed).toMatchObject([{ code: "CANCEL", message: "no longer wanted" }]);
    expect(bench.mux.streamCount).toBe(1);
    bench.stream(1).reset("INTERNAL");
    bench.clock.advance(0);
    expect(bench.mux.streamCount).toBe(1);
    bench.send(reset(3));
    expect(bench.framesSent("RESET", 3)).toHaveLength(1);
    expect(bench.mux.streamCount).toBe(0);
  });

  it("still sends a HEAD with END that was queued when a RESET came, so that the peer sees this half end", () => {
    const bench = Bench.ready("connector");
    bench.stream(0).sendHead(OK, true);
    bench.mux.receive(new Uint8Array([0, 0, 2, FRAME.RESET, 0, 0, 0, 0, 1, 0, 5]));
    bench.clock.advance(0);
    expect(bench.framesSent("HEAD", 1)).toMatchObject([{ flags: FLAG.END }]);
    expect(bench.framesSent("RESET", 1)).toEqual([]);
    expect(bench.witness(0).closed).toMatchObject([{ code: "CANCEL" }]);
  });

  it("keeps what arrived completely readable, whatever comes after", () => {
    const bench = Bench.ready("relay");
    bench.stream(0).end();
    bench.send(headFrame(1), frame("DATA", 1, bytes(100), FLAG.END));
    bench.send(reset(1));
    expect([bench.stream(0).remoteEnded, bench.stream(0).readEnded]).toEqual([true, false]);
    expect(bench.stream(0).read()?.byteLength).toBe(100);
    expect(bench.stream(0).readEnded).toBe(true);
    expect(bench.witness(0).closed).toEqual([null]);
  });

  it("answers STOP with the end of its half, and discards what is written after", () => {
    const bench = Bench.ready("connector");
    bench.stream(0).sendHead(OK);
    bench.stream(0).write(bytes(STREAM_WINDOW + 100));
    bench.clock.advance(0);
    bench.send(frame("STOP", 1));
    expect(bench.witness(0).stops).toBe(1);
    expect(bench.framesSent("DATA", 1).at(-1)).toMatchObject({ flags: FLAG.END, payload: bytes(0) });
    bench.sent.length = 0;
    expect(bench.stream(0).write(bytes(10))).toBe(true);
    bench.stream(0).end();
    bench.idle(120_000);
    expect(bench.framesSent("DATA", 1)).toEqual([]);
    expect(bench.witness(0).closed).toEqual([]);
  });

  it("discards what a WebSocket's peer sends after STOP, its close frame too", () => {
    const bench = Bench.ready("relay", "websocket");
    bench.send(headFrame(1, 101));
    bench.stream(0).stopSending();
    bench.send(frame("WSMSG", 1, bytes(5)), frame("WSCLOSE", 1, Uint8Array.of(3, 232)));
    expect(bench.stream(0).readMessage()).toBe(null);
    expect([bench.stream(0).remoteEnded, bench.stream(0).closeFrame]).toEqual([true, null]);
    bench.stream(0).sendClose(1000, "");
    bench.clock.advance(0);
    expect(bench.witness(0).closed).toEqual([null]);
  });

  it("sends nothing about a stream that was reset before its OPEN left, and keeps its credit", () => {
    const bench = Bench.ready("relay");
    const relay = relayOf(bench);
    const credit = relay.openCredit;
    const errors: unknown[] = [];
    const stream = relay.open(SOME_REQUEST, false, {
      onReadable() {},
      onWritable() {},
      onClosed: (error) => errors.push(error),
    });
    stream.write(bytes(10));
    stream.reset("CANCEL");
    bench.clock.advance(0);
    expect([bench.sent, relay.openCredit, relay.streamCount, errors.length]).toEqual([[], credit, 2, 1]);
  });

  it("marks streams whose OPEN never left as not processed when the connection is lost", () => {
    const bench = Bench.ready("relay");
    const errors: unknown[] = [];
    const handler = { onReadable() {}, onWritable() {}, onClosed: (error: unknown) => errors.push(error) };
    relayOf(bench).open(SOME_REQUEST, true, handler);
    bench.mux.receive(bytes(0));
    expect(errors).toMatchObject([{ code: "PROTOCOL_ERROR", notProcessed: true }]);
    expect(bench.witness(0).closed).toMatchObject([{ notProcessed: false }]);
  });

  it("carries NOT_PROCESSED in both directions", () => {
    const bench = Bench.ready("connector");
    bench.stream(0).reset("UPSTREAM_REFUSED", "refused", { notProcessed: true });
    bench.clock.advance(0);
    expect(bench.framesSent("RESET", 1)).toMatchObject([{ flags: FLAG.NOT_PROCESSED }]);
    const relay = Bench.ready("relay");
    relay.send({ ...reset(1), flags: FLAG.NOT_PROCESSED });
    expect(relay.witness(0).closed).toMatchObject([{ code: "CANCEL", notProcessed: true }]);
  });
});

describe("STREAMS credit", () => {
  it("returns when the upstream work is released, not when the stream ends, and once", () => {
    const bench = Bench.ready("connector");
    for (let i = 2; i < MAX_STREAMS; i++) bench.open({}, true);
    const streams = bench.witnesses.map((_, index) => bench.stream(index));
    for (const witness of bench.witnesses) witness.stream = null;
    for (const stream of streams) stream.reset("CANCEL");
    bench.clock.advance(0);
    expect(bench.framesSent("STREAMS")).toEqual([]);
    for (const stream of [...streams, ...streams]) stream.release();
    bench.clock.advance(0);
    expect(bench.framesSent("STREAMS").map(({ payload }) => readU32(payload, 0))).toEqual([2 * MAX_STREAMS]);
  });

  it("is announced at the latest when half of it is used", () => {
    const bench = Bench.ready("connector");
    const before = bench.framesSent("STREAMS").length;
    for (let i = 0; i < MAX_STREAMS; i++) {
      bench.stream(bench.witnesses.length - 1).sendHead(OK, true);
      bench.open({}, true);
    }
    const announced = bench.framesSent("STREAMS").map(({ payload }) => readU32(payload, 0));
    expect(announced.length).toBeGreaterThan(before);
    expect(announced.at(-1)).toBeGreaterThan(MAX_STREAMS);
    expect(bench.mux.isClosed).toBe(false);
  });

  it("counts for a caller until it is back and its stream over, whichever comes first", () => {
    const bench = Bench.ready("relay");
    const { chargedStreams: before } = bench;
    // The connector's credit overtakes its RESET, and may overtake an answer by far.
    for (let round = 0; round < 3 * MAX_STREAMS; round++) {
      const id = 2 * bench.witnesses.length + 1;
      bench.open({}, true);
      bench.send(
        frame("STREAMS", 0, u32(MAX_STREAMS + 1 + round)),
        frame("RESET", id, encodeReset("UPSTREAM_REFUSED", "")),
      );
    }
    expect(bench.chargedStreams).toBe(before);
    bench.open({}, true);
    bench.send(headFrame(2 * bench.witnesses.length - 1, 200, FLAG.END));
    expect(bench.chargedStreams).toBe(before + 1);
    bench.send(frame("STREAMS", 0, u32(4 * MAX_STREAMS + 1)));
    expect(bench.chargedStreams).toBe(before);
  });

  it("is raised by a STREAMS frame", () => {
    const bench = Bench.ready("relay");
    bench.send(frame("STREAMS", 0, u32(MAX_STREAMS + 5)));
    expect(relayOf(bench).openCredit).toBe(MAX_STREAMS + 3);
  });
});

describe("flow control", () => {
  it("returns stream credit on reading and connection credit on receipt", () => {
    const bench = Bench.ready("connector");
    bench.send(frame("DATA", 1, bytes(32_768)));
    expect(bench.framesSent("WINDOW", 0).map(({ payload }) => decodeOffset(payload))).toEqual([
      CONNECTION_WINDOW + 32_768,
    ]);
    expect(bench.framesSent("WINDOW", 1)).toEqual([]);
    bench.stream(0).read();
    bench.clock.advance(0);
    expect(bench.framesSent("WINDOW", 1)).toHaveLength(1);
    expect(decodeOffset(bench.framesSent("WINDOW", 1)[0]?.payload ?? bytes(8))).toBeGreaterThanOrEqual(
      STREAM_WINDOW + 32_768,
    );
  });

  it("tells the writer to wait and when to go on", () => {
    const bench = Bench.ready("relay");
    let writable = 0;
    bench.witness(0).onWritable = () => void writable++;
    const stream = bench.stream(0);
    expect(stream.write(bytes(STREAM_WINDOW))).toBe(true);
    expect(stream.write(bytes(100_000))).toBe(false);
    bench.clock.advance(0);
    expect([writable, stream.queuedBytes]).toEqual([0, 100_000]);
    bench.send(frame("WINDOW", 1, encodeOffset(STREAM_WINDOW + 50_000)));
    expect([writable, stream.queuedBytes]).toEqual([1, 50_000]);
  });

  it("never holds more unread than the window, in however small pieces", () => {
    const bench = Bench.ready("connector");
    const padding = { type: FIRST_EXTENSION_TYPE, flags: 0, streamId: 0, payload: bytes(60_000) };
    for (let i = 0; i < 10_000; i++) bench.mux.receive(encodeMessage([frame("DATA", 1, bytes(1)), padding]));
    const stream = bench.stream(0);
    expect(stream.bufferedBytes).toBe(10_000);
    const held = new Set<ArrayBufferLike>();
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) held.add(chunk.buffer);
    expect([...held].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(40_000);
  });
});

describe("RESTART", () => {
  it("fails every stream, resets ids and credits, and is echoed before anything else", () => {
    const bench = Bench.ready("connector");
    bench.stream(0).sendHead(OK);
    bench.stream(0).write(bytes(100));
    restart(bench, 1);
    expect(names(bench)).toEqual(["RESTART 0"]);
    expect(bench.witnesses.map(({ closed }) => closed)).toMatchObject([
      [{ code: "RELAY_RESTART" }],
      [{ code: "RELAY_RESTART" }],
    ]);
    bench.witnesses.length = 0;
    for (let i = 0; i < MAX_STREAMS; i++) bench.open({}, true);
    expect([bench.mux.isClosed, bench.mux.streamCount]).toEqual([false, MAX_STREAMS]);
    bench.send(openFrame(2 * MAX_STREAMS + 1));
    expect(bench.mux.isClosed).toBe(true);
  });

  it("silences streams of the old epoch, which return no credit", () => {
    const bench = Bench.ready("connector");
    const [old] = bench.witnesses;
    const stream = bench.stream(0);
    restart(bench, 1);
    bench.sent.length = 0;
    stream.sendHead(OK, true);
    stream.reset("CANCEL");
    stream.release();
    stream.stopSending();
    bench.clock.advance(0);
    expect([bench.sent, old?.closed.length]).toEqual([[], 1]);
  });

  it("is the first frame of a resumed relay; until it is echoed, incoming frames are ignored", () => {
    const first = Bench.ready("relay");
    const { hello } = relayOf(first);
    if (hello === null) throw new Error("no hello");
    const sent: string[] = [];
    const epochs: number[] = [];
    const relay = new RelayMux({
      transport: {
        send: (frames) => void sent.push(Buffer.from(encodeMessage(frames)).toString("hex")),
        close() {},
        bufferedBytes: () => 0,
      },
      clock: first.clock,
      events: { onHello() {}, onEpoch: (epoch) => void epochs.push(epoch), onRest() {}, onClosed() {} },
      streamWindowBytes: STREAM_WINDOW,
      streamWindowMaxBytes: STREAM_WINDOW,
      connectionWindowBytes: CONNECTION_WINDOW,
      memory: first.memory,
      budget: first.budget,
      gatherMs: 0,
      relayId: "relay-1",
      softwareVersion: "0.1.0",
      resume: { hello, epoch: 4, rest: null },
    });
    const heads: number[] = [];
    relay.open(SOME_REQUEST, true, {
      onHead: (head) => void heads.push(head.status),
      onReadable() {},
      onWritable() {},
      onClosed() {},
    });
    first.clock.advance(0);
    expect(epochs).toEqual([5]);
    expect(sent[0]?.startsWith("00000408000000000000000005")).toBe(true);
    const ok = "00000411000000000100c80000";
    for (const message of [ok, "000001120000000009ff", "00000408000000000000000004", ok]) {
      relay.receive(new Uint8Array(Buffer.from(message, "hex")));
    }
    expect([heads, relay.isClosed]).toEqual([[], false]);
    for (const message of ["00000408000000000000000005", ok]) {
      relay.receive(new Uint8Array(Buffer.from(message, "hex")));
    }
    expect(heads).toEqual([200]);
  });
});

describe("a relay whose WebSockets are at rest", () => {
  it("reports it once all are, and again whenever the state to restore has changed", () => {
    const bench = Bench.ready("relay", "websocket");
    bench.send(headFrame(1, 101));
    expect(bench.rests).toEqual([]);
    bench.send(headFrame(3, 101));
    expect(bench.rests).toMatchObject([
      { nextId: 5, openedCount: 2, streamsLimit: MAX_STREAMS, sentBytes: 0 },
    ]);
    bench.send(frame("PING", 0, bytes(8)));
    expect(bench.rests.at(-1)).toEqual(bench.rests[0]);
    bench.send(frame("STREAMS", 0, u32(MAX_STREAMS + 2)));
    expect(bench.rests.at(-1)).toMatchObject({ streamsLimit: MAX_STREAMS + 2 });
    bench.send(frame("WSMSG", 1, bytes(10)));
    expect(bench.rests.at(-1)).toBe(null);
    bench.stream(0).readMessage();
    bench.stream(1).writeMessage(bytes(100), false, false);
    bench.clock.advance(0);
    expect(bench.rests.at(-1)).toMatchObject({ sentBytes: 228, receivedBytes: 138 });
    bench.send(frame("WINDOW", 0, encodeOffset(CONNECTION_WINDOW + 228)));
    expect(bench.rests.at(-1)).toMatchObject({ sendLimitBytes: CONNECTION_WINDOW + 228 });
  });

  it("takes it back for a message that waits for the window, even if nothing leaves", () => {
    const bench = Bench.ready("relay", "websocket");
    bench.send(headFrame(1, 101), headFrame(3, 101));
    for (let half = 0; half < 2; half++)
      bench.stream(0).writeMessage(bytes(STREAM_WINDOW / 2 - 128), false, false);
    bench.clock.advance(0);
    expect(bench.rests.at(-1)).toMatchObject({ sentBytes: STREAM_WINDOW });
    bench.stream(0).writeMessage(bytes(1), false, false);
    bench.clock.advance(0);
    expect(bench.rests.at(-1)).toBe(null);
    bench.send(frame("WINDOW", 1, encodeOffset(2 * STREAM_WINDOW)));
    expect(bench.rests.at(-1)).toMatchObject({ sentBytes: STREAM_WINDOW + 129 });
  });

  it("takes it back while the answer to a STOP or a RESET is owed", () => {
    const bench = Bench.ready("relay", "websocket");
    bench.open({ kind: "websocket" });
    bench.send(headFrame(1, 101), headFrame(3, 101), headFrame(5, 101));
    expect(bench.rests.at(-1)).not.toBe(null);
    bench.stream(0).reset("CANCEL");
    bench.clock.advance(0);
    expect(bench.rests.at(-1)).toBe(null);
    bench.send(reset(1));
    expect(bench.rests.at(-1)).not.toBe(null);
    bench.stream(1).stopSending();
    bench.clock.advance(0);
    expect(bench.rests.at(-1)).toBe(null);
  });

  it("are not restored into another epoch, where their ids belong to others", () => {
    const bench = Bench.ready("relay", "websocket");
    const rests: StreamRest[] = [];
    bench.witness(0).onRest = (rest) => void rests.push(rest);
    bench.send(headFrame(1, 101), headFrame(3, 101));
    const [rest] = rests;
    if (rest === undefined) throw new Error("no rest");
    const open = bench.stream(0).open;
    expect(() =>
      relayOf(bench).restoreStream(open, { ...rest, epoch: rest.epoch + 1 }, bench.witness(0)),
    ).toThrow("not at rest");
  });

  it("reports a stream's rest again when it granted more", () => {
    const bench = Bench.ready("relay", "websocket");
    bench.send(headFrame(1, 101), headFrame(3, 101));
    const granted: number[] = [];
    bench.witness(0).onRest = ({ grantedBytes }) => void granted.push(grantedBytes);
    bench.witness(0).onReadable = () => void bench.stream(0).readMessage();
    bench.send(frame("WSMSG", 1, bytes(20_000)));
    // The credit owed rides along with whatever leaves next.
    bench.send(frame("PING", 0, bytes(8)));
    const windows = bench.framesSent("WINDOW", 1).map(({ payload }) => decodeOffset(payload));
    expect([windows.at(-1), granted.at(-1)]).toEqual([STREAM_WINDOW + 20_128, STREAM_WINDOW + 20_128]);
  });
});

describe("GOAWAY", () => {
  it("of the connector returns the streams that it did not accept, and lets the others go on", () => {
    const bench = Bench.ready("relay");
    bench.send(
      frame("GOAWAY", 0, encodeGoaway({ lastStreamId: 1, code: "DRAINING", drainMs: 1_000, text: "" })),
    );
    expect(bench.witness(1).closed).toMatchObject([{ code: "DRAINING", notProcessed: true }]);
    expect([relayOf(bench).openCredit, relayOf(bench).isDraining, bench.mux.streamCount]).toEqual([
      0,
      true,
      1,
    ]);
    bench.send(headFrame(1, 204, FLAG.END));
    expect(bench.witness(0).heads).toEqual([204]);
  });

  it("names the last accepted stream; later ones are ignored, but their bytes are counted", () => {
    const bench = Bench.ready("connector");
    bench.mux.goaway("DRAINING", 1_000);
    bench.clock.advance(0);
    expect(decodeGoaway(bench.framesSent("GOAWAY")[0]?.payload ?? bytes(10))).toMatchObject({
      lastStreamId: 3,
    });
    bench.send(
      openFrame(5),
      frame("DATA", 5, bytes(32_768)),
      frame("DATA", 5, bytes(1_000), FLAG.END),
      reset(5),
    );
    expect([bench.witnesses.length, bench.mux.isClosed]).toEqual([2, false]);
    expect(bench.framesSent("WINDOW", 0)).toHaveLength(1);
  });

  it("is repeated after a RESTART, because the relay may have forgotten it", () => {
    const bench = Bench.ready("connector");
    bench.mux.goaway("DRAINING", 1_000);
    restart(bench, 1);
    expect(names(bench).slice(-2)).toEqual(["RESTART 0", "GOAWAY 0"]);
    bench.send(openFrame(1));
    expect([bench.witnesses.length, bench.mux.isClosed]).toEqual([2, false]);
  });
});

it("a connector whose memory is used up refuses streams as not processed", () => {
  const bench = Bench.ready("connector");
  const before = bench.witnesses.length;
  bench.memory.hold(bench.memory.freeBytes + RESERVE_BYTES);
  bench.send(openFrame(101));
  bench.clock.advance(0);
  const [refusal] = bench.framesSent("RESET", 101);
  expect(refusal?.flags).toBe(FLAG.NOT_PROCESSED);
  expect(decodeReset(refusal?.payload ?? bytes(2)).code).toBe("OVERLOADED");
  expect(bench.witnesses).toHaveLength(before);
});

it("a connector keeps room for requests without a body when those with one have used up the rest", () => {
  const bench = Bench.ready("connector");
  const before = bench.witnesses.length;
  bench.memory.hold(bench.memory.freeBytes + RESERVE_BYTES - 128 * 1024);
  bench.send(openFrame(101));
  const heldBytes = bench.memory.heldBytes;
  bench.send(openFrame(103, {}, FLAG.END), openFrame(105, {}, FLAG.END));
  bench.clock.advance(0);
  expect([101, 103, 105].map((id) => bench.framesSent("RESET", id).length)).toEqual([1, 0, 0]);
  expect(bench.witnesses).toHaveLength(before + 2);
  // Nothing of them is to come, so they need no window.
  expect(bench.memory.heldBytes - heldBytes).toBeLessThan(32 * 1024);
});
