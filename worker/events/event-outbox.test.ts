import { describe, expect, it, vi } from "vitest";
import { memoryOf } from "../../test/support/memory.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { EventBatch } from "./event-batch.ts";
import { EventOutbox } from "./event-outbox.ts";

interface Receiver {
  outbox: EventOutbox;
  clock: FakeClock;
  batches: EventBatch[];
  fails: boolean;
  /** All promises have gone as far as they can. */
  settle(): Promise<void>;
}

function receiver(): Receiver {
  const clock = new FakeClock();
  const to: Receiver = {
    clock,
    batches: [],
    fails: false,
    outbox: new EventOutbox({
      memory: memoryOf(),
      clock,
      sender: "me",
      async send(batch) {
        to.batches.push(batch);
        if (to.fails) throw new Error("away");
      },
      facts: () => ({ destinationsRevision: 3, connectors: 2 }),
    }),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
  return to;
}

describe("an outbox", () => {
  it("sends the first event after a pause at once, and gathers the rest for two seconds", async () => {
    const to = receiver();
    to.outbox.add("first");
    to.clock.advance(20);
    to.outbox.add("second");
    to.clock.advance(5);
    await to.settle();
    expect(to.batches.splice(0)).toMatchObject([{ sequence: 1, lines: "first\nsecond" }]);
    to.clock.advance(100);
    to.outbox.add("third");
    to.clock.advance(1_899);
    to.outbox.add("fourth");
    expect(to.batches).toEqual([]);
    to.clock.advance(1);
    await to.settle();
    expect(to.batches.splice(0)).toMatchObject([{ sequence: 2, lines: "third\nfourth" }]);
    to.clock.advance(2_000);
    to.outbox.add("alone again");
    to.clock.advance(25);
    await to.settle();
    expect(to.batches).toMatchObject([{ sequence: 3, lines: "alone again" }]);
  });

  it("sends the facts that belong to a batch", async () => {
    const to = receiver();
    to.outbox.add("a");
    to.outbox.add("b");
    to.clock.advance(25);
    await to.settle();
    expect(to.batches).toEqual([
      { sender: "me", sequence: 1, lines: "a\nb", count: 2, lost: 0, destinationsRevision: 3, connectors: 2 },
    ]);
  });

  it("sends a full batch at once, and keeps the rest for the next", async () => {
    const to = receiver();
    for (let index = 0; index < 1_100; index++) to.outbox.add(String(index));
    await to.settle();
    expect(to.batches.map(({ count }) => count)).toEqual([500, 500]);
    to.clock.advance(2_000);
    await to.settle();
    expect(to.batches.flatMap(({ lines }) => lines.split("\n"))).toEqual(
      Array.from({ length: 1_100 }, (_, index) => String(index)),
    );
  });

  it("reports a change without an event", async () => {
    const to = receiver();
    to.outbox.changed();
    to.clock.advance(2_000);
    await to.settle();
    expect(to.batches).toMatchObject([{ count: 0, lines: "", connectors: 2 }]);
    to.clock.advance(60_000);
    await to.settle();
    expect(to.batches).toHaveLength(1);
  });

  it("sends a batch again, with the same number, until it is accepted", async () => {
    const to = receiver();
    to.fails = true;
    to.outbox.add("a");
    to.clock.advance(2_000);
    await to.settle();
    to.fails = false;
    to.outbox.add("b");
    to.clock.advance(1_000);
    await to.settle();
    expect(to.batches.map(({ sequence, lines }) => [sequence, lines])).toEqual([
      [1, "a"],
      [1, "a"],
    ]);
    to.clock.advance(2_000);
    await to.settle();
    expect(to.batches.at(-1)).toMatchObject({ sequence: 2, lines: "b", lost: 0 });
  });

  it("gives up after five refusals, lets the object sleep, and counts the loss in the next batch", async () => {
    const told = vi.spyOn(console, "error").mockReturnValue(undefined);
    const to = receiver();
    to.fails = true;
    to.outbox.add("a");
    to.outbox.add("b");
    for (let second = 0; second < 60; second++) {
      to.clock.advance(1_000);
      await to.settle();
    }
    expect(to.batches).toHaveLength(5);
    expect(told.mock.calls).toEqual([[{ event: "telemetry_failed", lost: 2, error: "Error: away" }]]);
    told.mockRestore();
    to.fails = false;
    to.outbox.add("c");
    to.clock.advance(2_000);
    await to.settle();
    expect(to.batches.at(-1)).toMatchObject({ lines: "c", count: 1, lost: 2 });
  });

  it("holds ten thousand events, and counts those beyond", async () => {
    const to = receiver();
    to.fails = true;
    for (let index = 0; index < 10_700; index++) to.outbox.add("x");
    to.fails = false;
    for (let second = 0; second < 10; second++) {
      to.clock.advance(1_000);
      await to.settle();
    }
    const sent = new Map(to.batches.map((batch) => [batch.sequence, batch]));
    const total = [...sent.values()].reduce((sum, { count, lost }) => sum + count + lost, 0);
    expect(total).toBe(10_700);
    expect([...sent.values()].reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
  });
});
