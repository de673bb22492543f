import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { type Holder, type MemoryAccount, MemoryBudget, type Promised } from "./memory-budget.ts";

class Heap implements Holder {
  heldBytes: number;
  progressMs: number;
  ended = false;
  readonly #release: () => void;

  constructor(heldBytes: number, progressMs: number, release: () => void) {
    this.heldBytes = heldBytes;
    this.progressMs = progressMs;
    this.#release = release;
  }

  end(): void {
    this.ended = true;
    this.heldBytes = 0;
    this.#release();
  }
}

/** Who holds and wants so much of an account, which is to know of it. */
class Window implements Promised {
  heldBytes: number;
  wantedBytes: number;
  readonly #account: MemoryAccount;

  constructor(account: MemoryAccount, wantedBytes: number) {
    this.#account = account;
    this.heldBytes = account.promise(wantedBytes);
    this.wantedBytes = wantedBytes;
    account.promised.add(this);
  }

  reclaim(_nowMs: number, _isNeeded: boolean): void {
    this.#account.giveBack(this.heldBytes);
    this.heldBytes = 0;
  }
}

function setUp(totalBytes = 1_000, reserveBytes = 200) {
  let nowMs = 0;
  const budget = new MemoryBudget(totalBytes, reserveBytes, () => nowMs);
  const at = (ms: number): void => void (nowMs = ms);
  const heap = (account: ReturnType<MemoryBudget["open"]>, bytes: number, progressMs = 0): Heap => {
    const made = new Heap(bytes, progressMs, () => account.giveBack(bytes));
    account.add(made);
    account.hold(bytes);
    return made;
  };
  return { budget, at, heap };
}

