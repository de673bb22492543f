import { describe, expect, it } from "vitest";
import { memoryOf } from "../../../test/support/memory.ts";
import { type Assembly, MessageRoom } from "./message-room.ts";

const MIB = 1024 * 1024;
const STEP = 64 * 1024;

function setUp(totalBytes?: number) {
  let nowMs = 0;
  const memory = memoryOf(totalBytes);
  const room = new MessageRoom(() => nowMs);
  const log: string[] = [];
  const assembly = (name: string, account = memory): Assembly => ({
    memory: account,
    wake: () => log.push(`wake ${name}`),
    drop: () => log.push(`drop ${name}`),
  });
  /** How much of so many bytes it gets, a step at a time. */
  const fill = (who: Assembly, bytes: number): number => {
    let got = 0;
    while (got < bytes && room.grow(who, STEP)) got += STEP;
    return got;
  };
  return { memory, room, log, assembly, fill, at: (ms: number) => void (nowMs = ms) };
}

describe("the room for messages", () => {
  it("holds what is put together, and gives it back", () => {
    const { memory, room, assembly, fill } = setUp();
    const one = assembly("one");
    expect(fill(one, 3 * MIB)).toBe(3 * MIB);
    expect(memory.heldBytes).toBe(3 * MIB);
    room.leave(one);
    room.leave(one);
    expect(memory.heldBytes).toBe(0);
  });

  it("lets one grow to the limit of a message when the rest is full, and the others in turn", () => {
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

  it("takes small messages whatever else is under way", () => {
    const { assembly, fill } = setUp();
    for (let count = 0; count < 12; count += 1) fill(assembly(`${count}`), 16 * MIB);
    expect(fill(assembly("small"), STEP)).toBe(STEP);
  });

  it("wakes who waits longest of the same object when room comes free", () => {
    const { room, log, assembly, fill } = setUp();
    const first = assembly("first");
    const elsewhere = assembly("elsewhere", memoryOf());
    const open = Array.from({ length: 9 }, (_, index) => assembly(`open ${index}`));
    for (const each of open) fill(each, 16 * MIB);
    fill(elsewhere, MIB);
    fill(first, MIB);
    for (const each of open) room.leave(each);
    expect(log).toContain("wake first");
    expect(log).not.toContain("wake elsewhere");
  });

  it("gives a message up of which nothing more comes while others wait, and no other", () => {
    const { room, log, assembly, fill, at } = setUp();
    const silent = assembly("silent");
    fill(silent, 15 * MIB);
    at(60_000);
    expect(log).toEqual([]);
    const blocked = Array.from({ length: 8 }, (_, index) => assembly(`blocked ${index}`));
    for (const each of blocked) fill(each, 4 * MIB);
    expect(log).toContain("drop silent");
    expect(log.filter((line) => line.startsWith("drop"))).toEqual(["drop silent"]);
    expect(room.grow(assembly("next"), STEP)).toBe(true);
  });

  it("passes over who waits and is gone without a word, with its object", () => {
    const { room, assembly, fill, at } = setUp();
    const [large, gone, next] = [assembly("large"), assembly("gone"), assembly("next")];
    fill(large, 16 * MIB);
    fill(assembly("open"), 16 * MIB);
    fill(gone, MIB);
    at(1_000);
    fill(next, MIB);
    room.leave(large);
    expect(room.grow(next, STEP)).toBe(false);
    at(2_001);
    expect(room.grow(next, STEP)).toBe(true);
  });

  it("wakes nobody while it gives a message up: it may be another object's turn", () => {
    const { log, assembly, fill, at } = setUp();
    const elsewhere = memoryOf();
    for (const name of ["silent", "beside"]) fill(assembly(name, elsewhere), 16 * MIB);
    fill(assembly("waiting", elsewhere), MIB);
    at(1_500);
    fill(assembly("waiting too", elsewhere), MIB);
    at(5_001);
    fill(assembly("asks", memoryOf()), MIB);
    expect(log.filter((line) => line.startsWith("drop"))).not.toEqual([]);
    expect(log.filter((line) => line.startsWith("wake"))).toEqual([]);
  });

  it("begins no large message while gateways leave unread what was sent", () => {
    const { memory, room, log, assembly, fill } = setUp();
    const one = assembly("one");
    room.unread(5 * MIB, memory);
    expect(fill(one, MIB)).toBe(STEP);
    room.unread(-5 * MIB, memory);
    expect(log).toEqual(["wake one"]);
    expect(fill(one, MIB)).toBe(MIB);
  });
});
