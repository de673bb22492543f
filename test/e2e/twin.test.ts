import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { tunnelError } from "../../kit/gateway/index.ts";
import { startTwin, type Twin } from "../../kit/testing/index.ts";

const server = createServer((_request, response) => response.end("from a server"));
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) =>
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
);

// Each case is a second of work, but the machine may be slow.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({
    gateway: "examples/gateway/wrangler.toml",
    vars: { GATEWAY_API_KEY: "key-of-the-tests" },
    services: {
      "payments-api-prod": async (request) =>
        Response.json({ path: new URL(request.url).pathname, sent: await request.text() }),
      "socket-api": server,
      "odd-api": () => undefined as unknown as Response,
    },
  });
});
afterAll(async () => {
  await twin?.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => twin.reset());

const headers = { "x-api-key": "key-of-the-tests" };
const get = (path: string) => twin.fetch(path, { headers });

describe("startTwin", () => {
  it("carries a request through gateway, relay and connector, and shows what arrived", async () => {
    const response = await twin.fetch("/payments/v1/charges?limit=3", {
      method: "POST",
      headers,
      body: "hello",
    });
    expect([response.status, await response.json()]).toEqual([200, { path: "/v1/charges", sent: "hello" }]);
    expect(twin.requests).toMatchObject([
      {
        ...{
          service: "payments-api-prod",
          method: "POST",
          path: "/v1/charges?limit=3",
          environment: "production",
        },
        outcome: { status: 200, code: null, requestBytes: 5 },
      },
    ]);
    expect(twin.requests[0]?.body.toString()).toBe("hello");
    expect(twin.requests[0]?.headers.has("x-api-key")).toBe(false);
    expect(await twin.event(twin.requests[0]?.requestId ?? "")).toMatchObject({
      status: 200,
      outcome: "answered",
    });
  });

  it.each([
    "UPSTREAM_REFUSED",
    "UPSTREAM_DNS",
    "UPSTREAM_TLS",
    "UPSTREAM_RESPONSE_TIMEOUT",
    "CONNECTOR_LOST",
  ] as const)("plays %s", async (code) => {
    twin.fail("payments-api-prod", code);
    const response = await get("/payments/v1");
    expect(response.headers.get("culvert-error")).toBe(code);
    await twin.heal();
    expect((await get("/payments/v1")).status).toBe(200);
  });

  it("simulates a slow service, an answer that breaks off, and a denial", async () => {
    twin.slow("payments-api-prod", 300);
    const startedMs = performance.now();
    expect((await get("/payments/v1")).status).toBe(200);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290);
    await twin.heal("payments-api-prod");

    twin.cutAfter("payments-api-prod", 4);
    const cut = await get("/payments/v1")
      .then(
        (response) => response.text(),
        () => "cut",
      )
      .catch(() => "cut");
    expect(cut).toBe("cut");
    await twin.heal();

    await twin.deny("payments-api-prod");
    const denied = await get("/payments/v1");
    expect(denied.headers.get("culvert-error")).toBe("ACCESS_DENIED");
    expect(twin.requests.filter(({ outcome }) => outcome === null)).toEqual([]);
  });

  it("simulates the loss of the connectors and a restart of the relay", async () => {
    // Many times: the connector must not wait longer each time.
    for (let restart = 0; restart < 10; restart++) {
      await twin.restartRelay();
      expect((await get("/payments/v1")).status).toBe(200);
    }
    twin.slow("payments-api-prod", 60_000);
    const cut = get("/payments/v1");
    await vi.waitUntil(() => twin.requests.some(({ outcome }) => outcome === null), { timeout: 30_000 });
    await twin.restartRelay();
    expect((await cut).headers.get("culvert-error")).toBe("RELAY_RESTART");
    await twin.heal();

    await twin.disconnectConnectors();
    const lost = await get("/payments/v1");
    expect(lost.headers.get("culvert-error")).toBe("NO_CONNECTOR");
    await twin.connectConnectors();
    expect((await get("/payments/v1")).status).toBe(200);
  });

  it("reports a fault for an unknown service, and a handler that returns no response", async () => {
    expect(() => twin.fail("payment-api", "UPSTREAM_DNS")).toThrow("there is no service payment-api");
    await expect(twin.deny("payment-api")).rejects.toThrow("payments-api-prod");
    const response = await get("/services/odd-api/x");
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("no Response")]);
  });

  it("carries WebSockets", async () => {
    const url = new URL("/services/socket-api/", twin.url);
    const socket = new WebSocket(url.href.replace("http", "ws"), { headers });
    await once(socket, "open");
    socket.send("hello");
    const [data] = (await once(socket, "message")) as [Buffer];
    expect(data.toString()).toBe("hello");
    socket.terminate();
  });

  it("is unchanged after a reset", async () => {
    twin.fail("payments-api-prod", "UPSTREAM_TLS");
    await get("/payments/v1");
    await twin.reset();
    expect(twin.requests).toEqual([]);
    expect(twin.events).toEqual([]);
    expect((await get("/payments/v1")).status).toBe(200);
  });

  it.each([
    [{ gateway: "no-such.jsonc", services: {} }, "there is no"],
    [{ gateway: "examples/gateway", services: {} }, "is a folder"],
    [{ gateway: "wrangler.toml", services: {} }, "binds no service"],
    [
      { gateway: { entry: "examples/gateway/gateway.ts", props: { tunnel: "tnl_1" } }, services: {} },
      "20 characters of a-z2-7",
    ],
    [
      { gateway: { entry: "examples/gateway/gateway.ts" }, services: { x: "http://a/b" } },
      "must be an origin",
    ],
    [
      { gateway: { entry: "examples/gateway/gateway.ts" }, services: { "a b": () => new Response() } },
      "services[0].name",
    ],
  ])("says what is wrong with %j", async (options, problem) => {
    await expect(startTwin(options)).rejects.toThrow(problem);
  });
});

