import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryOf } from "../../../test/support/memory.ts";
import { MemoryBudget } from "../../memory/memory-budget.ts";
import {
  CONNECTOR_MEMORY_BYTES,
  CONNECTOR_MEMORY_RESERVE_BYTES,
  DEFAULT_MAX_STREAMS,
  STREAM_OVERHEAD_BYTES,
} from "../../protocol/limits.ts";
import { ReceiveWindow, RoundTrip, SendBudget, SendWindow } from "./flow-window.ts";

const KIB = 1024;

const BASE = 64 * KIB;

/** `roomBytes`: what windows may be promised beyond the base, three fifths of what is free. */
function receiver(options: { roomBytes?: number; maxBytes?: number; rttMs?: number } = {}) {
  const memory = memoryOf(Math.ceil(((options.roomBytes ?? 1024 * KIB) + BASE) / 0.6));
  const roundTrip = new RoundTrip();
  if (options.rttMs !== undefined) roundTrip.sample(options.rttMs);
  const window = new ReceiveWindow(
    { baseBytes: BASE, maxBytes: options.maxBytes ?? 256 * KIB, memory, roundTrip },
    0,
  );
  return { memory, roundTrip, window };
}

describe("SendWindow", () => {
  it("ignores an offset that is not beyond the last", () => {
    const window = new SendWindow(100);
    window.spend(60);
    window.grant(150);
    window.grant(120);
    window.grant(0);
    expect(window.availableBytes).toBe(90);
  });
});

describe("a ReceiveWindow whose reader is slow", () => {
  it("is overdue once something was read and no credit was sent for a while", () => {
    const { window } = receiver();
    window.receive(32 * KIB, 0);
    window.consume(4 * KIB - 1);
    expect(window.isOverdue(60_000, 10_000)).toBe(false);
    window.consume(1);
    expect([window.isOverdue(9_999, 10_000), window.isOverdue(10_000, 10_000)]).toEqual([false, true]);
    expect(window.grant(10_000, true)).toBe(BASE + 4 * KIB);
    window.consume(8 * KIB);
    expect([window.isOverdue(19_999, 10_000), window.isOverdue(20_000, 10_000)]).toEqual([false, true]);
  });

  it("grants a little even if it was made smaller than its grants, and takes no more memory for it", () => {
    const { window, memory } = receiver();
    window.expect(200 * KIB);
    window.grant(0);
    window.expect(10);
    window.receive(200 * KIB, 0);
    for (let round = 1; round <= 10; round++) {
      window.consume(8 * KIB);
      expect(window.grant(round * 10_000, window.isOverdue(round * 10_000, 10_000))).toBe(
        (200 + 4 * round) * KIB,
      );
      expect(memory.heldBytes).toBeLessThanOrEqual(200 * KIB);
    }
  });
});

