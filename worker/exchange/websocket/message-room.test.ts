import { describe, expect, it } from "vitest";
import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { type Assembly, MessageRoom } from "./message-room.ts";

const MIB = 1024 * 1024;
const STEP = 64 * 1024;
const LOOK_MS = 250;
/** What comes of a message between two looks at most. */
const LOOK_BYTES = 4 * MIB;

function setUp(totalBytes?: number, reserveBytes?: number) {
  let nowMs = 0;
  const memory = memoryOf(totalBytes, reserveBytes, () => nowMs);
  const room = new MessageRoom(() => nowMs);
  const log: string[] = [];
  const assembly = (name: string, { account = memory, caller = "a" } = {}): Assembly => ({
    memory: account,
    caller,
    wake: () => log.push(`wake ${name}`),
    drop: () => log.push(`drop ${name}`),
  });
  /** How much of so many bytes it gets, a step at a time. */
  const fill = (who: Assembly, bytes: number): number => {
    let got = 0;
    while (got < bytes && room.grow(who, STEP)) got += STEP;
    return got;
  };
  const at = (ms: number): void => void (nowMs = ms);
  /** Until then these ask for a step, as often as sockets do. */
  const ask = (ms: number, ...who: Assembly[]): void => {
    while (nowMs < ms) {
      nowMs += LOOK_MS;
      for (const each of who) room.grow(each, STEP);
    }
  };
  const dropped = (): string[] => log.filter((line) => line.startsWith("drop"));
  return { memory, room, log, dropped, assembly, fill, at, ask, nowMs: () => nowMs };
}

/** A socket whose upstream has sent so much of a message, and the rest of it never: or all of it. */
interface Sender {
  who: Assembly;
  bytes: number;
  isWhole: boolean;
  gotBytes: number;
  /** When it was whole, or given up. */
  doneMs: number | null;
  wasDropped: boolean;
}

/** Many senders, each of which asks as often as sockets do, until all are whole or given up. */
function crowd(room: MessageRoom, clock: { nowMs: number }) {
  const senders: Sender[] = [];
  return {
    senders,
    add: (count: number, bytes: number, isWhole: boolean, memory: MemoryAccount, caller: string): void => {
      for (let made = 0; made < count; made += 1) {
        const sender: Sender = {
          ...{ bytes, isWhole, gotBytes: 0, doneMs: null, wasDropped: false },
          who: {
            ...{ memory, caller },
            wake() {},
            drop() {
              sender.wasDropped = true;
              sender.doneMs = clock.nowMs;
            },
          },
        };
        senders.push(sender);
      }
    },
    run: (untilMs: number): void => {
      for (; clock.nowMs < untilMs; clock.nowMs += LOOK_MS) {
        for (const sender of senders) {
          const untilBytes = Math.min(sender.bytes, sender.gotBytes + LOOK_BYTES);
          while (sender.doneMs === null && sender.gotBytes < untilBytes && room.grow(sender.who, STEP))
            sender.gotBytes += STEP;
          if (sender.doneMs !== null || !sender.isWhole || sender.gotBytes < sender.bytes) continue;
          sender.doneMs = clock.nowMs;
          room.leave(sender.who);
        }
      }
    },
  };
}

