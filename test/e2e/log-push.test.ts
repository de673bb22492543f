import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi } from "../../scripts/demo/admin-api.ts";
import type { Child } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startConnector } from "../../scripts/demo/local-tunnels.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { HttpUpstream } from "../support/servers/http-upstream.ts";
import { readPrometheus } from "../support/read-prometheus.ts";
import { LogReceiver, type ReceiverKind, SECRETS, SETTINGS } from "../support/servers/log-receiver.ts";

const ADMIN_KEY = "admin-key-of-the-log-push-tests-0123";
/** Generous: these events take seconds. */
const PATIENCE_MS = 50_000;
const KINDS = Object.keys(SECRETS) as ReceiverKind[];

const upstream = new HttpUpstream();
const receivers = Object.fromEntries(KINDS.map((kind) => [kind, new LogReceiver(kind)])) as Record<
  ReceiverKind,
  LogReceiver
>;
/** Everything that the relay wrote to anyone. It must contain no secret. */
const said: string[] = [];
let directory: string;
let relay: WorkerdProcess;
let connector: Child;
let gatewayKey: string;
let tunnelId: string;
let sent = 0;

interface Delivery {
  shipped: number;
  lost: number;
  rejected: number;
  backlog: number;
  lastError: { reason: string; tunnel: string } | null;
}

interface Traffic {
  stepSeconds: number;
  points: { requests: number; p50Ms: number | null; p99Ms: number | null }[];
  services: { service: string; requests: number }[];
  codes: { code: string; count: number }[];
}

interface Destination {
  id: string;
  kind: ReceiverKind;
  secrets: string[];
  delivery: Delivery;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-log-push-"));
  await upstream.listen();
  for (const receiver of Object.values(receivers)) await receiver.listen();
  relay = await startRelay(0);
  const key = await admin<{ key: string }>("POST", "/gateway-keys", {
    project: "shop",
    environment: "production",
  });
  gatewayKey = key.body.key;
  const { body: tunnel } = await admin<{ id: string; token: string }>("POST", "/tunnels", { name: "logged" });
  tunnelId = tunnel.id;
  await admin("PUT", `/tunnels/${tunnelId}/services-configuration`, {
    version: 1,
    services: [
      {
        name: "node-api",
        endpoint: `http://127.0.0.1:${upstream.port}`,
        configurations: [{ project: "shop", accessibleBy: "production" }],
      },
    ],
  });
  connector = await startConnector(
    CULVERT_BUNDLE,
    { admin: adminApi(relay.url, ADMIN_KEY), tunnel },
    { TUNNEL_ALLOW: "127.0.0.1" },
  );
});

afterAll(async () => {
  await connector.stop(2_000);
  await relay.stop(500);
  await upstream.close();
  for (const receiver of Object.values(receivers)) await receiver.close();
  await rm(directory, { recursive: true, force: true });
});

function startRelay(port: number): Promise<WorkerdProcess> {
  return startWorkerd({
    relay: {
      bundlePath: RELAY_BUNDLE,
      adminKey: ADMIN_KEY,
      mayCallPrivate: true,
      vars: { METRICS_INTERVAL_SECONDS: "1" },
    },
    persistDir: join(directory, "state"),
    port,
    onLog: (line) => said.push(line),
  });
}

interface Called<T> {
  status: number;
  text: string;
  body: T;
}