describe("a ReceiveWindow whose use is known beforehand", () => {
  it("opens at once for what is announced, and gives back what that does not need", () => {
    const { window, memory } = receiver();
    window.expect(200 * KIB);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([200 * KIB, 200 * KIB]);
    window.expect(100 * KIB);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([100 * KIB, 100 * KIB]);
    window.expect(10);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([BASE, BASE]);
  });

  it("keeps counting what was granted until it has been consumed", () => {
    const { window, memory } = receiver();
    window.expect(200 * KIB);
    window.grant(0);
    window.expect(10);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([BASE, 200 * KIB]);
    window.receive(200 * KIB, 0);
    window.consume(100 * KIB);
    expect(memory.heldBytes).toBe(100 * KIB);
    window.consume(100 * KIB);
    expect(memory.heldBytes).toBe(BASE);
  });

  it("may be granted ahead, never from all of the memory, and is not timed", () => {
    const { window, memory, roundTrip } = receiver({ rttMs: 80, roomBytes: 400 * KIB, maxBytes: 512 * KIB });
    expect(window.grantAhead(64 * KIB)).toBe(null);
    expect(window.grantAhead(1024 * KIB)).toBe(414 * KIB);
    expect(memory.heldBytes).toBe(414 * KIB);
    expect(window.receive(414 * KIB, 5_000)).toBe(true);
    expect(window.receive(1, 5_000)).toBe(false);
    expect(roundTrip.estimateMs).toBe(80);
  });

  it("gives back unused credit only if something needs it, and still counts what arrives", () => {
    const { window, memory } = receiver();
    window.expect(256 * KIB);
    expect(window.grant(0)).toBe(256 * KIB);
    window.reclaim(1, false);
    expect(memory.heldBytes).toBe(256 * KIB);
    window.reclaim(1, true);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([BASE, BASE]);
    expect(window.receive(200 * KIB, 2)).toBe(true);
    expect(memory.heldBytes).toBe(200 * KIB);
    window.expect(256 * KIB);
    window.reclaim(3, true);
    expect(memory.heldBytes).toBe(256 * KIB);
  });

  it("leaves room for as many WebSockets as a connection accepts, even if all come at once", () => {
    const memory = new MemoryBudget(CONNECTOR_MEMORY_BYTES, CONNECTOR_MEMORY_RESERVE_BYTES, () => 0).open();
    const roundTrip = new RoundTrip();
    const streamBytes = BASE + STREAM_OVERHEAD_BYTES;
    for (let opened = 0; opened < DEFAULT_MAX_STREAMS; opened += 1) {
      const hasRoom = memory.makeRoomFor(streamBytes + CONNECTOR_MEMORY_RESERVE_BYTES / 5);
      expect([opened, hasRoom]).toEqual([opened, true]);
      memory.hold(STREAM_OVERHEAD_BYTES);
      const options = { baseBytes: BASE, maxBytes: 24 * 1024 * KIB, memory, roundTrip };
      const window = new ReceiveWindow(options, 0);
      window.expect(1024 * KIB);
      window.grant(0);
    }
  });

  it("gives back what was not used for a while, and still counts what arrives", () => {
    const { window, memory } = receiver();
    window.expect(256 * KIB);
    window.grant(0);
    window.receive(1 * KIB, 1_000);
    window.reclaim(2_999, false);
    expect(memory.heldBytes).toBe(256 * KIB);
    window.reclaim(3_000, false);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([BASE, BASE]);
    expect(window.receive(255 * KIB, 4_000)).toBe(true);
    expect(memory.heldBytes).toBe(256 * KIB);
    window.consume(256 * KIB);
    expect(memory.heldBytes).toBe(BASE);
    window.dispose();
    expect(memory.heldBytes).toBe(0);
  });
});

describe("ReceiveWindows that want more than there is", () => {
  /** Windows of one budget, in which a clock runs. */
  function several(count: number, roomBytes: number) {
    let nowMs = 0;
    const memory = memoryOf(Math.ceil((roomBytes + count * BASE) / 0.6), 0, () => nowMs);
    const roundTrip = new RoundTrip();
    roundTrip.sample(80);
    const options = { baseBytes: BASE, maxBytes: 4096 * KIB, memory, roundTrip };
    const windows = Array.from({ length: count }, () => new ReceiveWindow(options, 0));
    /** Each reads at once all that it has granted. */
    const read = (): void => {
      nowMs += 80;
      for (const window of windows) {
        const bytes = window.grantedBytes - window.receivedBytes;
        expect(window.receive(bytes, nowMs)).toBe(true);
        window.consume(bytes);
        window.grant(nowMs);
      }
    };
    return { windows, memory, read };
  }

  it("have equal sizes after a few round trips, even if the first one took nearly everything", () => {
    const { windows, memory, read } = several(4, 2048 * KIB);
    for (const window of windows) {
      window.expect(1_000_000 * KIB);
      window.grant(0);
    }
    const [first = 0, ...others] = windows.map(({ sizeBytes }) => sizeBytes);
    expect(first).toBeGreaterThan(4 * Math.max(...others));
    for (let count = 0; count < 6; count++) read();
    const sizes = windows.map(({ sizeBytes }) => sizeBytes);
    expect(Math.min(...sizes)).toBeGreaterThan(0.9 * Math.max(...sizes));
    expect(memory.heldBytes).toBeGreaterThan(0.9 * (2048 + 4 * 64) * KIB);
    for (const window of windows) window.dispose();
    expect([memory.heldBytes, [...memory.promised]]).toEqual([0, []]);
  });

  it("leave everything to the last one, and what a slow reader does not use to the others", () => {
    const { windows, read } = several(3, 1536 * KIB);
    for (const window of windows) window.expect(1_000_000 * KIB);
    for (let count = 0; count < 6; count++) read();
    const [slow, gone, left] = windows.splice(0);
    gone?.dispose();
    if (slow === undefined || left === undefined) throw new Error("three windows");
    const before = left.sizeBytes;
    // Half of it, in many round trips.
    slow.receive(slow.sizeBytes, 600);
    slow.consume(slow.sizeBytes / 2);
    slow.grant(2_000);
    windows.push(left);
    for (let count = 0; count < 40; count++) read();
    expect(left.sizeBytes).toBeGreaterThan(1.8 * before);
  });
});

