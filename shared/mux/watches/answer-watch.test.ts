import { describe, expect, it, vi } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { LateClock } from "../../../test/support/late-clock.ts";

function start() {
  const clock = new FakeClock();
  const seen: string[] = [];
  const life = { atMs: -Infinity };
  const watch = new AnswerWatch(clock, {
    ask: () => seen.push("ask"),
    silent: () => seen.push("silent"),
    heard: () => seen.push("heard"),
    lost: () => seen.push("lost"),
    lastLifeMs: () => life.atMs,
  });
  return { clock, seen, watch, life };
}

describe("AnswerWatch", () => {
  it("asks 4 s after something was sent without an answer, calls the peer silent 4 s later, and lost after a minute", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    clock.advance(3_999);
    expect([seen, watch.isSuspect]).toEqual([[], false]);
    clock.advance(1);
    expect([seen, watch.isSuspect]).toEqual([["ask"], true]);
    clock.advance(4_000);
    expect(seen).toEqual(["ask", "silent"]);
    clock.advance(51_999);
    expect(seen).toEqual(["ask", "silent"]);
    clock.advance(1);
    clock.advance(60_000);
    expect(seen).toEqual(["ask", "silent", "lost"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("reports when a silent peer is heard again, and goes on watching", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    clock.advance(40_000);
    watch.received();
    watch.received();
    expect(seen).toEqual(["ask", "silent", "heard"]);
    watch.sent();
    clock.advance(8_000);
    expect(seen).toEqual(["ask", "silent", "heard", "ask", "silent"]);
  });

  it("waits for an answer to a question of others without asking again", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    clock.advance(3_000);
    watch.asked();
    clock.advance(3_999);
    expect(seen).toEqual([]);
    clock.advance(1);
    expect(seen).toEqual(["silent"]);
  });

  it("reads what came while the machine stood still, however often, before it calls the peer silent", () => {
    const clock = new LateClock();
    const seen: string[] = [];
    const events = {
      ask: () => seen.push("ask"),
      silent: () => seen.push("silent"),
      heard: () => {},
      lost: () => seen.push("lost"),
      lastLifeMs: () => -Infinity,
    };
    const watch = new AnswerWatch(clock, events);
    watch.sent();
    clock.passed(4_000);
    clock.passed(20_000);
    expect(seen).toEqual(["ask"]);
    watch.received();
    clock.passed(1_000);
    watch.sent();
    clock.passed(4_000);
    clock.passed(20_000);
    clock.passed(20_000);
    clock.passed(5_000);
    expect(seen).toEqual(["ask", "ask"]);
    clock.passed(1_000);
    expect(seen).toEqual(["ask", "ask", "silent"]);
  });

  it("keeps no timer while nothing is under way, and watches again when something is", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    watch.rest();
    expect(clock.pendingTimers).toBe(1);
    watch.received();
    watch.rest();
    clock.advance(25);
    expect(clock.pendingTimers).toBe(0);
    watch.sent();
    clock.advance(8_000);
    expect(seen).toEqual(["ask", "silent"]);
  });

  it("sets no timer for each of many quick answers, and drops a long one at once", () => {
    const { clock, seen, watch } = start();
    const after = vi.spyOn(clock, "after");
    for (let request = 0; request < 20; request++) {
      watch.sent();
      clock.advance(1);
      watch.received();
      watch.rest();
    }
    expect(after).toHaveBeenCalledTimes(1);
    watch.sent();
    clock.advance(100);
    watch.received();
    watch.rest();
    expect([seen, clock.pendingTimers]).toEqual([[], 0]);
  });

  it("accepts anything that comes as an answer", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    clock.advance(7_000);
    watch.received();
    expect(watch.isSuspect).toBe(false);
    clock.advance(60_000);
    expect(seen).toEqual(["ask"]);
  });

  it("counts from the first message without an answer, however many follow", () => {
    const { clock, seen, watch } = start();
    for (let i = 0; i < 9; i++) {
      watch.sent();
      clock.advance(1_000);
    }
    expect(seen).toEqual(["ask", "silent"]);
  });

  it("counts anew for each round, even if one timer serves many", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    clock.advance(3_000);
    watch.received();
    watch.sent();
    clock.advance(3_900);
    expect(seen).toEqual([]);
    clock.advance(100);
    expect(seen).toEqual(["ask"]);
  });

  it("waits while what was sent is still leaving", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    for (let i = 0; i < 20; i++) {
      clock.advance(3_000);
      watch.stillLeaving();
    }
    expect(seen).toEqual([]);
    clock.advance(8_000);
    expect(seen).toEqual(["ask", "silent"]);
  });

  it("checks for another sign of life before it asks or gives up", () => {
    const { clock, seen, watch, life } = start();
    watch.sent();
    clock.advance(7_000);
    expect(seen).toEqual(["ask"]);
    life.atMs = 5_000;
    clock.advance(60_000);
    expect([seen, watch.isSuspect]).toEqual([["ask"], false]);
    // One from before what was sent says nothing.
    watch.sent();
    clock.advance(8_000);
    expect(seen).toEqual(["ask", "ask", "silent"]);
  });

  it("leaves no timer behind when stopped", () => {
    const { clock, seen, watch } = start();
    watch.sent();
    watch.stop();
    watch.sent();
    clock.advance(60_000);
    expect([seen, clock.pendingTimers]).toEqual([[], 0]);
  });
});
