import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { OtlpReceiver, type ReceivedSpan } from "../support/servers/otlp-receiver.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

const REQUEST_ID = "3f6c1f0e-5a1b-4c2d-8e3f-0123456789ab";
/** A traceparent as the relay makes it for a request that has none: it is not sampled. */
const OF_THE_RELAY = `00-${REQUEST_ID.replaceAll("-", "")}-8e3f0123456789ab-00`;
const CALLER = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let collector: OtlpReceiver;
let origin: string;
let received: IncomingHttpHeaders[];

beforeEach(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  collector = await new OtlpReceiver().start();
  closing.push(() => collector.close());
  received = [];
  const upstream = createServer((request, response) => {
    received.push(request.headers);
    if (request.url?.startsWith("/hang") === true) return;
    response.writeHead(Number(request.url?.slice(1, 4)) || 200).end("ok");
  }).listen(0, "127.0.0.1");
  const webSockets = new WebSocketServer({ server: upstream });
  webSockets.on("connection", (_socket, { headers }) => received.push(headers));
  await once(upstream, "listening");
  closing.push(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 20 });

async function connect(env: Record<string, string> = {}): Promise<ConnectProcess> {
  const run = new ConnectProcess({
    ...{ TUNNEL_TOKEN: relay.token, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...env },
  });
  closing.push(() => run.kill());
  await until(() => relay.attachments.some(({ mux }) => !mux.isClosed));
  return run;
}

async function request(traceparent: string, open: Partial<OpenHead> = {}): Promise<Call> {
  const call = new Call(relay.current.mux, origin, {
    ...{ requestId: REQUEST_ID, path: "/200/orders?card=4242", ...open },
    fields: [["traceparent", traceparent], ...(open.fields ?? [])],
  });
  await until(() => call.closed);
  return call;
}

/** Stops the connector, which first sends its remaining spans. */
async function ended(run: ConnectProcess): Promise<ReceivedSpan[]> {
  run.child.kill("SIGTERM");
  await until(() => run.exitCode !== null);
  return collector.spans;
}

const spanOf = (kind: number): ReceivedSpan => {
  const [span, ...others] = collector.spans.filter((each) => each.kind === kind);
  if (span === undefined || others.length > 0) throw new Error("not exactly one span of this kind");
  return span;
};

// Spans are sent every two seconds, however slow the machine is.
vi.setConfig({ testTimeout: 90_000 });

