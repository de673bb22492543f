import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DATA_BYTES } from "../../shared/protocol/limits.ts";
import { SimOwner } from "../support/sim-owner.ts";
import { type PairOptions, SimPair, SOME_REQUEST } from "../support/sim-pair.ts";

/** More of them look further; the default keeps the suite quick. */
const RUNS = Number(process.env["CULVERT_SIMULATION_RUNS"] ?? 150);
const MAX_STREAMS = 12;
const POOL_BYTES = 200_000;

type Side = "relay" | "connector";
type Command =
  | { do: "open"; kind: "http" | "websocket"; end: boolean }
  | { do: "head" | "trailing" | "finish" | "stop" | "reset" | "pause" | "read"; side: Side; stream: number }
  | { do: "write"; side: Side; stream: number; bytes: number }
  | { do: "wait"; ms: number }
  | { do: "evict" | "goaway" | "cut" | "ping" };

const at = { side: fc.constantFrom<Side[]>("relay", "connector"), stream: fc.nat(9) };
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("open" as const),
      kind: fc.constantFrom("http" as const, "http" as const, "websocket" as const),
      end: fc.boolean(),
    }),
  },
  { weight: 14, arbitrary: fc.record({ do: fc.constant("head" as const), ...at }) },
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      ...at,
      bytes: fc.oneof(
        fc.nat(200),
        fc.integer({ min: 1_000, max: 20_000 }),
        fc.integer({ min: 50_000, max: 300_000 }),
      ),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constantFrom("trailing" as const, "finish", "stop", "reset", "pause", "pause", "read"),
      ...at,
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.nat(3), fc.nat(300)) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>({ do: "evict" }, { do: "ping" }, { do: "goaway" }, { do: "cut" }),
  },
);

const setting = fc
  .record({
    latencyMs: fc.constantFrom(0, 1, 40),
    bytesPerMs: fc.constantFrom(500, 50_000),
    relayWindowBytes: fc.constantFrom(1_024, 16_384, 65_536),
    connectorWindowBytes: fc.constantFrom(1_024, 65_536),
    connectionWindowBytes: fc.constantFrom(4_096, 65_536, 1_048_576),
    tightBudget: fc.boolean(),
    onlyWebSockets: fc.boolean(),
    gatherMs: fc.constantFrom(0, 2),
  })
  .map(({ latencyMs, bytesPerMs, tightBudget, ...windows }) => ({
    ...windows,
    link: { latencyMs, bytesPerMs },
    maxStreams: MAX_STREAMS,
    poolBytes: POOL_BYTES,
    budget: tightBudget
      ? { totalBytes: 10_000, minimumBytes: windows.connectionWindowBytes / 8 + 256 }
      : { totalBytes: 1_000_000, minimumBytes: MAX_DATA_BYTES },
  }));

/** Both ends of one stream; the connector's appears when the OPEN arrives, the relay's goes with an eviction. */
interface Pair {
  relay: SimOwner;
  connector: SimOwner | null;
  forgotten: boolean;
}

class World {
  readonly pair: SimPair;
  readonly streams: Pair[] = [];
  readonly #onlyWebSockets: boolean;
  isCut = false;
  isDraining = false;

  constructor(options: Omit<PairOptions, "onStream"> & { onlyWebSockets: boolean }) {
    this.#onlyWebSockets = options.onlyWebSockets;
    this.pair = new SimPair({
      ...options,
      onStream: (stream) => {
        const number = Number(stream.open.requestId);
        const owner = new SimOwner(number, true, "head");
        owner.stream = stream;
        const record = this.streams[number];
        if (record === undefined || record.connector !== null) throw new Error("a stream nobody opened");
        record.connector = owner;
        return owner;
      },
    });
  }

  run(command: Command): void {
    switch (command.do) {
      case "open":
        return this.#open(this.#onlyWebSockets ? "websocket" : command.kind, command.end);
      case "wait":
        this.pair.clock.advance(command.ms);
        return;
      case "evict":
        if (this.isCut) return;
        return this.#evict();
      case "goaway":
        this.isDraining = true;
        return this.pair.connector.goaway("DRAINING", 1_000);
      case "ping":
        return this.pair.connector.ping();
      case "cut":
        this.isCut = true;
        return this.pair.cut();
      default: {
        const stream = this.streams.at(-1 - (command.stream % Math.min(4, this.streams.length)));
        const owner = stream?.forgotten && command.side === "relay" ? null : stream?.[command.side];
        if (owner) this.#act(owner, command);
      }
    }
  }

