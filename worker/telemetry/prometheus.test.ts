import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import dashboard from "../../deploy/grafana/culvert.json" with { type: "json" };
import { faultsOf, labelsIn, selectorCount } from "../../test/support/dashboard-check.ts";
import { readPrometheus } from "../../test/support/read-prometheus.ts";
import { histogramSamples, prometheusText } from "./prometheus.ts";
import { relayMetrics } from "./relay-metrics.ts";
import { countRequest, noMetrics } from "./metrics/request-metrics.ts";
import { testEvent } from "../log-delivery/test-event.ts";

const metrics = noMetrics();
countRequest(metrics, testEvent(0));
const counts = { shipped: 2, lost: 0, rejected: 0, backlog: 1, lastSuccessAtMs: null, lastError: null };
const deliveries = [
  { id: "dst_1", ...counts },
  { id: "dst_gone", ...counts },
];
const report = { atMs: 5_000, metrics, connectors: 2, deliveries };
const destination = { id: "dst_1", kind: "otlp", name: 'the "one"' } as const;
const families = relayMetrics(
  [
    { objectName: "relay", ...report, connectors: null },
    { objectName: "tnl_1", ...report },
    { objectName: "tnl_1.b", ...report },
  ],
  [destination],
  [
    { seq: 0, id: "", services: [] },
    { seq: 1, id: "tnl_1", services: ["orders"] },
    { seq: 2, id: "tnl_new", services: ["orders", "payments"] },
  ],
);

describe("the text for Prometheus", () => {
  it("escapes any text in a label", () => {
    const value = 'a"b\\c\nd{e="f"} 1';
    const text = prometheusText([
      { name: "m", help: "of\nlines \\ and", type: "gauge", samples: [{ labels: { value }, value: 1.5 }] },
    ]);
    expect(readPrometheus(text).samples).toEqual([{ name: "m", labels: { value }, value: 1.5 }]);
  });

  it("has buckets that include those before them", () => {
    const samples = histogramSamples({ service: "a" }, [1, 2], [3, 0, 4], 20);
    const text = prometheusText([{ name: "h", help: "h", type: "histogram", samples }]);
    const { sum } = readPrometheus(text);
    expect(["1", "2", "+Inf"].map((le) => sum("h_bucket", { le }))).toEqual([3, 3, 7]);
    expect([sum("h_sum", {}), sum("h_count", {})]).toEqual([20, 7]);
  });

  it("has each tunnel once, however many objects carry it, and leaves deleted destinations out", () => {
    const { sum, samples } = readPrometheus(prometheusText(families));
    expect(sum("culvert_relay_requests_total", { tunnel: "tnl_1" })).toBe(2);
    expect(sum("culvert_relay_requests_total", { tunnel: "" })).toBe(1);
    expect(sum("culvert_relay_connectors", {})).toBe(4);
    expect(sum("culvert_relay_log_events_shipped_total", { tunnel: "tnl_1" })).toBe(4);
    expect(sum("culvert_relay_log_destination_info", { name: 'the "one"', kind: "otlp" })).toBe(1);
    expect(samples.filter(({ labels }) => labels["destination"] === "dst_gone")).toEqual([]);
  });
});

describe("the metrics of the relay", () => {
  const { sum, samples } = readPrometheus(prometheusText(families));
  const found = (name: string, labels: Record<string, string>) =>
    samples.some((sample) => {
      const isIt = Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
      return sample.name === `culvert_relay_${name}` && isIt;
    });

  it("start at 0 for each service's possible results, in tunnels that never reported too", () => {
    for (const labels of [
      { tunnel: "tnl_1", service: "orders", code: "NO_CONNECTOR", outcome: "failed", status_class: "5xx" },
      { tunnel: "tnl_new", service: "payments", code: "UPSTREAM_REFUSED", outcome: "failed" },
      { tunnel: "tnl_new", service: "(unknown)", code: "UNKNOWN_SERVICE", outcome: "refused" },
    ]) {
      expect(found("requests_total", labels)).toBe(true);
      expect(sum("culvert_relay_requests_total", labels)).toBe(0);
    }
    expect(found("connectors", { tunnel: "tnl_new" })).toBe(true);
    expect(found("connectors", { tunnel: "" })).toBe(false);
    expect(found("events_dropped_total", { tunnel: "tnl_new" })).toBe(true);
    expect(found("log_events_lost_total", { tunnel: "tnl_1", destination: "dst_1" })).toBe(true);
    expect(found("last_report_timestamp_seconds", { tunnel: "tnl_new" })).toBe(false);
  });

  const isOurs = (metric: string) => metric.startsWith("culvert_relay_");

  it("are those that the dashboard asks for", () => {
    const labelsOf = labelsIn(prometheusText(families));
    expect(selectorCount(dashboard, isOurs)).toBeGreaterThan(20);
    expect(faultsOf(dashboard, labelsOf, isOurs)).toEqual([]);
  });

  it("are all explained, and no others are", () => {
    const observability = readFileSync("docs/observability.md", "utf8");
    const explained = Array.from(observability.matchAll(/`(culvert_relay_[a-z_]+)/g), ([, name]) => name);
    expect(new Set(explained)).toEqual(new Set(families.map(({ name }) => name)));
  });
});