async function admin<T = unknown>(method: string, path: string, body?: unknown): Promise<Called<T>> {
  const response = await fetch(`${relay.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  said.push(text);
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, text, body: (isJson ? JSON.parse(text) : null) as T };
}

/** Sends one request. It is logged whatever its outcome. */
async function send(path: string, service = "node-api"): Promise<void> {
  const response = await fetch(`${relay.url}/~/${tunnelId}/${service}${path}`, {
    headers: { "culvert-gateway-key": gatewayKey },
  });
  await response.text();
  sent++;
}

async function sendSome(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await (index % 5 === 4 ? send("/ok", "no-such-service") : send("/ok"));
  }
}

function allTaken(kinds: readonly ReceiverKind[]): Promise<unknown> {
  const counts = () => kinds.map((kind) => `${kind} ${receivers[kind].taken.size}`).join(", ");
  return eventually(`${sent} events everywhere`, PATIENCE_MS, () =>
    kinds.every((kind) => receivers[kind].taken.size >= sent),
  ).catch((error: unknown) => {
    throw new Error(`of ${sent}: ${counts()}`, { cause: error });
  });
}

async function destinations(): Promise<Destination[]> {
  return (await admin<{ items: Destination[] }>("GET", "/log-destinations")).body.items;
}

/** Polls the relay's own report of a destination until the condition holds. */
function reported(kind: ReceiverKind, isSo: (delivery: Delivery) => boolean): Promise<Delivery> {
  return eventually(`the report on ${kind}`, PATIENCE_MS, async () => {
    const delivery = (await destinations()).find((destination) => destination.kind === kind)?.delivery;
    return delivery !== undefined && isSo(delivery) && delivery;
  });
}

describe("log destinations", { timeout: 120_000 }, () => {
  it("of every kind get each event once, in their own format", async () => {
    for (const kind of KINDS) {
      const created = await admin<Destination>("POST", "/log-destinations", {
        ...{ name: `the ${kind}`, kind, url: receivers[kind].url },
        ...SETTINGS[kind],
      });
      expect(created.status, created.text).toBe(201);
      expect(created.body.secrets).toHaveLength(1);
    }
    await sendSome(50);
    await allTaken(KINDS);
    for (const kind of KINDS) {
      expect(receivers[kind].complaints).toEqual([]);
      expect([...receivers[kind].taken.keys()].sort()).toEqual([...receivers.otlp.taken.keys()].sort());
      expect(new Set(receivers[kind].taken.values())).toEqual(new Set([1]));
    }
  });

  it("that fail, refuse the key, are busy or hang get everything when they are back, and delay no other", async () => {
    receivers.otlp.treat = () => ({ status: 503 });
    receivers.datadog.treat = () => ({ status: 429, headers: { "retry-after": "1" } });
    receivers.webhook.treat = () => ({ status: 401 });
    receivers.splunk.treat = () => "hang";
    await sendSome(30);
    await allTaken(["loki"]);
    await eventually("a request that hangs", PATIENCE_MS, () => receivers.splunk.hanging > 0);
    // Sent while one destination hangs.
    await sendSome(10);
    await allTaken(["loki"]);
    const failing = await reported("otlp", ({ lastError }) => lastError !== null);
    expect(failing.lastError).toMatchObject({ reason: "answered 503", tunnel: tunnelId });
    for (const kind of KINDS) receivers[kind].mend();
    await allTaken(KINDS);
    for (const kind of KINDS) expect(receivers[kind].complaints).toEqual([]);
    const mended = await reported("otlp", ({ shipped, backlog }) => shipped === sent && backlog === 0);
    expect(mended).toMatchObject({ lost: 0, rejected: 0, lastError: null });
  });

  it("that refuse some events get the others, and the refused ones are counted", async () => {
    receivers.datadog.treat = (text) => (text.includes("/status/418") ? { status: 400 } : null);
    const before = receivers.datadog.taken.size;
    await sendSome(20);
    await send("/status/418");
    await allTaken(["loki"]);
    const { rejected } = await reported("datadog", ({ shipped, rejected }) => shipped + rejected === sent);
    expect(rejected).toBeGreaterThan(0);
    expect(rejected).toBeLessThan(21);
    expect(receivers.datadog.taken.size - before).toBe(21 - rejected);
    receivers.datadog.mend();
  });

  it("that do not accept gzip get everything uncompressed after one attempt", async () => {
    receivers.webhook.reads = "identity";
    const tries = receivers.webhook.unread;
    for (let round = 0; round < 3; round++) {
      await sendSome(5);
      await allTaken(["webhook"]);
    }
    expect(receivers.webhook.unread - tries).toBe(1);
    expect(receivers.webhook.complaints).toEqual([]);
    receivers.webhook.reads = "gzip";
    await sendSome(5);
    await allTaken(["webhook"]);
    expect(receivers.webhook.unread - tries).toBe(2);
  });

  it("of OpenTelemetry get 26 events even if they fail at one, and Splunk gets none twice", async () => {
    const bad = "/status/418";
    receivers.otlp.treat = (text) => (text.includes(bad) ? { status: 500 } : null);
    receivers.splunk.treat = (text) => {
      const invalid = text.split("\n").findIndex((object) => object.includes(bad));
      if (invalid === -1) return null;
      receivers.splunk.take(text.split("\n").slice(0, invalid).join("\n"));
      return { status: 400, body: JSON.stringify({ code: 6, "invalid-event-number": invalid }) };
    };
    const before = { otlp: receivers.otlp.taken.size, splunk: receivers.splunk.taken.size };
    for (let index = 0; index < 27; index++) await send(index === 13 ? bad : "/ok");
    for (const kind of ["otlp", "splunk"] as const) {
      const { rejected } = await reported(kind, ({ shipped, rejected }) => shipped + rejected === sent);
      expect(rejected).toBe(1);
      expect(receivers[kind].taken.size - before[kind]).toBe(26);
      receivers[kind].mend();
    }
    expect(new Set(receivers.splunk.taken.values())).toEqual(new Set([1]));
  });

  it("get what was waiting when the relay was killed", async () => {
    receivers.loki.treat = () => ({ status: 503 });
    const before = receivers.loki.requests;
    await sendSome(10);
    await eventually("an attempt", PATIENCE_MS, () => receivers.loki.requests > before);
    // Events that the tunnel's object has not sent yet are only in its memory.
    await reported("loki", ({ shipped, backlog }) => shipped + backlog === sent);
    const port = Number(new URL(relay.url).port);
    await relay.kill();
    relay = await startRelay(port);
    receivers.loki.mend();
    await allTaken(["loki"]);
  });

  it("show their answer to a test, without the secret that they repeat", async () => {
    receivers.webhook.treat = () => ({ status: 403, body: `signature ${SECRETS.webhook} is wrong` });
    const webhook = (await destinations()).find(({ kind }) => kind === "webhook");
    const tested = await admin("POST", `/log-destinations/${webhook?.id}/test`);
    expect(tested.body).toEqual({
      ok: false,
      status: 403,
      reason: "answered 403",
      answer: "signature [redacted] is wrong",
    });
    receivers.webhook.mend();
    expect((await admin("POST", `/log-destinations/${webhook?.id}/test`)).body).toMatchObject({ ok: true });
  });

  it("and the delivery to each are in the metrics, with the requests themselves", async () => {
    const [loki] = (await destinations()).filter(({ kind }) => kind === "loki");
    const ofTunnel = { tunnel: tunnelId };
    const samples = await eventually("the last report", PATIENCE_MS, async () => {
      const metrics = readPrometheus((await admin("GET", "/metrics")).text);
      return (
        metrics.sum("culvert_relay_log_events_shipped_total", { destination: loki?.id ?? "" }) === sent &&
        // It has recovered after the relay's restart.
        metrics.sum("culvert_relay_connectors", ofTunnel) === 1 &&
        metrics
      );
    });
    expect(samples.sum("culvert_relay_requests_total", ofTunnel)).toBe(sent);
    expect(samples.sum("culvert_relay_request_duration_seconds_count", ofTunnel)).toBe(sent);
    expect(
      samples.sum("culvert_relay_requests_total", { service: "node-api", outcome: "answered", code: "" }),
    ).toBeGreaterThan(0);
    const unknown = { service: "(unknown)", code: "UNKNOWN_SERVICE", status_class: "4xx" };
    expect(samples.sum("culvert_relay_requests_total", unknown)).toBeGreaterThan(0);
    expect(samples.sum("culvert_relay_log_events_lost_total", {})).toBe(0);
    const single = readPrometheus((await admin("GET", `/tunnels/${tunnelId}/metrics`)).text);
    expect(single.sum("culvert_relay_requests_total", {})).toBe(sent);
  });

  it("leave the last hour's traffic as numbers", async () => {
    const { body } = await admin<Traffic>("GET", `/tunnels/${tunnelId}/traffic?windowMinutes=60`);
    expect(body.stepSeconds).toBe(10);
    expect(body.points).toHaveLength(360);
    const busy = body.points.filter(({ requests }) => requests > 0);
    expect(busy.reduce((sum, { requests }) => sum + requests, 0)).toBe(sent);
    for (const { p50Ms, p99Ms } of busy) expect(p50Ms).toBeLessThanOrEqual(p99Ms ?? 0);
    expect(body.services.map(({ service }) => service).sort()).toEqual(["(unknown)", "node-api"]);
    expect(body.codes).toEqual([{ code: "UNKNOWN_SERVICE", count: body.services.at(-1)?.requests }]);
  });

  it("have their secrets nowhere in what the relay prints or answers", async () => {
    for (const path of ["/log-destinations", "/audit-log?limit=100", "/metrics", `/tunnels/${tunnelId}`]) {
      expect((await admin("GET", path)).status).toBe(200);
    }
    const everything = said.join("\n");
    for (const secret of Object.values(SECRETS)) {
      expect(everything).not.toContain(secret);
      expect(everything).not.toContain(Buffer.from(`user-1:${secret}`).toString("base64"));
    }
  });
});