  #act(owner: SimOwner, command: Extract<Command, { side: Side }>): void {
    switch (command.do) {
      case "head":
        owner.informational();
        return owner.head(command.stream % 4 === 3);
      case "write":
        return owner.write(command.bytes);
      case "trailing":
        return owner.finish(true);
      case "finish":
        return owner.finish(false);
      case "stop":
        return owner.stop();
      case "reset":
        return owner.reset("CANCEL");
      case "pause":
        owner.reads = false;
        return;
      case "read":
        return owner.readAll();
    }
  }

  /** What was done in this turn has left; then the object is gone. */
  #evict(): void {
    this.pair.clock.advance(0);
    const live = this.streams.filter(({ relay, forgotten }) => relay.isLive && !forgotten);
    const atRest = this.pair.stored?.rest != null;
    this.pair.evictRelay();if(atRest&&live.length)(globalThis as any).R=((globalThis as any).R??0)+1;
    for (const stream of live) {
      const { relay } = stream;
      if (!atRest) stream.forgotten = true;
      else if (relay.rest === null || relay.stream === null) throw new Error("a stream that is not at rest");
      else relay.stream = this.pair.relay.restoreStream(relay.stream.open, relay.rest, relay);
    }
  }

  #open(kind: "http" | "websocket", end: boolean): void {
    if (this.pair.relay.openCredit <= 0) return;
    const ends = end && kind === "http";
    const owner = new SimOwner(this.streams.length, false, ends ? "ended" : "body");
    const requestId = String(this.streams.length);
    this.streams.push({ relay: owner, connector: null, forgotten: false });
    owner.stream = this.pair.relay.open({ ...SOME_REQUEST, kind, requestId }, ends, owner);
    // Nothing is sent on a WebSocket before its 101.
    if (kind === "websocket") owner.mode = "head";
  }

  owners(): SimOwner[] {
    return this.streams.flatMap(({ relay, connector, forgotten }) => [
      ...(forgotten ? [] : [relay]),
      ...(connector === null ? [] : [connector]),
    ]);
  }

  check(): void {
    expect(this.owners().flatMap((owner) => owner.check())).toEqual([]);
    if (!this.isCut) expect(this.pair.closedEnds).toEqual([]);
    expect(this.pair.relay.openCredit).toBeGreaterThanOrEqual(0);
    expect(this.pair.relay.openCredit).toBeLessThanOrEqual(MAX_STREAMS);
  }

  /** Everybody reads, answers and ends as they should: all streams must then come to their end by themselves. */
  settle(): void {
    if (!this.isCut) this.pair.relay.ping();
    for (let round = 0; round < 60; round++) {
      for (const owner of this.owners()) {
        owner.reads = true;
        owner.readAll();
        owner.head(false);
        owner.finish(false);
      }
      this.pair.clock.advance(1_000);
      this.check();
    }
  }
}

describe("any sequence of what both owners may do", () => {
  it("delivers what was sent, closes every stream once and gives everything back", () => {
    fc.assert(
      fc.property(
        setting,
        fc.array(command, { minLength: 30, maxLength: 90, size: "max" }),
        (options, commands) => {
          const world = new World(options);
          for (const command of commands) {
            world.run(command);
            world.check();
          }
          world.settle();

          for (const { relay, connector, forgotten } of world.streams) {
            if (!forgotten) expect(relay.closed).toHaveLength(1);
            if (connector === null) continue;
            expect(connector.closed).toHaveLength(1);
            const bothWell = !forgotten && relay.closed[0] === null && connector.closed[0] === null;
            for (const [from, to] of [
              [relay, connector],
              [connector, relay],
            ] as const) {
              expect(to.receivedBytes).toBeLessThanOrEqual(from.sentBytes);
              if (!bothWell || to.stopped) continue;
              expect(to.receivedBytes).toBe(from.sentBytes);
              expect(to.receivedMessages).toBe(from.sentMessages);
              expect(to.stream?.trailers).toEqual(
                from.sentTrailers ? [["x-sum", String(from.sentBytes)]] : null,
              );
            }
            const disturbed = forgotten || world.isCut || world.isDraining;
            if (!disturbed && !relay.resetByOwner && !connector.resetByOwner) expect(bothWell).toBe(true);
          }
          const { pair } = world;
          expect([pair.relay.streamCount, pair.connector.streamCount]).toEqual([0, 0]);
          expect([pair.relayPool.freeBytes, pair.connectorPool.freeBytes]).toEqual([POOL_BYTES, POOL_BYTES]);
          if (!world.isCut && !world.isDraining) {
            expect(pair.relay.openCredit).toBeGreaterThanOrEqual(MAX_STREAMS / 2);
          }

          pair.cut();
          const { totalBytes } = options.budget;
          expect(pair.relayBudget.roomBytes(totalBytes)).toBe(
            Math.max(totalBytes, options.budget.minimumBytes - totalBytes),
          );
          expect(pair.connectorBudget.roomBytes(totalBytes)).toBe(
            Math.max(totalBytes, options.budget.minimumBytes - totalBytes),
          );
          pair.clock.advance(200_000);
          expect(pair.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: RUNS },
    );console.log('RESTORED',(globalThis as any).R);
  });
});