describe("the room for messages", () => {
  it("counts what is assembled, and gives it back", () => {
    const { memory, room, assembly, fill } = setUp();
    const one = assembly("one");
    expect(fill(one, 3 * MIB)).toBe(3 * MIB);
    expect(memory.heldBytes).toBe(3 * MIB);
    room.leave(one);
    room.leave(one);
    expect(memory.heldBytes).toBe(0);
  });

  it("lets one message grow to its limit when the rest is full, and the others in turn", () => {
    const { memory, room, assembly, fill } = setUp();
    const all = Array.from({ length: 20 }, (_, index) => assembly(`${index}`));
    const done = new Set<Assembly>();
    const got = new Map<Assembly, number>();
    let mostBytes = 0;
    // Each asks in turn, as sockets do; a round in which nobody gets anything would be the end.
    for (let round = 0; round < 10_000 && done.size < all.length; round += 1) {
      for (const each of all) {
        if (done.has(each)) continue;
        got.set(each, (got.get(each) ?? 0) + fill(each, STEP));
        mostBytes = Math.max(mostBytes, memory.heldBytes);
        if (got.get(each) !== 16 * MIB) continue;
        done.add(each);
        room.leave(each);
      }
    }
    expect(done.size).toBe(all.length);
    expect(mostBytes).toBeLessThanOrEqual(16 * MIB + 8 * MIB + 20 * STEP);
    expect(memory.heldBytes).toBe(0);
  });

  it("accepts small messages whatever else is under way", () => {
    const { assembly, fill } = setUp();
    for (let count = 0; count < 12; count += 1) fill(assembly(`${count}`), 16 * MIB);
    expect(fill(assembly("small"), STEP)).toBe(STEP);
  });

  it("wakes the longest-waiting message of the same object when room becomes free", () => {
    const { room, log, assembly, fill } = setUp();
    const first = assembly("first");
    const elsewhere = assembly("elsewhere", { account: memoryOf() });
    const open = Array.from({ length: 9 }, (_, index) => assembly(`open ${index}`));
    for (const each of open) fill(each, 16 * MIB);
    fill(elsewhere, MIB);
    fill(first, MIB);
    for (const each of open) room.leave(each);
    expect(log).toContain("wake first");
    expect(log).not.toContain("wake elsewhere");
  });

  it("skips waiting messages whose object is gone", () => {
    const { room, assembly, fill, ask, nowMs } = setUp();
    const [large, gone, next] = [assembly("large"), assembly("gone"), assembly("next")];
    fill(large, 16 * MIB);
    fill(assembly("open"), 16 * MIB);
    fill(gone, MIB);
    room.leave(large);
    expect(room.grow(next, STEP) && room.grow(next, STEP)).toBe(false);
    ask(nowMs() + 2_500, next);
    expect(room.grow(next, STEP)).toBe(true);
  });

  it("begins no large message of a caller whose gateways do not read", () => {
    const { memory, room, log, assembly, fill } = setUp();
    const one = assembly("one");
    const other = assembly("other", { caller: "b" });
    room.unread(16 * MIB, one);
    expect([fill(one, MIB), fill(other, MIB)]).toEqual([STEP, MIB]);
    room.leave(other);
    room.unread(MIB, { memory, caller: "c" });
    // Together they may not fill the isolate.
    expect(fill(other, MIB)).toBe(STEP);
    room.unread(-13 * MIB, one);
    expect(log.at(-1)).toBe("wake one");
    expect(fill(one, MIB)).toBe(MIB);
  });
});

describe("a message that holds room and does not grow", () => {
  it("is left alone while nothing waits", () => {
    const { room, dropped, assembly, fill, at } = setUp();
    const silent = assembly("silent");
    fill(silent, 15 * MIB);
    at(3_600_000);
    expect(room.grow(silent, STEP)).toBe(true);
    expect(dropped()).toEqual([]);
  });

  it("is given up while others wait, and no other", () => {
    const { room, dropped, assembly, fill, ask } = setUp();
    fill(assembly("silent"), 15 * MIB);
    const blocked = Array.from({ length: 8 }, (_, index) => assembly(`blocked ${index}`));
    for (const each of blocked) fill(each, 4 * MIB);
    ask(4_000, ...blocked);
    expect(dropped()).toEqual([]);
    ask(6_000, ...blocked);
    expect(dropped()).toEqual(["drop silent"]);
    expect(room.grow(assembly("next"), STEP)).toBe(true);
  });

  it("is not given up because this process stood still", () => {
    const { room, dropped, assembly, fill, at } = setUp();
    const [large, beside, waiting] = [assembly("large"), assembly("beside"), assembly("waiting")];
    fill(large, 15 * MIB);
    fill(beside, 16 * MIB);
    for (const ms of [0, 60_000, 120_000]) {
      at(ms);
      expect(room.grow(waiting, 2 * STEP)).toBe(false);
    }
    expect([room.grow(large, STEP), dropped()]).toEqual([true, []]);
  });

  it("does not count as growing with a byte now and then", () => {
    const { room, dropped, assembly, fill, ask } = setUp();
    const [trickling, waiting] = [assembly("trickling"), assembly("waiting")];
    fill(trickling, 10 * MIB);
    fill(assembly("open"), 8 * MIB);
    fill(waiting, MIB);
    for (let second = 1; second < 8; second += 1) {
      room.grow(trickling, 1);
      ask(second * 1_000, waiting);
    }
    expect(dropped()).toContain("drop trickling");
  });

  it("does not grow for ever, however slowly", () => {
    const { dropped, assembly, fill, ask } = setUp();
    const [slow, waiting] = [assembly("slow"), assembly("waiting")];
    fill(slow, 9 * MIB);
    fill(assembly("open"), 8 * MIB);
    fill(waiting, MIB);
    for (let second = 1; second < 59; second += 1) {
      expect(fill(slow, 2 * STEP)).toBe(2 * STEP);
      ask(second * 1_000, waiting);
      expect(dropped()).not.toContain("drop slow");
    }
    fill(slow, 4 * STEP);
    ask(62_000, waiting);
    expect(dropped()).toContain("drop slow");
  });

  it("wakes nothing when it ends: it may be another object's turn", () => {
    const { log, dropped, assembly, fill, ask } = setUp();
    const elsewhere = { account: memoryOf() };
    for (const name of ["silent", "beside"]) fill(assembly(name, elsewhere), 16 * MIB);
    fill(assembly("waiting", elsewhere), MIB);
    ask(6_000, assembly("asks", { account: memoryOf() }));
    expect(dropped()).not.toEqual([]);
    expect(log.filter((line) => line.startsWith("wake"))).toEqual([]);
  });

  it("makes room when the memory of all is short", () => {
    const { memory, dropped, assembly, fill, at } = setUp(56 * MIB, 12 * MIB);
    fill(assembly("silent"), 15 * MIB);
    at(1_000);
    memory.hold(40 * MIB);
    expect(dropped()).toEqual([]);
    at(3_000);
    memory.hold(1);
    expect([dropped(), memory.heldBytes]).toEqual([["drop silent"], 40 * MIB + 1]);
  });
});

