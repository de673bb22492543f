import { describe, expect, it } from "vitest";
import { RELAY_STREAM_WINDOW_BYTES, STREAM_OVERHEAD_BYTES } from "../../shared/protocol/limits.ts";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import type { Stream, StreamHandler } from "../../shared/mux/stream.ts";
import type { LinkOptions } from "../support/simulation/sim-link.ts";
import { SimPair, SOME_REQUEST } from "../support/simulation/sim-pair.ts";
import { World } from "../support/simulation/sim-world.ts";

/** 20 MB/s with a round trip of 80 ms: a full path carries 1.6 MB. */
const FAR_LINK = { latencyMs: 40, bytesPerMs: 20_000 };
/**
 * 5 MB/s with a round trip of 200 ms: 1 MB fills the path. Both ends have little more memory than that for windows, and
 * eight transfers want far more.
 */
const LONG_PATH = { link: { latencyMs: 100, bytesPerMs: 5_000 }, memoryBytes: 3 * 1024 * 1024 };
/** 10 Mbit/s, the uplink of an office. The sockets on the way buffer four seconds of it. */
const NARROW_LINK = { latencyMs: 10, bytesPerMs: 1_250, socketBytes: 5_000_000 };
const AT_ONCE = 8;
const LONG_BYTES = 4_000_000;
/** How long they take if nothing else uses the path. */
const LONG_MS = 200 + (AT_ONCE * LONG_BYTES) / 5_000;
const OK = { status: 200, reason: "OK", fields: [] };

/** Sends `totalBytes` as fast as the stream accepts them. */
class Source implements StreamHandler {
  closed: (TunnelError | null)[] = [];
  readonly #stream: Stream;
  #leftBytes: number;

  constructor(stream: Stream, totalBytes: number) {
    this.#stream = stream;
    this.#leftBytes = totalBytes;
  }

  start(): this {
    this.onWritable();
    return this;
  }