describe("a sampled request", () => {
  it("has a span for itself and one for its upstream, within the caller's trace", async () => {
    const run = await connect();
    const tracestate = "vendor=opaque,other=1";
    await request(`00-${CALLER.traceId}-${CALLER.spanId}-01`, { fields: [["tracestate", tracestate]] });
    await ended(run);
    expect(collector.spans.length).toBe(2);
    expect(collector.requests.map(({ url }) => url)).toEqual(["/v1/traces"]);

    const own = spanOf(SERVER);
    const upstream = spanOf(CLIENT);
    expect(own).toMatchObject({
      ...{ name: "GET test-api", traceId: CALLER.traceId, parentSpanId: CALLER.spanId, status: 0 },
      attributes: {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/200/orders",
        "server.address": "test-api",
        "culvert.service": "test-api",
        "culvert.project": "p",
        "culvert.environment": "production",
        "culvert.request.id": REQUEST_ID,
        "culvert.kind": "http",
        "culvert.request.bytes": 0,
        "culvert.response.bytes": 2,
      },
      resource: {
        "service.name": "culvert-connector",
        "service.instance.id": expect.stringMatching(/^con_[0-9a-f]{24}$/) as unknown,
        "culvert.tunnel.id": `tnl_${"a".repeat(20)}`,
      },
    });
    expect(upstream).toMatchObject({
      ...{ name: "GET", traceId: CALLER.traceId, parentSpanId: own.spanId, status: 0 },
      attributes: {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": Number(new URL(origin).port),
        "url.full": `${origin}/200/orders`,
      },
    });
    expect(received).toEqual([
      expect.objectContaining({ traceparent: `00-${CALLER.traceId}-${upstream.spanId}-01`, tracestate }),
    ]);
    expect(own.startNs).toBeGreaterThan(0n);
    expect(own.endNs).toBeGreaterThanOrEqual(own.startNs);
    expect(JSON.stringify(collector.spans, (_key, value: unknown) => String(value))).not.toContain("4242");
  });

  it("says how it failed: by status, by culvert code, or because the gateway gave up", async () => {
    const run = await connect();
    const sampled = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
    await request(sampled, { service: "teapot", path: "/418" });
    await request(sampled, { service: "broken", path: "/503" });
    await request(sampled, { service: "slow", path: "/hang", responseTimeoutMs: 50, method: "PROPFIND" });
    const given = new Call(relay.current.mux, origin, {
      ...{
        service: "given-up",
        path: "/hang",
        fields: [
          ["traceparent", sampled],
          ["x-case", "given-up"],
        ],
      },
    });
    await until(() => received.some((headers) => headers["x-case"] === "given-up"));
    given.stream.reset("CANCEL");
    await ended(run);
    const told = collector.spans.map(({ kind, name, status, attributes }) => [
      kind === SERVER ? name : "upstream",
      status,
      attributes["error.type"],
    ]);
    expect(told).toEqual(
      expect.arrayContaining([
        ["GET teapot", 0, undefined],
        ["upstream", ERROR, "418"],
        ["GET broken", ERROR, "503"],
        ["HTTP slow", ERROR, "UPSTREAM_RESPONSE_TIMEOUT"],
        ["GET given-up", 0, "CANCEL"],
      ]),
    );
    expect(told.length).toBe(8);
    const slow = collector.spans.find(({ name }) => name === "HTTP slow");
    expect(slow?.attributes).toMatchObject({
      "http.request.method": "_OTHER",
      "http.request.method_original": "PROPFIND",
    });
  });

  it("may be a WebSocket: its spans last as long as it does", async () => {
    const run = await connect();
    const socket = new Call(
      relay.current.mux,
      origin,
      {
        kind: "websocket",
        fields: [["traceparent", `00-${CALLER.traceId}-${CALLER.spanId}-01`]],
      },
      { end: false },
    );
    await until(() => socket.head?.status === 101);
    expect(received[0]?.["traceparent"]).toMatch(new RegExp(`^00-${CALLER.traceId}-[0-9a-f]{16}-01$`));
    expect(received[0]?.["traceparent"]).not.toContain(CALLER.spanId);
    socket.stream.sendClose(1000, "");
    await until(() => socket.closed);
    await ended(run);
    expect(spanOf(SERVER).attributes).toMatchObject({
      "culvert.kind": "websocket",
      "http.response.status_code": 101,
    });
  });
});

describe("a sampled TCP connection", () => {
  const sampled: Partial<OpenHead> = {
    ...{ kind: "tcp", method: "CONNECT", path: "", service: "orders-db" },
    fields: [["traceparent", `00-${CALLER.traceId}-${CALLER.spanId}-01`]],
  };

  it("has a span for itself and one for its upstream, with its bytes and without what is HTTP's", async () => {
    const run = await connect();
    const mirror = createTcpServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(
      0,
      "127.0.0.1",
    );
    await once(mirror, "listening");
    closing.push(() => mirror.close());
    const { port } = mirror.address() as AddressInfo;
    const call = new Call(relay.current.mux, `tcp://127.0.0.1:${port}`, sampled, { end: false });
    await until(() => call.head !== null);
    call.stream.write(Buffer.from("five!"));
    call.stream.end();
    await until(() => call.closed);
    await ended(run);
    const own = spanOf(SERVER);
    expect(own).toMatchObject({
      ...{ name: "TCP orders-db", traceId: CALLER.traceId, parentSpanId: CALLER.spanId, status: 0 },
    });
    expect(own.attributes).toEqual({
      ...{ "url.scheme": "tcp", "network.transport": "tcp", "server.address": "orders-db" },
      ...{ "culvert.service": "orders-db", "culvert.project": "p", "culvert.environment": "production" },
      ...{ "culvert.request.id": "req-1", "culvert.kind": "tcp" },
      ...{ "culvert.request.bytes": 5, "culvert.response.bytes": 5 },
    });
    const upstream = spanOf(CLIENT);
    expect(upstream).toMatchObject({ name: "TCP", parentSpanId: own.spanId, status: 0 });
    expect(upstream.attributes).toEqual({
      ...{ "url.scheme": "tcp", "network.transport": "tcp", "url.full": `tcp://127.0.0.1:${port}` },
      ...{ "server.address": "127.0.0.1", "server.port": port },
    });
  });

  it("says why it was refused or cut", async () => {
    const run = await connect();
    const closed = createTcpServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const call = new Call(relay.current.mux, `tcp://127.0.0.1:${port}`, sampled, { end: false });
    await until(() => call.closed);
    await ended(run);
    for (const kind of [SERVER, CLIENT])
      expect(spanOf(kind)).toMatchObject({
        ...{ status: ERROR, attributes: { "error.type": "UPSTREAM_REFUSED" } },
      });
  });
});

