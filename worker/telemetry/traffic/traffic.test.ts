import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countLatency,
  type LatencyHistogram,
  mergeLatencies,
  percentileMs,
} from "../metrics/latency-histogram.ts";
import { parseEvent } from "../../events/parse-event.ts";
import { countRequest, DURATION_BOUNDS, mergeMetrics, noMetrics } from "../metrics/request-metrics.ts";
import { testEvent } from "../../log-delivery/test-event.ts";
import { addRequest, addTraffic, noTraffic, trafficBreakdown } from "./traffic.ts";
import { lastMinutes, timesBetween, trafficView, windowSteps } from "./traffic-view.ts";

const event = testEvent(0);

describe("percentiles", () => {
  it("are 2% off the true ones at most", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 100_000 }), { minLength: 1 }), (latencies) => {
        const histogram: LatencyHistogram = new Map();
        for (const latencyMs of latencies) countLatency(histogram, latencyMs);
        const sorted = latencies.toSorted((a, b) => a - b);
        for (const share of [0.5, 0.9, 0.99]) {
          const trueMs = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
          const foundMs = percentileMs(histogram, share) ?? 0;
          expect(Math.abs(foundMs - trueMs) / trueMs).toBeLessThan(0.0205);
        }
      }),
    );
  });

  it("of a service that always takes 1.50 s are all 1.50 s", () => {
    const histogram: LatencyHistogram = new Map();
    for (let index = 0; index < 1_000; index++) countLatency(histogram, 1_500);
    for (const share of [0, 0.5, 0.9, 0.99, 1]) {
      expect(Math.abs((percentileMs(histogram, share) ?? 0) - 1_500)).toBeLessThan(30);
    }
  });

  it("are read from rows that version 0.1 wrote, too", () => {
    // 1,000 requests of 1.50 s: its bucket 41 ends at 1,765 ms.
    expect(percentileMs(new Map([[41, 1_000]]), 0.5)).toBeCloseTo(1_612, -1);
  });

  it("of no requests are null, and of two merged halves are those of the whole", () => {
    expect(percentileMs(new Map(), 0.5)).toBeNull();
    const [whole, half, other]: LatencyHistogram[] = [new Map(), new Map(), new Map()];
    if (whole === undefined || half === undefined || other === undefined) throw new Error("three");
    for (const latencyMs of [1, 20, 300, 4_000, 500_000]) {
      countLatency(whole, latencyMs);
      countLatency(latencyMs < 100 ? half : other, latencyMs);
    }
    mergeLatencies(half, other);
    expect(half).toEqual(whole);
  });
});

describe("series", () => {
  it("of hosts that nobody allowed are one, and there are at most a hundred of those that were called", () => {
    const metrics = noMetrics();
    for (let index = 0; index < 1_000; index++) {
      countRequest(metrics, {
        ...event,
        service: `junk-${index}`,
        outcome: "refused",
        code: "UNKNOWN_SERVICE",
      });
      countRequest(metrics, { ...event, service: `host-${index}.internal` });
    }
    expect(metrics.services.get("(unknown)")?.results).toEqual(
      new Map([["refused UNKNOWN_SERVICE 2xx", 1_000]]),
    );
    expect(metrics.services.size).toBe(102);
    expect(metrics.services.has("junk-1")).toBe(false);
    expect(mergeMetrics([metrics, metrics]).services.get("(other)")?.results).toEqual(
      new Map([["answered - 2xx", 2 * 900]]),
    );
  });

  it("of services have room whatever hosts a caller makes up under a wildcard", () => {
    const [metrics, traffic, sum] = [noMetrics(), noTraffic(), noTraffic()];
    for (const change of [
      { outcome: "refused", code: "ACCESS_DENIED", status: 403 },
      { outcome: "refused", code: "UPSTREAM_NOT_ALLOWED", status: 403 },
      { outcome: "failed", code: "UPSTREAM_UNREACHABLE", status: 502 },
    ] as const) {
      for (let index = 0; index < 300; index++) {
        const made = {
          ...event,
          ...change,
          service: `${change.code.toLowerCase()}-${index}.corp.example:443`,
        };
        countRequest(metrics, made);
        addRequest(traffic, made);
      }
    }
    const denied = { ...event, service: "payments", outcome: "refused", code: "ACCESS_DENIED" } as const;
    countRequest(metrics, denied);
    addRequest(traffic, denied);
    addTraffic(sum, traffic);
    expect(metrics.services.get("(unknown)")?.results).toEqual(new Map([["refused ACCESS_DENIED 4xx", 300]]));
    for (const { services } of [metrics, traffic, sum]) expect([...services.keys()]).toContain("payments");
    expect(sum.services.size).toBe(13);
    for (let index = 0; index < 20; index++) addRequest(traffic, { ...event, service: `service-${index}` });
    expect(traffic.services.has("service-15")).toBe(true);
  });

  it("accept names that every JavaScript object has", () => {
    const metrics = noMetrics();
    countRequest(metrics, { ...event, service: "__proto__" });
    countRequest(metrics, { ...event, service: "constructor", code: "toString" });
    expect([...metrics.services.keys()]).toEqual(["__proto__", "constructor"]);
  });

  it("count each HTTP request in the one bucket that it belongs to", () => {
    const metrics = noMetrics();
    for (const durationMs of [0, 2, 3, 60_000, 60_001]) countRequest(metrics, { ...event, durationMs });
    countRequest(metrics, { ...event, kind: "websocket", durationMs: 5 });
    const { durations = [] } = metrics.services.get(event.service) ?? {};
    expect(durations).toHaveLength(DURATION_BOUNDS.length + 1);
    expect([durations[0], durations[1], durations.at(-2), durations.at(-1)]).toEqual([2, 1, 1, 1]);
  });
});