describe("ReceiveWindow", () => {
  it("accepts what was granted and not a byte more", () => {
    const { window } = receiver();
    expect(window.receive(64 * KIB, 0)).toBe(true);
    expect(window.receive(1, 0)).toBe(false);
  });

  it("owes what was consumed, and is worth a message from half a window on", () => {
    const { window } = receiver();
    window.receive(40 * KIB, 0);
    window.consume(32 * KIB - 1);
    expect([window.owedBytes, window.isDue]).toEqual([32 * KIB - 1, false]);
    window.consume(1);
    expect(window.isDue).toBe(true);
    expect(window.grant(1_000_000)).toBeGreaterThanOrEqual(96 * KIB);
  });

  it("doubles when half of it was consumed within two round trips, up to its maximum", () => {
    const { window, memory } = receiver({ rttMs: 80 });
    let nowMs = 0;
    let limit = 64 * KIB;
    const sizes: number[] = [];
    for (let i = 0; i < 4; i++) {
      nowMs += 160;
      const bytes = limit - window.receivedBytes;
      expect(window.receive(bytes, nowMs)).toBe(true);
      window.consume(bytes);
      limit = window.grant(nowMs);
      sizes.push(window.sizeBytes / KIB);
    }
    expect(sizes).toEqual([128, 256, 256, 256]);
    expect(memory.heldBytes).toBe(256 * KIB);
    window.dispose();
    window.dispose();
    expect(memory.heldBytes).toBe(0);
  });

  it("has its least size even if memory is short, until less is asked for", () => {
    const { memory, window } = receiver({ roomBytes: 0, maxBytes: 1024 * KIB });
    window.expect(512 * KIB);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([BASE, BASE]);
    window.expect(512 * KIB, 128 * KIB);
    expect([window.sizeBytes, window.grant(0), memory.heldBytes]).toEqual([128 * KIB, 128 * KIB, 128 * KIB]);
    window.receive(128 * KIB, 1);
    window.consume(128 * KIB);
    expect(window.grant(5_000)).toBe(256 * KIB);
    window.reclaim(60_000, false);
    expect(window.sizeBytes).toBe(128 * KIB);
    // What was granted cannot be taken back, and is held until nobody has used it for a while.
    window.expect(32 * KIB);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([BASE, 128 * KIB]);
    window.reclaim(60_000, false);
    expect(memory.heldBytes).toBe(BASE);
  });

  it("holds what waits to be read, and no more, once nothing more arrives", () => {
    const { memory, window } = receiver();
    window.receive(10 * KIB, 0);
    window.ended();
    expect(memory.heldBytes).toBe(10 * KIB);
    window.consume(4 * KIB);
    window.expect(512 * KIB, 128 * KIB);
    window.reclaim(60_000, false);
    expect(memory.heldBytes).toBe(6 * KIB);
    window.consume(6 * KIB);
    expect(memory.heldBytes).toBe(0);
    window.dispose();
    expect(memory.heldBytes).toBe(0);
  });

  it("halves for a slow reader if memory is short, without taking back credit", () => {
    const { window, memory } = receiver({ rttMs: 1 });
    window.expect(256 * KIB);
    const granted = window.grant(0);
    window.receive(256 * KIB, 0);
    memory.hold(memory.freeBytes);
    window.consume(128 * KIB);
    expect(window.grant(1_000)).toBe(granted);
    expect(window.sizeBytes).toBe(128 * KIB);
  });

  it("does not grow if its reader is slower than that", () => {
    const { window } = receiver({ rttMs: 80 });
    window.receive(64 * KIB, 0);
    window.consume(64 * KIB);
    window.grant(161);
    expect(window.sizeBytes).toBe(64 * KIB);
  });

  it("takes at most seven eighths of what may be promised", () => {
    const { window, memory } = receiver({ rttMs: 80, roomBytes: 64 * KIB });
    window.receive(64 * KIB, 0);
    window.consume(64 * KIB);
    window.grant(1);
    expect([window.sizeBytes, memory.heldBytes]).toEqual([120 * KIB, 120 * KIB]);
  });

  it("does not grow if nothing may be promised", () => {
    const { window } = receiver({ rttMs: 80, roomBytes: 1 });
    window.receive(64 * KIB, 0);
    window.consume(64 * KIB);
    window.grant(1);
    expect(window.sizeBytes).toBe(64 * KIB);
  });

  it("opens at once for what is announced, up to its maximum, and never closes for less", () => {
    const { window } = receiver();
    window.expect(200 * KIB);
    expect([window.sizeBytes, window.isDue]).toEqual([200 * KIB, true]);
    expect(window.grant(0)).toBe(200 * KIB);
    window.expect(1);
    window.expect(1024 * KIB);
    expect(window.grant(0)).toBe(256 * KIB);
  });

  it("never measures less than the round trip, however many grants are under way", () => {
    const { window, roundTrip } = receiver();
    const step = 32 * KIB;
    window.receive(2 * step, 0);
    window.consume(step);
    window.grant(0);
    window.consume(step);
    window.grant(70);
    window.receive(1, 80);
    expect(roundTrip.estimateMs).toBe(80);
  });

  it("never owes less than zero nor lowers its limit, for any reader", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 100 * KIB }), fc.nat({ max: 100 * KIB }), fc.nat(200))),
        (steps) => {
          const { window } = receiver({ rttMs: 50 });
          let limit = 64 * KIB;
          let nowMs = 0;
          for (const [sent, read, elapsedMs] of steps) {
            nowMs += elapsedMs;
            expect(window.receive(Math.min(sent, limit - window.receivedBytes), nowMs)).toBe(true);
            window.consume(Math.min(read, window.receivedBytes - window.consumedBytes));
            expect(window.owedBytes).toBeGreaterThanOrEqual(0);
            if (window.owedBytes === 0) continue;
            const next = window.grant(nowMs);
            expect(next).toBeGreaterThan(limit);
            expect(next - window.consumedBytes).toBe(window.sizeBytes);
            limit = next;
          }
        },
      ),
    );
  });
});