describe("a memory budget", () => {
  it("grants what is free, and never the reserve", () => {
    const { budget } = setUp();
    const [a, b] = [budget.open(), budget.open()];
    expect([a.take(500), b.take(400), b.take(300), a.take(1)]).toEqual([true, false, true, false]);
    expect([budget.heldBytes, a.freeBytes]).toEqual([800, 0]);
    b.hold(150);
    expect([budget.heldBytes, a.hasRoomFor(50), a.hasRoomFor(51)]).toEqual([950, true, false]);
    a.giveBack(500);
    expect(b.freeBytes).toBe(350);
  });

  it("never promises everything, and leaves two fifths to what exists already", () => {
    const { budget } = setUp();
    const account = budget.open();
    expect(account.promise(10_000)).toBe(420);
    expect(account.promise(10_000)).toBe(52);
    expect(account.promise(5)).toBe(5);
    expect(account.promise(1.7)).toBe(1);
    expect(account.take(320)).toBe(true);
  });

  it("reclaims unused promises before it promises less than requested", () => {
    const { budget, at } = setUp();
    const [idle, busy] = [budget.open(), budget.open()];
    const promised = new Window(idle, 480);
    at(1_000);
    expect(busy.promise(400)).toBe(400);
    expect(promised.heldBytes).toBe(0);
  });

  it("reclaims new, unused promises before it ends or refuses anything, and asks each once", () => {
    const { budget, heap } = setUp();
    const account = budget.open();
    const still = heap(account, 300);
    const promised = new Window(account, 200);
    const asked: boolean[] = [];
    const reclaim = promised.reclaim.bind(promised);
    promised.reclaim = (nowMs, isNeeded) => {
      asked.push(isNeeded);
      if (isNeeded) reclaim(nowMs, isNeeded);
    };
    expect([account.makeRoomFor(400), asked]).toEqual([true, []]);
    expect([account.makeRoomFor(600), asked]).toEqual([true, [true]]);
    account.hold(500);
    expect([promised.heldBytes, still.ended, account.makeRoomFor(200)]).toEqual([0, false, true]);
    expect([still.ended, asked]).toEqual([true, [true]]);
  });

  it("limits everybody to a share while something gets too little, over all objects, and no longer", () => {
    const { budget, at } = setUp(1_000, 0);
    const [a, b, c] = [budget.open(), budget.open(), budget.open()];
    a.hold(50);
    const slow = new Window(a, 20);
    // 530 of 600 may be promised.
    const first = new Window(a, 400);
    expect(a.shareOfPromised).toBe(Infinity);
    for (const window of [slow, first]) window.reclaim = () => {};
    const second = new Window(b, 400);
    second.reclaim = () => {};
    at(10);
    expect([second.heldBytes, a.shareOfPromised, c.shareOfPromised]).toEqual([113, 265, 265]);
    slow.wantedBytes = 600;
    at(20);
    expect(b.shareOfPromised).toBeCloseTo(550 / 3);
    second.wantedBytes = second.heldBytes;
    slow.wantedBytes = slow.heldBytes;
    at(30);
    expect(b.shareOfPromised).toBe(Infinity);
    slow.wantedBytes = 600;
    at(2_000);
    expect(b.shareOfPromised).toBe(Infinity);
  });

  it("allows smaller queues as memory gets short", () => {
    const { budget } = setUp();
    const account = budget.open();
    const shares = [0, 300, 180, 160, 100, 60].map((bytes) => {
      account.hold(bytes);
      return account.shareBytes(4, 128);
    });
    expect(shares).toEqual([128, 128, 128, 16, 4, 4]);
  });

  it("allows full queues while the rest is only under way or promised", () => {
    const { budget } = setUp();
    const [account, other] = [budget.open(), budget.open()];
    account.move(600);
    expect([account.freeBytes, other.shareBytes(4, 128)]).toEqual([200, 128]);
    account.move(-100);
    account.hold(300);
    expect([account.freeBytes, other.shareBytes(4, 128)]).toEqual([0, 128]);
    account.move(-500);
    other.hold(340);
    expect([account.freeBytes, other.shareBytes(4, 128)]).toEqual([160, 16]);
    account.giveBack(300);
    other.giveBack(340);
    other.promise(10_000);
    expect(account.shareBytes(4, 128)).toBe(128);
  });

  it("ends the largest holder that is stalled, in any object, before the reserve is used up", () => {
    const { budget, at, heap } = setUp();
    const [a, b] = [budget.open(), budget.open()];
    const moving = heap(a, 400, 9_500);
    const small = heap(b, 100);
    const still = heap(b, 300);
    at(10_000);
    a.hold(100);
    expect([moving.ended, small.ended, still.ended]).toEqual([false, false, false]);
    a.hold(1);
    expect([moving.ended, small.ended, still.ended]).toEqual([false, false, true]);
    expect(budget.heldBytes).toBe(601);
  });

  it("ends the largest holder if none is stalled, and nothing if nothing can be ended", () => {
    const { budget, heap } = setUp();
    const account = budget.open();
    const [large, larger] = [heap(account, 300, Infinity), heap(account, 500, Infinity)];
    account.hold(101);
    expect([large.ended, larger.ended]).toEqual([false, true]);
    account.hold(600);
    expect([large.ended, budget.heldBytes]).toEqual([true, 701]);
    account.hold(600);
    expect(budget.heldBytes).toBe(1_301);
  });

  it("makes room for small requests, and says when it cannot", () => {
    const { budget, heap } = setUp();
    const account = budget.open();
    const still = heap(account, 890);
    expect([account.makeRoomFor(10), still.ended]).toEqual([true, false]);
    expect([account.makeRoomFor(11), still.ended]).toEqual([true, true]);
    account.hold(995);
    expect([account.makeRoomFor(5), account.makeRoomFor(6)]).toEqual([true, false]);
    expect(budget.heldBytes).toBe(995);
  });

  it("does not count an account at rest until something changes", () => {
    const { budget } = setUp();
    const [a, b] = [budget.open(), budget.open()];
    a.hold(300);
    a.rest();
    a.rest();
    expect([a.heldBytes, budget.heldBytes, b.freeBytes]).toEqual([300, 0, 800]);
    a.hold(50);
    expect([a.heldBytes, budget.heldBytes]).toEqual([350, 350]);
    a.rest();
    a.giveBack(350);
    expect([a.heldBytes, budget.heldBytes]).toEqual([0, 0]);
  });

  // An object that is reset says no word.
  it("gets back what a lost object held", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const { budget } = setUp();
    budget.open().hold(500);
    budget.open().move(200);
    for (let tries = 0; tries < 100 && budget.heldBytes > 0; tries += 1) {
      collectGarbage();
      await sleep(10);
    }
    expect([budget.heldBytes, budget.roomShare]).toEqual([0, 1]);
    budget.open().hold(640);
    expect(budget.roomShare).toBeCloseTo(1 / 2);
  });
});
