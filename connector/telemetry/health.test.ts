import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { startHealthServer } from "./health.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function start(ready: { connections: number }) {
  const server = await startHealthServer([{ host: "127.0.0.1", port: 0 }], {
    connectorId: "con_1",
    kid: () => "k_1",
    readyConnections: () => ready.connections,
    metricsText: () => Promise.resolve("culvert_connector_active_streams 3\n"),
  });
  closing.push(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { get: (path: string, init?: RequestInit) => fetch(origin + path, init) };
}

it("is ready only while the relay accepts a connection", async () => {
  const ready = { connections: 0 };
  const { get } = await start(ready);
  expect((await get("/healthz")).status).toBe(200);
  const before = await get("/readyz");
  expect(before.status).toBe(503);
  expect(await before.json()).toEqual({
    status: "not ready",
    readyConnections: 0,
    connectorId: "con_1",
    kid: "k_1",
  });
  ready.connections = 2;
  const after = await get("/readyz?x");
  expect(after.status).toBe(200);
  expect(await after.json()).toEqual({
    status: "ready",
    readyConnections: 2,
    connectorId: "con_1",
    kid: "k_1",
  });
});

it("hands out the metrics as text for Prometheus", async () => {
  const { get } = await start({ connections: 1 });
  const answer = await get("/metrics");
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await answer.text()).toBe("culvert_connector_active_streams 3\n");
});

it("answers nothing else", async () => {
  const { get } = await start({ connections: 1 });
  expect((await get("/")).status).toBe(404);
  expect((await get("/healthz", { method: "POST" })).status).toBe(405);
});