describe("the traffic view", () => {
  it("has a point for each step, adds steps together, and ends with the one that is not over", () => {
    const nowMs = 86_400_000 + 7_000;
    const busy = () => {
      const traffic = noTraffic();
      addRequest(traffic, { ...event, status: 503, outcome: "failed", code: "NO_CONNECTOR" });
      return traffic;
    };
    const steps = [
      { atMs: nowMs - 7_000, traffic: busy() },
      { atMs: nowMs - 67_000, traffic: busy() },
      { atMs: nowMs - 127_000, traffic: busy() },
    ];
    const view = trafficView(steps, lastMinutes(720, nowMs));
    expect(view).toMatchObject({ stepSeconds: 300, codes: [{ code: "NO_CONNECTOR", count: 3 }] });
    expect(view.points).toHaveLength(144);
    expect(view.points.slice(-3).map(({ requests, errors }) => [requests, errors])).toEqual([
      [0, 0],
      [2, 2],
      [1, 1],
    ]);
    expect(view.points.at(-1)?.at).toBe(new Date(86_400_000).toISOString());
    expect(view.points[0]?.p50Ms).toBeNull();
  });

  it.each([
    [5, 10],
    [60, 10],
    [65, 60],
    [1440, 300],
  ])("of %i minutes has steps of %i s", (windowMinutes, stepSeconds) => {
    expect(windowSteps(windowMinutes).stepSeconds).toBe(stepSeconds);
  });

  it("of a range has the finest steps that are still stored, including partly covered ones", () => {
    const nowMs = 86_400_000 + 7_000;
    const minutesAgo = (minutes: number) => nowMs - minutes * 60_000;
    const last = timesBetween(minutesAgo(10), minutesAgo(5), nowMs);
    expect(last).toMatchObject({ stepSeconds: 10, readSeconds: 10, steps: 31 });
    expect(last.fromMs).toBe(minutesAgo(10) - 7_000);
    expect(timesBetween(minutesAgo(90), minutesAgo(85), nowMs)).toMatchObject({ stepSeconds: 60, steps: 6 });
    expect(timesBetween(minutesAgo(1_400), minutesAgo(600), nowMs)).toMatchObject({
      ...{ stepSeconds: 300, readSeconds: 60 },
    });
    expect(timesBetween(nowMs - 1, nowMs, nowMs).steps).toBe(1);
  });

  it("counts each connector's requests in each step, with steps of an older version that have none", () => {
    const nowMs = 86_400_000 + 7_000;
    const traffic = noTraffic();
    for (const connector of ["con_a", "con_b", "con_a", null]) addRequest(traffic, { ...event, connector });
    const steps = [
      { atMs: nowMs - 7_000, traffic },
      { atMs: nowMs - 17_000, traffic: { ...noTraffic(), requests: 9 } },
    ];
    const { connectors } = trafficView(steps, lastMinutes(5, nowMs));
    expect(connectors.map(({ connector, requests }) => [connector, requests])).toEqual([
      ["con_a", 2],
      ["con_b", 1],
    ]);
    expect(connectors[0]?.perStep.slice(-2)).toEqual([0, 2]);
  });

  it("shows the twenty busiest services, the busiest first", () => {
    const traffic = noTraffic();
    for (let index = 0; index < 30; index++) addRequest(traffic, { ...event, service: `service-${index}` });
    addRequest(traffic, { ...event, service: "service-7" });
    const { services } = trafficBreakdown(traffic);
    expect(services.map(({ requests }) => requests)).toEqual([10, 2, ...Array.from({ length: 19 }, () => 1)]);
    expect(services[0]?.service).toBe("(other)");
  });
});

describe("parseEvent", () => {
  it.each([
    "",
    "{",
    "null",
    "7",
    "{}",
    JSON.stringify({ ...event, time: "yesterday" }),
    JSON.stringify({ ...event, status: "200" }),
  ])("rejects a line such as %s", (line) => {
    expect(parseEvent(line)).toBeNull();
  });

  it("keeps fields that are newer than itself", () => {
    expect(parseEvent(JSON.stringify({ ...event, newer: 1 }))).toEqual({ ...event, newer: 1 });
  });
});
