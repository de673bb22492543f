import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { LastLines } from "./last-lines.ts";
import { isOwnerProof, ownerProof, PROOF_HEADER } from "./owner-proof.ts";
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
    isOwner: (proof) => isOwnerProof(proof, "the token", Date.now()),
    logLines: () => '{"msg":"request"}\n',
  });
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return { port, get: (path: string, init?: RequestInit) => fetch(origin + path, init) };
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

it("shows its log lines only to somebody who knows the token", async () => {
  const { get } = await start({ connections: 1 });
  const nowMs = Date.now();
  const shown = async (proof?: string) =>
    get("/logs", proof === undefined ? {} : { headers: { [PROOF_HEADER]: proof } });
  expect(await (await shown(ownerProof("the token", nowMs))).text()).toBe('{"msg":"request"}\n');
  for (const wrong of [
    undefined,
    "",
    "x",
    ownerProof("another token", nowMs),
    ownerProof("the token", nowMs - 120_000),
    ownerProof("the token", nowMs).replace(/^\d+/, String(nowMs + 1)),
  ])
    expect((await shown(wrong)).status).toBe(404);
});

it("keeps the newest log lines, as many as there is room for", () => {
  const lines = new LastLines();
  for (let n = 0; n < 600; n++) lines.add(`${n}\n`);
  expect(lines.text.split("\n").length).toBe(501);
  expect(lines.text).toMatch(/^100\n/);
  for (let n = 0; n < 20; n++) lines.add(`${"x".repeat(100_000)}\n`);
  expect(lines.text.length).toBeLessThanOrEqual(256 * 1024);
});

it("answers nothing else", async () => {
  const { get } = await start({ connections: 1 });
  expect((await get("/")).status).toBe(404);
  expect((await get("/healthz", { method: "POST" })).status).toBe(405);
});

it("answers whoever asks while others keep connections open, and does not keep all of theirs", async () => {
  const { get, port } = await start({ connections: 1 });
  const idle = Array.from({ length: 70 }, () => connect(port, "127.0.0.1"));
  closing.push(() => idle.forEach((socket) => socket.destroy()));
  let closed = 0;
  for (const socket of idle) socket.on("error", () => {}).once("close", () => closed++);
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  expect((await get("/healthz")).status).toBe(200);
  await expect.poll(() => closed, { timeout: 10_000 }).toBeGreaterThan(6);
  expect(closed).toBeLessThan(70);
});