describe("RoundTrip", () => {
  it("keeps the shortest and forgets it slowly", () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(80);
    roundTrip.sample(40);
    roundTrip.sample(200);
    expect(roundTrip.estimateMs).toBeCloseTo(42.01);
    for (let i = 0; i < 100; i++) roundTrip.sample(200);
    expect(roundTrip.estimateMs).toBe(200);
    roundTrip.sample(0);
    expect(roundTrip.estimateMs).toBe(0.5);
  });
});

describe("SendBudget", () => {
  it("shares its total, and leaves each connection its minimum", () => {
    const budget = new SendBudget(1_000, 100, null);
    budget.change(0, 950);
    expect(budget.roomBytes(0)).toBe(100);
    expect(budget.roomBytes(80)).toBe(50);
    budget.change(0, 50);
    expect([budget.roomBytes(500), budget.roomBytes(30)]).toEqual([0, 70]);
  });

  it("counts in memory what goes beyond a connection's minimum, and sends no more than there is memory for", () => {
    const memory = memoryOf(300);
    const budget = new SendBudget(1_000, 100, memory);
    budget.change(0, 90);
    expect([memory.heldBytes, budget.roomBytes(90)]).toEqual([0, 300]);
    budget.change(90, 350);
    expect([memory.heldBytes, budget.roomBytes(350), budget.roomBytes(0)]).toEqual([250, 50, 100]);
    budget.change(350, 0);
    expect(memory.heldBytes).toBe(0);
  });

  it("wakes those who wait once, when bytes are acknowledged", () => {
    const budget = new SendBudget(1_000, 100, null);
    const woken: string[] = [];
    budget.notifyWhenFreed(() => woken.push("a"));
    const forgotten = () => woken.push("b");
    budget.notifyWhenFreed(forgotten);
    budget.forget(forgotten);
    budget.change(0, 10);
    expect(woken).toEqual([]);
    budget.change(10, 9);
    budget.change(9, 8);
    expect(woken).toEqual(["a"]);
  });
});
