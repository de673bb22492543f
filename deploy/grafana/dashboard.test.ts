import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import {
  type Dashboard,
  faultsOf,
  type LabelsOf,
  labelsIn,
  selectorCount,
} from "../../test/support/dashboard-check.ts";
import { Metrics } from "../../connector/telemetry/metrics.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Every metric that a connector with traffic shows, with its labels. */
let labelsOf: LabelsOf;
let ownNames: string[];

beforeAll(async () => {
  const metrics = new Metrics(
    { version: "1.2.3", name: "rack-7", connector: "con_1" },
    {
      connections: () => [{ state: "ready", roundTripMs: 1, object: "tnl_a" }],
      services: () => [{ service: "orders", outcome: "PASSING" }],
      spans: { exported: 1, failed: 0, dropped: 0 },
      droppedLogLines: () => 1,
      faults: { exchange: 0, upstream: 0, relay: 0, process: 0 },
    },
  );
  metrics.requestStarted("orders");
  metrics.requestFinished({
    ...{ kind: "http", requestId: "r", traceId: null, project: "p", environment: "e", service: "orders" },
    ...{ method: "GET", path: "/", status: 502, code: "UPSTREAM_DNS", requestBytes: 1, responseBytes: 1 },
    ...{ waitMs: 1, durationMs: 1 },
  });
  const text = await metrics.render();
  labelsOf = labelsIn(text);
  ownNames = [...text.matchAll(/^# TYPE (culvert_\S+)/gm)].map(([, name = ""]) => name);
});

const dashboard = JSON.parse(read("deploy/grafana/culvert.json")) as Dashboard;
const isOurs = (metric: string) => !metric.startsWith("culvert_relay_");

it("the dashboard asks for metrics and labels that exist, and groups by them", () => {
  expect(selectorCount(dashboard, isOurs)).toBeGreaterThan(25);
  expect(faultsOf(dashboard, labelsOf, isOurs)).toEqual([]);
});

it("the dashboard's panels have ids and titles of their own", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
});

it("the autoscaler goes by a metric that exists", () => {
  const [, name = ""] =
    /name: (culvert_\w+)/.exec(read("deploy/kubernetes/horizontal-pod-autoscaler.yaml")) ?? [];
  expect(labelsOf.has(name)).toBe(true);
});

it("every metric is explained, and no other one is", () => {
  const explained = [...read("docs/observability.md").matchAll(/`(culvert_connector_[a-z_]+)/g)].map(
    ([, name]) => name,
  );
  expect(new Set(explained)).toEqual(new Set(ownNames));
});
