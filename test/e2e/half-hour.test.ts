import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { stringify } from "yaml";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { nodeMemory, type NodeMemory } from "../support/node-heap.ts";
import { OtlpReceiver } from "../support/servers/otlp-receiver.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";

/** As many requests as five a second make in half an hour, sent as fast as possible. `npm run soak` has more rounds. */
const ROUNDS = Number(process.env["SOAK_ROUNDS"] ?? 10);
const REQUESTS_PER_ROUND = 900;
/** Caches, labels and compiled code fill up in these rounds. Growth is measured from their end. */
const WARM_UP_ROUNDS = 4;
const LANES = 64;
/** At 5,400 requests this is 388 bytes for each, which is less than a leaked stream or timer takes. */
const ALLOWED_GROWTH_BYTES = 2 * 2 ** 20;
const CHUNK = Buffer.alloc(16 * 1024, "x");
/** Callers choose service names, so there are more of them than the metrics have labels for. */
const SERVICES = 250;

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let collector: OtlpReceiver;
let connector: Child;
let metricsUrl: string;
let inspectorUrl: string;
let port: number;
let settingsFile: string;

beforeAll(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  collector = await new OtlpReceiver().start();
  closing.push(() => collector.close());
  // A request that breaks off ends the reading of its body.
  // By default Node closes an idle connection after 5 s. On a starved machine requests would already be on their way then, and a POST would
  // rightly fail.
  const upstream = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  port = (upstream.address() as AddressInfo).port;
  closing.push(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const webSockets = new WebSocketServer({ server: upstream });
  webSockets.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const directory = mkdtempSync(join(tmpdir(), "culvert-soak-"));
  closing.push(() => rmSync(directory, { recursive: true }));
  settingsFile = join(directory, "culvert.yaml");
  writeSettings(0);
  connector = startChild("connector", process.execPath, [CULVERT_BUNDLE, "connect"], {
    ...{ TUNNEL_TOKEN: relay.token, TUNNEL_CONFIG: settingsFile, TUNNEL_METRICS: "127.0.0.1:0" },
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, NODE_OPTIONS: "--inspect=127.0.0.1:0" },
  });
  closing.push(() => connector.stop(0));
  inspectorUrl = (await connector.line(/listening on (ws:\S+)/, 30_000))[1] ?? "";
  metricsUrl = (await connector.line(/"metrics":"(.*?)"/, 30_000))[1] ?? "";
  await attached();
});

afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const until = (condition: () => boolean) => eventually("what was waited for", 60_000, condition);
const isAttached = () => relay.attachments.some(({ mux }) => !mux.isClosed && !mux.isDraining);
const attached = () => until(isAttached);

function writeSettings(round: number): void {
  const settings = {
    allow: ["127.0.0.1", "localhost"],
    accessLog: "5%",
    services: { "limited-api": { maxBodyBytes: 1_000 + round } },
    upstreams: { localhost: { idleTimeout: "1s", maxConnections: 64 + round } },
  };
  writeFileSync(`${settingsFile}.new`, stringify(settings));
  renameSync(`${settingsFile}.new`, settingsFile);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on("error", () => {});
  const kind = request.url?.split("/")[1];
  if (kind === "hang") return void request.resume();
  if (kind === "cut") return void response.writeHead(200).write("half", () => response.destroy());
  if (kind === "close") return void response.writeHead(200, { connection: "close" }).end("bye");
  if (kind === "large") {
    for (let chunk = 0; chunk < 8; chunk++) response.write(CHUNK);
    return void response.end();
  }
  let bytes = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) bytes += (part as Buffer).length;
  response.end(`${bytes} bytes`);
}

/** Sends a request and returns its outcome: a status or a code. */
type Act = (open: Partial<OpenHead>) => Promise<number | string>;
const here = () => `http://127.0.0.1:${port}`;

function begin(target: string, path: string, open: Partial<OpenHead>, end = true): Call {
  return new Call(relay.current.mux, target, { ...open, path: `/${path}/${open.requestId}` }, { end });
}

async function outcomeOf(call: Call): Promise<number | string> {
  await call.over;
  return call.error?.code ?? call.head?.status ?? "none";
}

const get =
  (path: string, target = here): Act =>
  (open) =>
    outcomeOf(begin(target(), path, open));

const small: Act = (open) => {
  const call = begin(here(), "sink", { ...open, method: "POST" }, false);
  call.stream.write(Buffer.from("a few bytes"));
  call.stream.end();
  return outcomeOf(call);
};

const upload: Act = async (open) => {
  const call = begin(here(), "sink", { ...open, method: "PUT" }, false);
  for (let chunk = 0; chunk < 8; chunk++) {
    if (!call.stream.write(CHUNK)) await new Promise<void>((resolve) => (call.onWritable = resolve));
  }
  call.stream.end();
  return outcomeOf(call);
};

const cancelled: Act = async (open) => {
  const call = begin(here(), "hang", open);
  await new Promise((resolve) => setTimeout(resolve, 5));
  call.stream.reset("CANCEL");
  return outcomeOf(call);
};

