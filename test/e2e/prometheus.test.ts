import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi } from "../../scripts/demo/admin-api.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startConnector } from "../../scripts/demo/local-tunnels.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import type { Dashboard } from "../support/dashboard-check.ts";
import { HttpUpstream } from "../support/servers/http-upstream.ts";

const ADMIN_KEY = "admin-key-of-the-prometheus-tests-0123";
const CLOSED_PORT = 1;
const PATIENCE_MS = 50_000;
const deploy = join(import.meta.dirname, "../../deploy");
const rulesFile = join(deploy, "prometheus/alerts.yaml");

const isMissing = ["prometheus", "promtool"].some(
  (name) => spawnSync(name, ["--version"]).error !== undefined,
);
if (isMissing)
  console.warn("no prometheus and promtool here (apt-get install prometheus): the rules are not tested");

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

const upstream = new HttpUpstream();
const connectors: Child[] = [];
/** Where each process serves its metrics. */
const origins: string[] = [];
let directory: string;
let relay: WorkerdProcess;
let prometheus: Child | undefined;
let prometheusUrl: string;
let tunnelId: string;
let gatewayKey: string;
let rules: Map<string, string>;
let dashboard: Dashboard;

function promtool(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync("promtool", args, {
    input,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, output: stdout + stderr };
}

async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${relay.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

async function query(expr: string): Promise<Sample[]> {
  const response = await fetch(`${prometheusUrl}/api/v1/query`, {
    method: "POST",
    body: new URLSearchParams({ query: expr }),
  });
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: Sample[] } };
  if (answer.data === undefined) throw new Error(`${answer.error}: ${expr}`);
  return answer.data.result;
}

const firing = (alert: string): Promise<Sample[]> => query(rules.get(alert) ?? "no such alert");

/** The query as Grafana sends it, with everything selected. */
const asked = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "5m").replaceAll(/\$\w+/g, ".*");

/** The panels that show one number, by title. */
async function stats(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { title, targets = [] } of dashboard.panels) {
    for (const { expr } of targets) {
      const samples = await query(asked(expr));
      found.set(
        title,
        samples.map(({ value }) => value[1]),
      );
    }
  }
  return found;
}

async function send(service: string): Promise<number> {
  const response = await fetch(`${relay.url}/~/${tunnelId}/${service}/ok`, {
    headers: { "culvert-gateway-key": gatewayKey },
  });
  await response.text();
  return response.status;
}