it("has its failure read by tunnelError", async () => {
  twin.fail("payments-api-prod", "UPSTREAM_DNS");
  const own = await get("/payments/v1");
  expect(tunnelError(own)).toMatchObject({ code: "UPSTREAM_DNS", status: 502, retryable: true });
});

/** Each has another kind of gateway. */
describe.concurrent("several twins at once", () => {
  it("runs next to others", async () => {
    const other = await startTwin({
      gateway: { entry: "examples/gateway/gateway.ts", vars: { GATEWAY_API_KEY: "other" } },
      services: { "payments-api-prod": () => new Response("other") },
    });
    try {
      const response = await other.fetch("/payments/x", { headers: { "x-api-key": "other" } });
      expect(await response.text()).toBe("other");
      expect(other.requests).toHaveLength(1);
      expect(twin.requests).toHaveLength(0);
    } finally {
      await other.stop();
    }
    await expect(other.fetch("/")).rejects.toThrow("was stopped");
    await expect(other.reset()).rejects.toThrow("was stopped");
  });

  it("runs several Workers, and binds the relay by the name that they use", async () => {
    const directory = await mkdtemp(join(tmpdir(), "culvert gateways-"));
    const worker = async (name: string, source: string, services: object[]) => {
      const path = join(directory, `${name}.json`);
      await writeFile(join(directory, `${name}.ts`), source);
      const main = `${name}.ts`;
      const config = { name, main, compatibility_date: "2026-11-17", services, ai: { binding: "AI" } };
      await writeFile(path, JSON.stringify(config, null, 2).replaceAll("\n", "\r\n"));
      return pathToFileURL(path);
    };
    const props = { tunnel: "tnl_bbbbbbbbbbbbbbbbbbbb", project: "p", environment: "staging" };
    const tunnel = { binding: "TUNNEL", service: "our-relay", entrypoint: "TunnelBinding", props };
    const front = await worker(
      "front",
      'export default { fetch: (request, env) => (request.url.endsWith("/auth") ? env.AUTH : env.BACK).fetch(request) };',
      [
        { binding: "BACK", service: "back" },
        { binding: "AUTH", service: "another-teams", entrypoint: "Auth" },
      ],
    );
    const back = await worker(
      "back",
      'export default { fetch: (request, env) => env.TUNNEL.fetch("http://orders-api/x", request) };',
      [tunnel],
    );
    const several = await startTwin({
      gateway: [front, back],
      services: { "orders-api": () => new Response("orders") },
    });
    try {
      expect(await (await several.fetch("/")).text()).toBe("orders");
      expect(several.requests).toMatchObject([{ service: "orders-api", environment: "staging" }]);
      const cut = join(directory, "cut.json");
      await writeFile(cut, "{");
      await expect(startTwin({ gateway: cut, services: {} })).rejects.toThrow("cut.json: ");
      // Bindings of an account or to other Workers: the twin starts without them, and says so.
      const absent = await several.fetch("/auth");
      expect([absent.status, await absent.text()]).toEqual([
        503,
        expect.stringContaining("does not work in the twin"),
      ]);
      const stranger = await several.fetch("http://culvert.localhost/__culvert-twin", {
        method: "POST",
        body: "{}",
      });
      expect(stranger.status).toBe(403);
    } finally {
      await several.stop();
      await rm(directory, { recursive: true });
    }
  });

  it("reaches TCP services, and fails them on request", async () => {
    const echo = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.pipe(socket);
    }).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const { port } = echo.address() as AddressInfo;
    const other = await startTwin({
      gateway: { entry: "test/support/twin-tcp-gateway.ts" },
      services: { "orders-db": `tcp://127.0.0.1:${port}` },
    });
    try {
      const ask = async () => (await other.fetch("/orders-db", { method: "POST", body: "select 1" })).text();
      expect(await ask()).toBe("select 1");
      other.fail("orders-db", "UPSTREAM_REFUSED");
      expect(await ask()).toBe("UPSTREAM_REFUSED");
      await other.reset();
      other.cutAfter("orders-db", 3);
      expect(await ask()).toBe("cut");
      await other.reset();
      await other.disconnectConnectors();
      expect(await ask()).toBe("NO_CONNECTOR");
    } finally {
      await other.stop();
      echo.close();
    }
  });
});