const webSocket =
  (close: boolean): Act =>
  async (open) => {
    const call = begin(here(), "socket", { ...open, kind: "websocket" }, false);
    await until(() => call.closed || call.head !== null);
    for (const text of ["one", "two", "three"]) call.stream.writeMessage(Buffer.from(text), true, false);
    await until(() => call.closed || call.messages.length === 3);
    if (close) call.stream.sendClose(1000, "");
    else call.stream.reset("CANCEL");
    return outcomeOf(call);
  };

/** In percent of the traffic. */
const MIX: readonly [share: number, act: Act, outcome: number | string][] = [
  [40, get("sink"), 200],
  [12, small, 200],
  [4, upload, 200],
  [6, get("large"), 200],
  [6, cancelled, "CANCEL"],
  [4, get("cut"), "BODY_ABORTED"],
  // This closes the connection, so the next request resolves the name again.
  [6, get("close", () => `http://localhost:${port}`), 200],
  [
    3,
    (open) => outcomeOf(begin(here(), "hang", { ...open, responseTimeoutMs: 20 })),
    "UPSTREAM_RESPONSE_TIMEOUT",
  ],
  [5, get("sink", () => "http://127.0.0.1:9"), "UPSTREAM_REFUSED"],
  [3, (open) => get("sink", () => `http://${open.requestId}.denied:80`)(open), "UPSTREAM_NOT_ALLOWED"],
  [
    3,
    (open) => small({ ...open, service: "limited-api", fields: [["content-length", "5000"]] }),
    "BODY_TOO_LARGE",
  ],
  [5, webSocket(true), 101],
  [3, webSocket(false), "CANCEL"],
];
const acts = MIX.flatMap(([share, act, outcome]) => Array.from({ length: share }, () => ({ act, outcome })));

let sent = 0;
const wrong: object[] = [];

/** Sends the next request of the mix. While the test cuts connections, a lost connection counts as the expected outcome. */
async function next(lossy: boolean): Promise<void> {
  const number = sent++;
  // It has no common factor with the mix's length, so neighbours differ.
  const chosen = acts[(number * 37) % acts.length];
  if (chosen === undefined) throw new Error("no such act");
  if (!isAttached()) await attached();
  const sampled = number % 4 === 0 ? "01" : "00";
  const got = await chosen
    .act({
      requestId: `r${number}`,
      service: `service-${number % SERVICES}`,
      fields: [["traceparent", `00-${String(number + 1).padStart(32, "0")}-00f067aa0ba902b7-${sampled}`]],
    })
    .catch((error: Error & { code?: string }) => error.code ?? error.message);
  if (!lossy && got !== chosen.outcome) wrong.push({ number, got, wanted: chosen.outcome });
}

/** Sends requests on several lanes during a reload. In some rounds the connection is lost or moved. */
async function round(index: number): Promise<void> {
  // Not more often: the connector waits longer after each loss that follows another within a minute.
  const loses = [1, 6].includes(index % 50);
  const moves = [3, 8].includes(index % 50);
  let left = REQUESTS_PER_ROUND;
  const lane = async () => {
    while (left-- > 0) await next(loses || moves);
  };
  const lanes = Array.from({ length: LANES }, lane);
  await until(() => left < REQUESTS_PER_ROUND / 2);
  writeSettings(index);
  connector.signal("SIGHUP");
  const connections = relay.attachments.length;
  if (loses) relay.current.socket.terminate();
  if (moves) relay.current.mux.goaway("DRAINING", 5_000);
  await Promise.all(lanes);
  if (loses || moves) await until(() => relay.attachments.length > connections);
  await attached();
}

it("half an hour's requests leave the connector unchanged", { timeout: ROUNDS * 60_000 }, async () => {
  const memory: NodeMemory[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    await round(index);
    memory.push(await nodeMemory(inspectorUrl));
  }
  expect(wrong).toEqual([]);
  const [before, after] = [memory.slice(WARM_UP_ROUNDS - 2, WARM_UP_ROUNDS), memory.slice(-3)].map(
    (some) => ({
      heapBytes: Math.min(...some.map(({ heapBytes }) => heapBytes)),
      bufferBytes: Math.min(...some.map(({ bufferBytes }) => bufferBytes)),
      resources: Math.min(...some.map(({ resources }) => resources)),
    }),
  );
  const heap = memory.map(({ heapBytes }) => (heapBytes / 2 ** 20).toFixed(2)).join(", ");
  console.log(`${sent} requests; MiB on the heap after each ${REQUESTS_PER_ROUND}: ${heap}`);
  if (before === undefined || after === undefined) throw new Error("nothing was measured");
  expect(after.heapBytes - before.heapBytes).toBeLessThan(ALLOWED_GROWTH_BYTES);
  expect(after.bufferBytes - before.bufferBytes).toBeLessThan(ALLOWED_GROWTH_BYTES);
  expect(after.resources - before.resources).toBeLessThan(LANES);

  const text = await (await fetch(`${metricsUrl}/metrics`)).text();
  expect(text).toContain("culvert_connector_active_streams 0\n");
  expect(text).toContain('culvert_connector_spans_total{outcome="failed"} 0\n');
  expect(collector.spans.length).toBeGreaterThan(0);
});