async function startPrometheus(): Promise<void> {
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [rulesFile],
    scrape_configs: [
      {
        job_name: "culvert-relay",
        metrics_path: "/v1/metrics",
        authorization: { credentials: ADMIN_KEY },
        static_configs: [{ targets: [new URL(relay.url).host] }],
      },
      {
        job_name: "culvert-connectors",
        static_configs: [{ targets: origins.map((origin) => new URL(origin).host) }],
      },
    ],
  };
  // YAML is a superset of JSON.
  await writeFile(join(directory, "prometheus.yml"), JSON.stringify(config));
  prometheus = startChild("prometheus", "prometheus", [
    `--config.file=${join(directory, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    "--web.listen-address=127.0.0.1:0",
  ]);
  const [, address = ""] = await prometheus.line(/"Listening on" address=(\S+)/, PATIENCE_MS);
  prometheusUrl = `http://${address}`;
}

describe.skipIf(isMissing)("real Prometheus", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    const text = parse(await readFile(rulesFile, "utf8")) as Rules;
    rules = new Map(text.groups.flatMap((group) => group.rules).map(({ alert, expr }) => [alert, expr]));
    dashboard = JSON.parse(await readFile(join(deploy, "grafana/culvert.json"), "utf8")) as Dashboard;
    directory = await mkdtemp(join(tmpdir(), "culvert-prometheus-"));
    await upstream.listen();
    relay = await startWorkerd({
      relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY, vars: { METRICS_INTERVAL_SECONDS: "1" } },
      persistDir: join(directory, "state"),
    });
    const caller = { project: "shop", environment: "production" };
    gatewayKey = (await admin<{ key: string }>("POST", "/gateway-keys", caller)).key;
    const tunnel = await admin<{ id: string; token: string }>("POST", "/tunnels", { name: "watched" });
    tunnelId = tunnel.id;
    const service = (name: string, port: number) => ({
      ...{ name, endpoint: `http://127.0.0.1:${port}` },
      configurations: [{ project: "shop", accessibleBy: "production" }],
    });
    await admin("PUT", `/tunnels/${tunnelId}/services-configuration`, {
      ...{ version: 1, services: [service("good-api", upstream.port), service("closed-api", CLOSED_PORT)] },
    });
    for (let index = 0; index < 2; index++) {
      const to = { admin: adminApi(relay.url, ADMIN_KEY), tunnel };
      const connector = await startConnector(CULVERT_BUNDLE, to, { TUNNEL_ALLOW: "127.0.0.1" });
      connectors.push(connector);
      const [, origin = ""] = await connector.line(/"metrics":"([^"]+)"/, PATIENCE_MS);
      origins.push(origin);
    }
    await startPrometheus();
  });

  afterAll(async () => {
    await prometheus?.stop(2_000);
    for (const connector of connectors) await connector.stop(0);
    await relay.stop(500);
    await upstream.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("takes the rules, and its own tests of them pass", () => {
    expect(promtool(["check", "rules", rulesFile])).toMatchObject({ status: 0 });
    const tested = promtool(["test", "rules", join(deploy, "prometheus/alerts.test.yaml")]);
    expect(tested.status, tested.output).toBe(0);
  });

  it("finds nothing wrong with the metrics of either side", async () => {
    expect(await send("good-api")).toBe(200);
    const ofRelay = await fetch(`${relay.url}/v1/metrics`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const texts = [ofRelay, ...(await Promise.all(origins.map((origin) => fetch(`${origin}/metrics`))))];
    for (const text of texts) {
      expect(promtool(["check", "metrics"], await text.text())).toEqual({ status: 0, output: "" });
    }
  });

  it("sees the first failures of a service, on both sides", async () => {
    const zero = 'culvert_connector_errors_total{service="closed-api",code="UPSTREAM_REFUSED"}';
    await eventually("series at 0 before the first failure", PATIENCE_MS, async () => {
      const counts = await query(zero);
      const ofRelay = await query(
        'culvert_relay_requests_total{service="closed-api",code="UPSTREAM_REFUSED"}',
      );
      return counts.length === 2 && ofRelay.length === 1;
    });
    expect(await firing("CulvertUpstreamFailures")).toEqual([]);
    expect(new Set(await Promise.all(Array.from({ length: 100 }, () => send("closed-api"))))).toEqual(
      new Set([502]),
    );
    for (const alert of ["CulvertUpstreamFailures", "CulvertTunnelFailures"]) {
      const [sample] = await eventually(alert, PATIENCE_MS, async () => {
        const samples = await firing(alert);
        return samples.length > 0 && samples;
      });
      expect(sample?.metric).toMatchObject({ code: "UPSTREAM_REFUSED" });
    }
    const share = 'sum(rate(culvert_connector_errors_total{service="closed-api"}[1m]))';
    await eventually("a rate", PATIENCE_MS, async () => Number((await query(share))[0]?.value[1]) > 0);
  });

  it("answers every panel, and knows which service no connector reaches", async () => {
    await eventually("the failed check", PATIENCE_MS, async () => {
      const down = await firing("CulvertServiceDown");
      return down.map(({ metric }) => metric["service"]).join() === "closed-api";
    });
    const shown = await stats();
    for (const title of ["Ready connections", "Connections of connectors"])
      expect(shown.get(title)).toEqual(["2"]);
    for (const title of ["Failed requests", "Errors at the relay"]) {
      expect(Number(shown.get(title)?.[0])).toBeGreaterThan(0.5);
    }
    expect(await firing("CulvertNoConnectorReady")).toEqual([]);
    expect(await firing("CulvertTunnelDown")).toEqual([]);
  });

  it("sees that all connectors died, on both sides, and no number vanishes from the dashboard", async () => {
    for (const connector of connectors) connector.signal("SIGKILL");
    const [down] = await eventually("the relay's alert", PATIENCE_MS, async () => {
      const samples = await firing("CulvertTunnelDown");
      return samples.length > 0 && samples;
    });
    expect(down?.metric).toEqual({ tunnel: tunnelId });
    await eventually("the connectors' alert", PATIENCE_MS, async () => {
      const gone = await query("culvert_connector_ready_connections");
      return gone.length === 0 && (await firing("CulvertNoConnectorReady")).length === 1;
    });
    await eventually("both alerts in Prometheus itself", PATIENCE_MS, async () => {
      const response = await fetch(`${prometheusUrl}/api/v1/alerts`);
      const { data } = (await response.json()) as { data: { alerts: { labels: { alertname: string } }[] } };
      const names = data.alerts.map(({ labels }) => labels.alertname);
      return names.includes("CulvertNoConnectorReady") && names.includes("CulvertTunnelDown");
    });
    const shown = await stats();
    for (const title of ["Ready connections", "Connections of connectors", "In flight"]) {
      expect(shown.get(title), title).toEqual(["0"]);
    }
    for (const title of ["Failed requests", "Request rate", "Failing services", "Errors at the relay"]) {
      expect(shown.get(title), title).toHaveLength(1);
    }
    expect(await send("good-api")).toBe(503);
    await eventually("requests that find none", PATIENCE_MS, async () => {
      return (await firing("CulvertRequestsFindNoConnector")).length === 1;
    });
  });
});
