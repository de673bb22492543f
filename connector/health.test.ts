import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { startHealthServer } from "./health.ts";
import { Metrics } from "./metrics.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function start(ready: { connections: number }) {
  const metrics = new Metrics();
  const server = await startHealthServer(
    { host: "127.0.0.1", port: 0 },
    {
      connectorId: "con_1",
      readyConnections: () => ready.connections,
      metricsText: () => metrics.render({ readyConnections: ready.connections, activeStreams: 3 }),
    },
  );
  closing.push(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { metrics, get: (path: string, init?: RequestInit) => fetch(origin + path, init) };
}

it("is ready only while the relay accepts a connection", async () => {
  const ready = { connections: 0 };
  const { get } = await start(ready);
  expect((await get("/healthz")).status).toBe(200);
  const before = await get("/readyz");
  expect(before.status).toBe(503);
  expect(await before.json()).toEqual({ status: "not ready", readyConnections: 0, connectorId: "con_1" });
  ready.connections = 2;
  const after = await get("/readyz?x");
  expect(after.status).toBe(200);
  expect(await after.json()).toEqual({ status: "ready", readyConnections: 2, connectorId: "con_1" });
});

it("counts requests by outcome and bytes in both directions", async () => {
  const { get, metrics } = await start({ connections: 1 });
  const summary = {
    kind: "http",
    requestId: "r",
    service: "s",
    method: "GET",
    path: "/",
    durationMs: 1,
  } as const;
  metrics.requestFinished({ ...summary, status: 200, code: null, requestBytes: 1, responseBytes: 10 });
  metrics.requestFinished({ ...summary, status: 200, code: null, requestBytes: 1, responseBytes: 10 });
  metrics.requestFinished({ ...summary, status: null, code: "CANCEL", requestBytes: 0, responseBytes: 0 });
  const text = await (await get("/metrics")).text();
  expect(text).toContain('culvert_connector_requests_total{kind="http",status="200",code=""} 2\n');
  expect(text).toContain('culvert_connector_requests_total{kind="http",status="",code="CANCEL"} 1\n');
  expect(text).toContain("culvert_connector_response_bytes_total 20\n");
  expect(text).toContain("culvert_connector_active_streams 3\n");
});

it("answers nothing else", async () => {
  const { get } = await start({ connections: 1 });
  expect((await get("/")).status).toBe(404);
  expect((await get("/healthz", { method: "POST" })).status).toBe(405);
});
