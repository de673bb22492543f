import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CONNECTION_CREDIT_STEP_BYTES,
  DEFAULT_STALL_TIMEOUT_MS,
  MAX_DATA_BYTES,
  MAX_BEHIND_MS,
  STALL_CHECK_MS,
  STALL_TIMEOUT_MS,
} from "../../shared/protocol/limits.ts";
import { type Command, World } from "../support/simulation/sim-world.ts";

/** More runs search further. The default keeps the suite quick. */
const RUNS = Number(process.env["CULVERT_SIMULATION_RUNS"] ?? 150);
const MAX_STREAMS = 12;
const MEMORY_BYTES = 400_000;

const at = { side: fc.constantFrom("relay", "connector"), stream: fc.nat(9) };
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
    weight: 2,
    arbitrary: fc.constantFrom<Command>(
      { do: "evict" },
      { do: "sleep" },
      { do: "sleep" },
      { do: "ping" },
      { do: "goaway" },
      { do: "cut" },
    ),
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
  .map(({ latencyMs, bytesPerMs, tightBudget, ...windows }) => {
    // As in limits.ts: a received amount smaller than one credit step stays unacknowledged, and does not count as memory.
    const stepBytes = Math.min(windows.connectionWindowBytes / 8, CONNECTION_CREDIT_STEP_BYTES);
    return {
      ...windows,
      link: { latencyMs, bytesPerMs },
      maxStreams: MAX_STREAMS,
      memoryBytes: MEMORY_BYTES,
      budget: tightBudget
        ? { totalBytes: 10_000, minimumBytes: stepBytes + 256 }
        : { totalBytes: 1_000_000, minimumBytes: stepBytes + MAX_DATA_BYTES },
    };
  });

describe("any sequence of what both owners may do", () => {
  it("delivers what was sent, closes every stream once and returns all memory", () => {
    fc.assert(
      fc.property(
        setting,
        fc.array(command, { minLength: 30, maxLength: 90, size: "max" }),
        (options, commands) => {
          const world = new World(options);
          for (const command of commands) {
            world.run(command);
            expect(world.check()).toEqual([]);
          }
          expect(world.settle()).toEqual([]);

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
            if (!disturbed && !relay.resetByOwner && !connector.resetByOwner)
              expect([relay.closed, connector.closed]).toEqual([[null], [null]]);
          }
          const { pair } = world;
          expect([pair.relay.streamCount, pair.connector.streamCount]).toEqual([0, 0]);
          expect(pair.connectorMemory.heldBytes).toBe(0);
          if (!world.isCut && !world.isDraining) {
            expect(pair.relay.openCredit).toBeGreaterThanOrEqual(MAX_STREAMS / 2);
          }

          pair.cut();
          const { totalBytes } = options.budget;
          expect(pair.relayBudget.roomBytes(totalBytes)).toBe(
            Math.max(Math.min(totalBytes, MEMORY_BYTES), options.budget.minimumBytes - totalBytes),
          );
          expect(pair.connectorBudget.roomBytes(totalBytes)).toBe(
            Math.max(Math.min(totalBytes, MEMORY_BYTES), options.budget.minimumBytes - totalBytes),
          );
          // Nothing cuts the connection of an evicted object, so it keeps its streams until the last one has stalled.
          pair.clock.advance(
            DEFAULT_STALL_TIMEOUT_MS + STALL_TIMEOUT_MS + 2 * (MAX_BEHIND_MS + STALL_CHECK_MS),
          );
          expect(pair.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: RUNS },
    );
  });
});