describe("what is sampled", () => {
  it("includes what the caller samples, and nothing that it does not", async () => {
    const run = await connect();
    const unsampled = `00-${CALLER.traceId}-${CALLER.spanId}-00`;
    await request(unsampled);
    expect(await ended(run)).toEqual([]);
    expect(received[0]?.["traceparent"]).toBe(unsampled);
  });

  it("includes a share of requests without a caller's trace; their trace begins here, with the id in the logs", async () => {
    const run = await connect({ OTEL_SERVICE_NAME: "edge", OTEL_RESOURCE_ATTRIBUTES: "team=core" });
    await request(OF_THE_RELAY);
    await ended(run);
    const own = spanOf(SERVER);
    expect(own).toMatchObject({ traceId: REQUEST_ID.replaceAll("-", ""), parentSpanId: "" });
    expect(own.resource).toMatchObject({ "service.name": "edge", team: "core" });
    expect(run.output).toContain(`"traceId":"${own.traceId}"`);
    expect(received[0]?.["traceparent"]).toBe(`00-${own.traceId}-${spanOf(CLIENT).spanId}-01`);
  });

  it("includes no such requests if the share is 0", async () => {
    const run = await connect({ OTEL_TRACES_SAMPLER_ARG: "0" });
    await request(OF_THE_RELAY);
    expect(await ended(run)).toEqual([]);
    expect(received[0]?.["traceparent"]).toBe(OF_THE_RELAY);
  });
});

it("a failing collector is reported once, counted, and costs no request", async () => {
  collector.status = 400;
  const run = await connect({ OTEL_EXPORTER_OTLP_HEADERS: "api-key=canary%2Dsecret" });
  const metrics = async () => (await fetch(`${metricsOriginOf(run)}/metrics`)).text();
  await request(OF_THE_RELAY);
  await until(() => collector.requests.length >= 1);
  await request(OF_THE_RELAY);
  await until(() => collector.requests.length >= 2);
  await vi.waitFor(
    async () => expect(await metrics()).toContain('culvert_connector_spans_total{outcome="failed"} 4'),
    { timeout: 30_000 },
  );
  expect(run.countOf("traces cannot be exported")).toBe(1);
  expect(run.output).toContain('"reason":"400"');

  collector.status = 200;
  await request(OF_THE_RELAY);
  await until(() => run.countOf("traces are exported again") === 1);
  expect(await metrics()).toContain('culvert_connector_spans_total{outcome="exported"} 2');
  expect(collector.requests.map(({ headers }) => headers["api-key"])).toEqual(
    collector.requests.map(() => "canary-secret"),
  );
  expect(run.output).not.toMatch(/canary/);
});

it("a collector that hangs does not keep a connector running", async () => {
  collector.status = null;
  const run = await connect();
  await request(OF_THE_RELAY);
  expect(await ended(run)).toEqual([]);
  expect(run.exitCode).toBe(0);
});

function metricsOriginOf({ output }: ConnectProcess): string {
  const line = output.split("\n").find((text) => text.includes('"msg":"starting"')) ?? "{}";
  return (JSON.parse(line) as { metrics: string }).metrics;
}
