import { describe, expect, it } from "vitest";
import type { ObjectLoad } from "../registry/scaling.ts";
import { LoadReports } from "./load-reports.ts";

function setUp(isWatched = false) {
  const sent: ObjectLoad[] = [];
  const state = { nowMs: 1_000_000, requestsPerSecond: 100, openStreams: 3, isLeaving: false };
  const reports = new LoadReports({
    nowMs: () => state.nowMs,
    measure: () => ({
      connectors: 2,
      requestsPerSecond: state.requestsPerSecond,
      openStreams: state.openStreams,
    }),
    isLeaving: () => state.isLeaving,
    isWatched: () => isWatched,
    send: (load) => void sent.push(load),
  });
  return { sent, state, reports };
}

describe("LoadReports", () => {
  it("speaks every fifteen seconds while there is a load, with the bytes of that time", () => {
    const { sent, state, reports } = setUp();
    for (let second = 0; second < 31; second++) {
      reports.finished(1_000);
      state.nowMs += 1_000;
    }
    expect(sent.map(({ bytesPerSecond }) => bytesPerSecond)).toEqual([0, 1_000, 1_000]);
    expect(sent[1]).toMatchObject({
      connectors: 2,
      requestsPerSecond: 100,
      openStreams: 3,
      overloaded: false,
    });
  });

  it("says nothing of little, unless the tunnel has more objects", () => {
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

  it("tells at once that the last request of an object that leaves is over", () => {
    const { sent, state, reports } = setUp(true);
    state.isLeaving = true;
    reports.finished(1);
    reports.finished(1);
    expect(sent).toHaveLength(1);
    state.openStreams = 0;
    reports.finished(1);
    expect(sent.map(({ openStreams }) => openStreams)).toEqual([3, 0]);
  });

  it("tells of distress at once, and once a second while it lasts", () => {
    const { sent, state, reports } = setUp();
    reports.finished(1);
    state.nowMs += 2_000;
    for (let index = 0; index < 10; index++) reports.overloaded();
    expect(sent.map(({ overloaded }) => overloaded)).toEqual([false, true]);
    state.nowMs += 1_000;
    reports.overloaded();
    state.nowMs += 15_000;
    reports.finished(1);
    expect(sent.map(({ overloaded }) => overloaded)).toEqual([false, true, true, false]);
  });
});
