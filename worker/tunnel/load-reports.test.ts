import { describe, expect, it } from "vitest";
import type { ObjectLoad } from "../registry/scaling/scaling.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { LoadReports } from "./load-reports.ts";

function setUp(isWatched = false) {
  const sent: ObjectLoad[] = [];
  const clock = new FakeClock();
  const state = { requestsPerSecond: 100, openStreams: 3, isLeaving: false, isHeard: true };
  const reports = new LoadReports({
    clock,
    random: () => 0.5,
    measure: () => ({
      connectors: 2,
      requestsPerSecond: state.requestsPerSecond,
      openStreams: state.openStreams,
      isLeaving: state.isLeaving,
    }),
    isLeaving: () => state.isLeaving,
    isWatched: () => isWatched,
    async send(load) {
      sent.push(load);
      if (!state.isHeard) throw new Error("not heard");
    },
  });
  return { sent, state, reports, clock };
}

describe("LoadReports", () => {
  it("sends every fifteen seconds while there is load, with the bytes of that time", () => {
    const { sent, reports, clock } = setUp();
    for (let second = 0; second < 31; second++) {
      reports.finished(1_000);
      clock.advance(1_000);
    }
    expect(sent.map(({ bytesPerSecond }) => bytesPerSecond)).toEqual([0, 1_000, 1_000]);
    expect(sent[1]).toMatchObject({
      connectors: 2,
      requestsPerSecond: 100,
      openStreams: 3,
      overloaded: false,
    });
  });

  it("does not report little load, unless the tunnel has more objects", () => {
    const { sent, state, reports } = setUp();
    state.requestsPerSecond = 1;
    reports.finished(1);
    reports.connectorsChanged();
    expect(sent).toEqual([]);
    const watched = setUp(true);
    watched.state.requestsPerSecond = 1;
    watched.reports.finished(1);
    watched.reports.connectorsChanged();
    expect(watched.sent).toHaveLength(2);
  });

  it("reports at once that the last request of a leaving object is over", () => {
    const { sent, state, reports } = setUp(true);
    state.isLeaving = true;
    reports.finished(1);
    reports.finished(1);
    expect(sent).toHaveLength(1);
    state.openStreams = 0;
    reports.finished(1);
    expect(sent.map(({ openStreams }) => openStreams)).toEqual([3, 0]);
  });

  it("reports distress at once, and once a second while it lasts", () => {
    const { sent, reports, clock } = setUp();
    reports.finished(1);
    clock.advance(2_000);
    for (let index = 0; index < 10; index++) reports.overloaded();
    expect(sent.map(({ overloaded }) => overloaded)).toEqual([false, true]);
    clock.advance(1_000);
    reports.overloaded();
    clock.advance(15_000);
    reports.finished(1);
    expect(sent.map(({ overloaded }) => overloaded)).toEqual([false, true, true, false]);
  });

  it("repeats that connectors have come until the report arrives, and then no more", async () => {
    const { sent, state, reports, clock } = setUp(true);
    state.isHeard = false;
    reports.connectorsChanged();
    for (let minute = 0; minute < 2; minute++) {
      await Promise.resolve().then(() => {});
      clock.advance(30_000);
    }
    expect(sent.length).toBeGreaterThan(1);
    state.isHeard = true;
    await Promise.resolve().then(() => {});
    clock.advance(60_000);
    await Promise.resolve().then(() => {});
    const heard = sent.length;
    clock.advance(600_000);
    expect([sent.length, clock.pendingTimers]).toEqual([heard, 0]);
  });

  it("does not repeat what requests will report again", async () => {
    const { state, reports, clock } = setUp(true);
    state.isHeard = false;
    reports.finished(1);
    await Promise.resolve().then(() => {});
    expect(clock.pendingTimers).toBe(0);
  });

  it("reports its connectors once, even if the list changes often", async () => {
    const { sent, state, reports, clock } = setUp(true);
    for (let count = 0; count < 5; count++) {
      reports.connectorsChanged();
      await Promise.resolve().then(() => {});
    }
    expect(sent).toHaveLength(1);
    state.isLeaving = true;
    reports.connectorsChanged();
    expect(sent).toHaveLength(2);
    await Promise.resolve().then(() => {});
    // The Registry may have forgotten.
    clock.advance(10_000);
    reports.connectorsChanged();
    expect(sent).toHaveLength(3);
  });
});