it("leaves room for a small request, and is ended itself if nothing else can be", () => {
  const { memory, dropped, assembly, fill, ask } = setUp(56 * MIB, 12 * MIB);
  // What nobody can be ended for, as windows of answers that are read slowly.
  memory.hold(42 * MIB);
  const [large, waiting] = [assembly("large"), assembly("waiting")];
  fill(large, 16 * MIB);
  fill(waiting, 16 * MIB);
  expect([memory.hasRoomFor(2 * MIB), memory.heldBytes > 50 * MIB]).toEqual([true, true]);
  ask(8_000, large, waiting);
  expect(dropped()).toEqual(["drop large"]);
  expect(memory.hasRoomFor(2 * MIB)).toBe(true);
});

it("lets no other message grow into the room that the current one may need", () => {
  const { memory, assembly, fill } = setUp(56 * MIB, 12 * MIB);
  memory.hold(30 * MIB);
  for (let count = 0; count < 20; count += 1) fill(assembly(`${count}`), 16 * MIB);
  const heldBytes = memory.heldBytes - 30 * MIB;
  expect(heldBytes).toBeGreaterThanOrEqual(16 * MIB);
  expect(heldBytes).toBeLessThanOrEqual(17 * MIB);
});

describe("a crowd", () => {
  const clock = { nowMs: 0 };
  const all = () => {
    clock.nowMs = 0;
    const room = new MessageRoom(() => clock.nowMs);
    return { ...crowd(room, clock), memory: memoryOf(56 * MIB, 12 * MIB, () => clock.nowMs) };
  };

  it("of 20 messages that are never finished holds up 100 of the same caller for seconds each", () => {
    const { senders, add, run, memory } = all();
    add(20, 15 * MIB, false, memory, "a");
    add(100, 2 * MIB, true, memory, "a");
    run(100_000);
    const whole = senders.filter(({ isWhole }) => isWhole);
    expect(whole.every(({ doneMs, wasDropped }) => doneMs !== null && !wasDropped)).toBe(true);
    run(300_000);
    // Nobody waits any more: nobody is given up.
    expect(senders.filter(({ doneMs }) => doneMs === null).length).toBeLessThanOrEqual(9);
  });

  it("of 200 messages that are never finished holds up those of another caller for seconds each", () => {
    const { senders, add, run, memory } = all();
    add(200, 15 * MIB, false, memory, "a");
    run(10_000);
    add(10, 2 * MIB, true, memory, "b");
    run(60_000);
    const whole = senders.filter(({ isWhole }) => isWhole);
    expect(whole.every(({ doneMs, wasDropped }) => doneMs !== null && !wasDropped)).toBe(true);
  });

  it("of a thousand small messages that are never finished leaves room for a large one", () => {
    const { senders, add, run, memory } = all();
    add(1_000, STEP, false, memory, "a");
    run(LOOK_MS);
    expect(memory.heldBytes).toBeLessThanOrEqual(44 * MIB);
    add(1, 16 * MIB, true, memory, "b");
    run(20_000);
    expect(senders.at(-1)).toMatchObject({ wasDropped: false, gotBytes: 16 * MIB });
  });

  it("of messages that all grow loses none, of whatever size and caller", () => {
    const { senders, add, run, memory } = all();
    add(20, 15 * MIB, true, memory, "a");
    add(100, 2 * MIB, true, memory, "b");
    add(10, 16 * MIB, true, memory, "c");
    run(300_000);
    expect(senders.filter(({ doneMs, wasDropped }) => doneMs === null || wasDropped)).toEqual([]);
    expect(memory.heldBytes).toBe(0);
  });
});