  onReadable(): void {
    while (this.#stream.read() !== null);
  }

  onWritable(): void {
    while (this.#leftBytes > 0) {
      const bytes = new Uint8Array(Math.min(this.#leftBytes, 20_000));
      this.#leftBytes -= bytes.byteLength;
      if (!this.#stream.write(bytes)) return;
    }
    this.#stream.end();
  }

  onClosed(error: TunnelError | null): void {
    this.closed.push(error);
    this.#stream.release();
  }
}

/** Reads everything at once. */
class Sink implements StreamHandler {
  stream: Stream | null = null;
  status = 0;
  bytes = 0;
  headAtMs = 0;
  endAtMs = 0;
  closed: (TunnelError | null)[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  onHead(head: { status: number }): void {
    this.status = head.status;
    this.headAtMs = this.#nowMs();
  }

  onReadable(): void {
    for (let bytes = this.stream?.read() ?? null; bytes !== null; bytes = this.stream?.read() ?? null) {
      this.bytes += bytes.byteLength;
    }
    if (this.stream?.readEnded) this.endAtMs = this.#nowMs();
  }

  onWritable(): void {}

  onClosed(error: TunnelError | null): void {
    this.closed.push(error);
    this.stream?.release();
  }
}

/** An upstream that answers with as many bytes as the path says. */
function download(stream: Stream): StreamHandler {
  stream.sendHead(OK);
  return new Source(stream, Number(stream.open.path.slice(1))).start();
}

/** The same with a Content-Length. */
function announcedDownload(stream: Stream): StreamHandler {
  stream.sendHead({ ...OK, fields: [["content-length", stream.open.path.slice(1)]] });
  return new Source(stream, Number(stream.open.path.slice(1))).start();
}

function getAnnounced(pair: SimPair, bytes: number): Sink {
  const sink = get(pair, bytes);
  sink.onHead = () => sink.stream?.expect(bytes);
  return sink;
}

function get(pair: SimPair, bytes: number): Sink {
  const sink = new Sink(() => pair.clock.nowMs());
  sink.stream = pair.relay.open({ ...SOME_REQUEST, path: `/${bytes}` }, true, sink);
  return sink;
}

/** An upload to an upstream that has already answered. */
function upload(link: LinkOptions, totalBytes: number): { pair: SimPair; sink: Sink } {
  const sink = new Sink(() => pair.clock.nowMs());
  const pair: SimPair = new SimPair({
    link,
    onStream: (stream) => {
      sink.stream = stream;
      stream.sendHead(OK, true);
      return sink;
    },
  });
  const handler: { current: StreamHandler | null } = { current: null };
  const stream = pair.relay.open(SOME_REQUEST, false, {
    onReadable: () => handler.current?.onReadable(),
    onWritable: () => handler.current?.onWritable(),
    onClosed: (error) => handler.current?.onClosed(error),
  });
  handler.current = new Source(stream, totalBytes).start();
  return { pair, sink };
}

/** An upload with a known length. `sink` is told when all of it has arrived. */
function postAnnounced(pair: SimPair, bytes: number): void {
  const handler: { current: StreamHandler | null } = { current: null };
  const stream = pair.relay.open({ ...SOME_REQUEST, path: `/${bytes}` }, false, {
    onReadable: () => handler.current?.onReadable(),
    onWritable: () => handler.current?.onWritable(),
    onClosed: (error) => handler.current?.onClosed(error),
  });
  handler.current = new Source(stream, bytes).start();
}

/** For transfers that run at once: the slowest rate divided by the mean rate, and how long all took. */
function fairness(startedMs: number, endedMs: readonly number[]): { slowestOverMean: number; ms: number } {
  const times = endedMs.map((ms) => ms - startedMs);
  const meanRate = times.reduce((sum, ms) => sum + 1 / ms, 0) / times.length;
  const slowestMs = Math.max(...times);
  return { slowestOverMean: 1 / slowestMs / meanRate, ms: slowestMs };
}

/** The bytes that arrive within this time. */
function during(pair: SimPair, ms: number, sink: { bytes: number }): number {
  const before = sink.bytes;
  pair.clock.advance(ms);
  return sink.bytes - before;
}

describe("both ends over a link", () => {
  it("fill it with one download, even from a small window", () => {
    const pair = new SimPair({ link: FAR_LINK, onStream: download });
    const sink = get(pair, 60_000_000);
    const first = during(pair, 200, sink);
    expect(first).toBeLessThanOrEqual(4 * RELAY_STREAM_WINDOW_BYTES);
    pair.clock.advance(800);
    expect(during(pair, 1_000, sink)).toBeGreaterThan(0.9 * 1_000 * FAR_LINK.bytesPerMs);
    pair.clock.advance(3_000);
    expect(sink).toMatchObject({ bytes: 60_000_000, closed: [null] });
    expect(pair.relay.roundTripMs).toBeGreaterThanOrEqual(80);
    expect(pair.relay.roundTripMs).toBeLessThan(120);
  });

  it("open the next answer with the window that the last one needed, until answers are small again", () => {
    const pair = new SimPair({ link: FAR_LINK, onStream: download });
    const held = pair.relayMemory.heldBytes;
    get(pair, 20_000_000);
    pair.clock.advance(5_000);
    const sentMs = pair.clock.nowMs();
    const next = get(pair, 1_000_000);
    expect(pair.relayMemory.heldBytes).toBeGreaterThan(held + 900_000);
    pair.clock.advance(5_000);
    const bareMs = 2 * FAR_LINK.latencyMs + 1_000_000 / FAR_LINK.bytesPerMs;
    expect(next.endAtMs - sentMs).toBeLessThan(bareMs + 10);
    expect(pair.relayMemory.heldBytes).toBe(held);

    for (let count = 0; count < 100; count++) {
      get(pair, 1_000);
      pair.clock.advance(200);
    }
    get(pair, 1_000);
    const headBytes = 256;
    expect(pair.relayMemory.heldBytes).toBeLessThan(
      held + RELAY_STREAM_WINDOW_BYTES + STREAM_OVERHEAD_BYTES + headBytes,
    );
  });

  it("fill it with one upload", () => {
    const { pair, sink } = upload(FAR_LINK, 40_000_000);
    pair.clock.advance(1_000);
    expect(during(pair, 500, sink)).toBeGreaterThan(0.9 * 500 * FAR_LINK.bytesPerMs);
    pair.clock.advance(3_000);
    expect(sink).toMatchObject({ bytes: 40_000_000, closed: [null] });
  });

  it("answer a small request at once while large ones fill it", () => {
    const pair = new SimPair({ link: FAR_LINK, onStream: download });
    const large = [1, 2, 3, 4].map(() => get(pair, 50_000_000));
    pair.clock.advance(2_000);
    const startedAtMs = pair.clock.nowMs();
    const small = get(pair, 1_000);
    pair.clock.advance(1_000);
    expect(small.closed).toEqual([null]);
    // A round trip, and the bytes that are already in the sender's socket.
    expect(small.endAtMs - startedAtMs).toBeLessThan(80 + 40);
    expect(large.every(({ closed }) => closed.length === 0)).toBe(true);
  });

  it("answer small requests at once over a narrow path with deep buffers, beside sixty downloads, and keep it busy", () => {
    const pair = new SimPair({ link: NARROW_LINK, onStream: download });
    const large = Array.from({ length: 60 }, () => get(pair, 4_000_000));
    pair.clock.advance(30_000);
    const arrived = () => large.reduce((sum, { bytes }) => sum + bytes, 0);
    const before = arrived();
    const startedAtMs = pair.clock.nowMs();
    for (let count = 0; count < 100; count++) {
      const askedAtMs = pair.clock.nowMs();
      const small = get(pair, 1_000);
      pair.clock.advance(500);
      expect(small.closed).toEqual([null]);
      // A round trip, the bytes in transit, and a few turns of other streams.
      expect(small.endAtMs - askedAtMs).toBeLessThan(300);
    }
    const passedMs = pair.clock.nowMs() - startedAtMs;
    expect(arrived() - before).toBeGreaterThan(0.9 * passedMs * NARROW_LINK.bytesPerMs);
  });

  it("keep both ways busy where one is a tenth of the other, and answers wait in the other way's queue", () => {
    const uploads: Sink[] = [];
    const pair: SimPair = new SimPair({
      link: { latencyMs: 8, bytesPerMs: 12_500 },
      linkToRelay: { latencyMs: 8, bytesPerMs: 1_250 },
      onStream: (stream) => {
        if (stream.open.path !== "/up") return download(stream);
        const sink = new Sink(() => pair.clock.nowMs());
        sink.stream = stream;
        stream.sendHead(OK, true);
        uploads.push(sink);
        return sink;
      },
    });
    for (let count = 0; count < 2; count++) {
      const handler: { current: StreamHandler | null } = { current: null };
      const stream = pair.relay.open({ ...SOME_REQUEST, path: "/up" }, false, {
        onReadable: () => {},
        onWritable: () => handler.current?.onWritable(),
        onClosed: () => {},
      });
      handler.current = new Source(stream, 1_000_000_000).start();
    }
    const downloads = [1, 2, 3, 4].map(() => get(pair, 1_000_000_000));
    const arrived = (sinks: Sink[]) => sinks.reduce((sum, { bytes }) => sum + bytes, 0);
    pair.clock.advance(20_000);
    const before = [arrived(uploads), arrived(downloads)] as const;
    pair.clock.advance(10_000);
    expect(arrived(uploads) - before[0]).toBeGreaterThan(0.9 * 10_000 * 12_500);
    expect(arrived(downloads) - before[1]).toBeGreaterThan(0.9 * 10_000 * 1_250);
  });

  it("share it evenly", () => {
    const pair = new SimPair({ link: FAR_LINK, onStream: download });
    const sinks = [1, 2, 3, 4].map(() => get(pair, 50_000_000));
    pair.clock.advance(5_000);
    const counts = sinks.map(({ bytes }) => bytes);
    expect(Math.min(...counts)).toBeGreaterThan(0.7 * Math.max(...counts));
  });

  it("share the memory for windows evenly among eight long downloads, whichever came first, and fill the path", () => {
    const pair = new SimPair({ ...LONG_PATH, onStream: announcedDownload });
    getAnnounced(pair, 2 * LONG_BYTES);
    pair.clock.advance(3_000);
    const startedMs = pair.clock.nowMs();
    const sinks = Array.from({ length: AT_ONCE }, () => getAnnounced(pair, LONG_BYTES));
    pair.clock.advance(20_000);
    expect(sinks.map(({ bytes }) => bytes)).toEqual(sinks.map(() => LONG_BYTES));
    const ends = sinks.map(({ endAtMs }) => endAtMs);
    const { slowestOverMean, ms } = fairness(startedMs, ends);
    expect(slowestOverMean).toBeGreaterThan(0.8);
    expect(ms).toBeLessThan(1.1 * LONG_MS);
    expect(pair.relayMemory.heldBytes).toBe(0);
  });

  it("share it among eight long uploads too", () => {
    const sinks: Sink[] = [];
    const pair: SimPair = new SimPair({
      ...LONG_PATH,
      onStream: (stream) => {
        const sink = new Sink(() => pair.clock.nowMs());
        sink.stream = stream;
        stream.expect(Number(stream.open.path.slice(1)));
        stream.sendHead(OK, true);
        sinks.push(sink);
        return sink;
      },
    });
    postAnnounced(pair, 2 * LONG_BYTES);
    pair.clock.advance(3_000);
    sinks.length = 0;
    const startedMs = pair.clock.nowMs();
    for (let count = 0; count < AT_ONCE; count++) postAnnounced(pair, LONG_BYTES);
    pair.clock.advance(20_000);
    expect(sinks.map(({ bytes }) => bytes)).toEqual(Array.from({ length: AT_ONCE }, () => LONG_BYTES));
    const ends = sinks.map(({ endAtMs }) => endAtMs);
    const { slowestOverMean, ms } = fairness(startedMs, ends);
    expect(slowestOverMean).toBeGreaterThan(0.8);
    expect(ms).toBeLessThan(1.1 * LONG_MS);
    expect([pair.connectorMemory.heldBytes, pair.relayMemory.heldBytes]).toEqual([0, 0]);
  });

  it("keep going with slow downloads for longer than a stall may last", () => {
    const pair = new SimPair({ link: { latencyMs: 40, bytesPerMs: 40 }, onStream: download });
    const sinks = [1, 2, 3].map(() => get(pair, 2_000_000));
    pair.clock.advance(200_000);
    expect(sinks).toMatchObject(sinks.map(() => ({ bytes: 2_000_000, closed: [null] })));
  });

  it("keep going with a slow upload for longer than a stall may last", () => {
    const { pair, sink } = upload({ latencyMs: 40, bytesPerMs: 100 }, 15_000_000);
    pair.clock.advance(200_000);
    expect(sink).toMatchObject({ bytes: 15_000_000, closed: [null] });
  });

  it("keep going with an upload over so slow a link that every answer is late", () => {
    // A message of 64 KiB takes 3 s, a credit step 26 s, and a PING waits behind everything in transit.
    const { pair, sink } = upload({ latencyMs: 40, bytesPerMs: 20 }, 3_000_000);
    pair.clock.advance(200_000);
    expect(sink).toMatchObject({ bytes: 3_000_000, closed: [null] });
  });

  it("buffer no more than the window if a reader does not read, and let the others pass", () => {
    const pair = new SimPair({ link: FAR_LINK, onStream: download });
    const lazy = get(pair, 5_000_000);
    lazy.onReadable = () => {};
    pair.clock.advance(2_000);
    expect(lazy.stream?.bufferedBytes).toBe(RELAY_STREAM_WINDOW_BYTES);
    const other = get(pair, 10_000_000);
    pair.clock.advance(5_000);
    expect(other).toMatchObject({ bytes: 10_000_000, closed: [null] });
    expect(lazy.stream?.bufferedBytes).toBe(RELAY_STREAM_WINDOW_BYTES);
  });

  it("leave nothing behind", () => {
    const pair = new SimPair({ link: FAR_LINK, onStream: download });
    const sinks = Array.from({ length: 300 }, (_, i) => get(pair, i * 1_000));
    pair.clock.advance(30_000);
    expect(sinks.map(({ bytes, closed }) => [bytes, closed])).toEqual(
      sinks.map((_, i) => [i * 1_000, [null]]),
    );
    expect([pair.relay.streamCount, pair.connector.streamCount]).toEqual([0, 0]);
    expect([pair.relayMemory.heldBytes, pair.connectorMemory.heldBytes]).toEqual([0, 0]);
    pair.clock.advance(120_000);
    expect(pair.clock.pendingTimers).toBe(0);
  });

  it("open and cancel thousands of times within credit, and forget them all", () => {
    let live = 0;
    let most = 0;
    const pair = new SimPair({
      maxStreams: 20,
      onStream: (stream) => {
        most = Math.max(most, ++live);
        return { onReadable() {}, onWritable() {}, onClosed: () => (live--, stream.release()) };
      },
    });
    for (let i = 0; i < 10_000; i++) {
      if (pair.relay.openCredit > 0) {
        const sink = get(pair, 1);
        pair.clock.advance(i % 3);
        sink.stream?.reset("CANCEL");
      } else {
        pair.clock.advance(3);
      }
    }
    pair.clock.advance(1_000);
    expect(most).toBeLessThanOrEqual(20);
    expect([live, pair.relay.streamCount, pair.connector.streamCount]).toEqual([0, 0, 0]);
    expect(pair.relay.openCredit).toBeGreaterThanOrEqual(10);
    expect([pair.relay.isClosed, pair.connector.isClosed]).toEqual([false, false]);
  });

  it("retire a connection whose ids are used up, and finish what runs on it", () => {
    const goaways: number[] = [];
    const pair = new SimPair({ maxStreamId: 5, onStream: download, onGoaway: (last) => goaways.push(last) });
    const sinks = [1, 2, 3].map(() => get(pair, 100_000));
    expect([pair.relay.isDraining, pair.relay.openCredit]).toEqual([true, 0]);
    pair.clock.advance(5_000);
    expect(sinks.map(({ bytes, closed }) => [bytes, closed])).toEqual(sinks.map(() => [100_000, [null]]));
    expect(goaways).toEqual([0]);
  });

  it("go on after the relay lost its memory", () => {
    const pair = new SimPair({ onStream: download });
    const lost = get(pair, 10_000_000);
    pair.clock.advance(1);
    pair.evictRelay();
    const next = get(pair, 500);
    pair.clock.advance(1_000);
    expect(next).toMatchObject({ status: 200, bytes: 500, closed: [null] });
    expect(lost.closed).toEqual([]);
    expect(pair.relay.streamCount + pair.connector.streamCount).toBe(0);
  });

  it("give back what an epoch had under way, even if that wakes a connection that gathers frames", () => {
    const budget = { totalBytes: 10_000, minimumBytes: 8_448 };
    const world = new World({ gatherMs: 2, budget, maxStreams: 12, onlyWebSockets: false });
    for (let count = 0; count < 9; count++) world.run({ do: "open", kind: "http", end: false });
    world.run({ do: "sleep" });
    world.run({ do: "stop", side: "connector", stream: 0 });
    world.run({ do: "wait", ms: 1 });
    world.run({ do: "write", side: "connector", stream: 0, bytes: 75_536 });
    expect(world.settle()).toEqual([]);
    world.pair.cut();
    expect(world.pair.connectorBudget.roomBytes(budget.totalBytes)).toBe(budget.totalBytes);
  });

  it("notice a link that loses everything", () => {
    const pair = new SimPair({ onStream: download });
    pair.toConnector.cut();
    pair.toRelay.cut();
    const sink = get(pair, 100);
    pair.clock.advance(120_000);
    expect(sink.closed).toMatchObject([{ code: "CONNECTOR_LOST" }]);
    expect(pair.relay.isClosed).toBe(true);
  });
});
