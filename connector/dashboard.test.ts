import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { Metrics } from "./metrics.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** A metric's name, and the labels that may follow it up to its closing brace. */
const SELECTOR = /\b((?:culvert|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
/** Added by Prometheus to whatever it scrapes. */
const OF_PROMETHEUS = ["instance", "job"];

/** Every metric that a connector with traffic shows, with its labels. */
const labelsOf = new Map<string, Set<string>>();
let ownNames: string[];

beforeAll(async () => {
  const metrics = new Metrics("1.2.3", {
    links: () => [{ state: "ready", roundTripMs: 1 }],
    services: () => [{ service: "orders", outcome: "PASSING" }],
  });
  metrics.requestStarted("orders");
  metrics.requestFinished({
    ...{ kind: "http", requestId: "r", traceId: null, project: "p", environment: "e", service: "orders" },
    ...{ method: "GET", path: "/", status: 502, code: "UPSTREAM_DNS", requestBytes: 1, responseBytes: 1 },
    ...{ waitMs: 1, durationMs: 1 },
  });
  const text = await metrics.render();
  for (const [, name = "", labels = ""] of text.matchAll(/^([a-z0-9_]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = labelsOf.get(name) ?? new Set<string>();
    for (const [, label = ""] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    labelsOf.set(name, known);
  }
  ownNames = [...text.matchAll(/^# TYPE (culvert_\S+)/gm)].map(([, name = ""]) => name);
});

interface Dashboard {
  templating: { list: { query: string | { query: string } }[] };
  panels: { id: number; title: string; targets?: { expr: string; legendFormat: string }[] }[];
}

const dashboard = JSON.parse(read("deploy/grafana/culvert-connector.json")) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
const queries = [
  ...targets.map(({ expr }) => expr),
  ...dashboard.templating.list.map(({ query }) => (typeof query === "string" ? "" : query.query)),
];

it("the dashboard asks for metrics and labels that exist", () => {
  const selectors = queries.flatMap((query) => [...query.matchAll(SELECTOR)]);
  expect(selectors.length).toBeGreaterThan(25);
  for (const [, name = "", selection = ""] of selectors) {
    expect([name, labelsOf.has(name)]).toEqual([name, true]);
    const labels = [...selection.matchAll(/([a-z_]+)\s*(?:=|!)/g)].map(([, label]) => label);
    const known = [...OF_PROMETHEUS, ...(labelsOf.get(name) ?? [])];
    for (const label of labels) expect(known, `${name}{${label}}`).toContain(label);
  }
});

it("the dashboard groups by labels that exist, and names its lines by them", () => {
  for (const { expr, legendFormat } of targets) {
    const known = [...expr.matchAll(SELECTOR)].flatMap(([, name = ""]) => [...(labelsOf.get(name) ?? [])]);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/, */));
    const named = [...legendFormat.matchAll(/\{\{(.*?)\}\}/g)].map(([, label]) => label);
    for (const label of [...grouped, ...named]) expect([...known, ...OF_PROMETHEUS], expr).toContain(label);
    if (grouped.length > 0) for (const label of named) expect(grouped, legendFormat).toContain(label);
  }
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
