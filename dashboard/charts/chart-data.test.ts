import { expect, it } from "vitest";
import type { TrafficPoint } from "../api-types.ts";
import { chartData, latest } from "./chart-data.ts";

function point(at: string, requests: number, errors: number, p99Ms: number | null): TrafficPoint {
  const bytes = { requestBytes: 0, responseBytes: 0 };
  return { at, requests, errors, cancelled: 0, p50Ms: null, p90Ms: null, p99Ms, ...bytes };
}

const nothing = { stepSeconds: 10, points: [], services: [], codes: [], connectors: [] };

it("turns counts into rates and steps without requests into gaps, and leaves out the step that is not over", () => {
  const points = [
    point("2026-11-23T11:59:40.000Z", 50, 5, 30),
    point("2026-11-23T11:59:50.000Z", 0, 0, null),
    point("2026-11-23T12:00:00.000Z", 3, 0, 10),
  ];
  const data = chartData({ ...nothing, points }, false, (id) => id);
  expect(data.at.map((seconds) => new Date(seconds * 1000).toISOString())).toEqual([
    "2026-11-23T11:59:40.000Z",
    "2026-11-23T11:59:50.000Z",
  ]);
  expect(data.requestsPerSecond).toEqual([5, 0]);
  expect(data.errorsPerSecond).toEqual([0.5, 0]);
  expect(data.errorShare).toEqual([0.1, null]);
  expect(data.p99Ms).toEqual([30, null]);
  expect(latest(data.p99Ms)).toBeNull();
  expect(latest(data.p50Ms)).toBeNull();
  expect(chartData({ ...nothing, points }, true, (id) => id).requestsPerSecond).toEqual([5, 0, 0.3]);
});

it("has a line for each of the busiest connectors, and one line for all others", () => {
  const connectors = Array.from({ length: 8 }, (_, index) => {
    const requests = 80 - 10 * index;
    return { connector: `con_${index}`, requests, perStep: [requests, 0] };
  });
  const points = [
    point("2026-11-23T12:00:00.000Z", 360, 0, 1),
    point("2026-11-23T12:00:10.000Z", 0, 0, null),
  ];
  const data = chartData({ ...nothing, points, connectors }, false, (id) => (id === "con_0" ? "rack-7" : id));
  expect(data.connectors).toEqual([
    { name: "rack-7", requestsPerSecond: [8] },
    ...[7, 6, 5, 4].map((rate) => ({ name: `con_${8 - rate}`, requestsPerSecond: [rate] })),
    { name: "3 others", requestsPerSecond: [6] },
  ]);
});
