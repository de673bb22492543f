import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi } from "../../scripts/demo/admin-api.ts";
import type { Child } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startConnector } from "../../scripts/demo/local-tunnels.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { HttpUpstream } from "../support/servers/http-upstream.ts";

const ADMIN_KEY = "admin-key-of-the-control-plane-tests";
/** An idle object leaves memory after 10 s, in the local runtime too. Its sockets stay. */
const HIBERNATED_AFTER_MS = 12_000;

const upstream = new HttpUpstream();
const connectors: Child[] = [];
let directory: string;
let relay: WorkerdProcess;
let gatewayKey: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-control-"));
  await upstream.listen();
  relay = await startRelay();
  const caller = { project: "shop", environment: "production" };
  gatewayKey = (await admin<{ key: string }>("POST", "/gateway-keys", caller)).body.key;
});

afterAll(async () => {
  await Promise.all(connectors.map((connector) => connector.stop(2_000)));
  await relay.stop(500);
  await upstream.close();
  await rm(directory, { recursive: true, force: true });
});

function startRelay(port = 0): Promise<WorkerdProcess> {
  return startWorkerd({
    relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
    persistDir: join(directory, "state"),
    port,
  });
}

interface Called<T> {
  status: number;
  headers: Headers;
  body: T;
}

/**
 * Like a client behind Cloudflare. Each key comes from an address of its own, so that one's failures do not count for
 * another.
 */
async function admin<T = { code?: string }>(
  method: string,
  path: string,
  body?: unknown,
  { key = ADMIN_KEY, headers = {} }: { key?: string | null; headers?: Record<string, string> } = {},
): Promise<Called<T>> {
  const response = await fetch(`${relay.url}/v1${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      "cf-connecting-ip": `192.0.2.${(key ?? "none").length}`,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(response, text) as T };
}

/** Metrics are not JSON. */
function parsed(response: Response, text: string): unknown {
  return response.headers.get("content-type")?.startsWith("text/") === true
    ? text
    : JSON.parse(text || "null");
}

interface Served {
  id: string;
  token: string;
  kid: string;
  connector: Child;
}

async function servedTunnel(name: string): Promise<Served> {
  const { body: tunnel } = await admin<{ id: string; token: string; kid: string }>("POST", "/tunnels", {
    name,
  });
  await admin("PUT", `/tunnels/${tunnel.id}/services-configuration`, {
    version: 1,
    services: [
      {
        name: "node-api",
        endpoint: `http://127.0.0.1:${upstream.port}`,
        configurations: [{ project: "shop", accessibleBy: "production" }],
      },
    ],
  });
  const connector = await startConnector(
    CULVERT_BUNDLE,
    { admin: adminApi(relay.url, ADMIN_KEY), tunnel },
    { TUNNEL_ALLOW: "127.0.0.1" },
  );
  connectors.push(connector);
  return { ...tunnel, connector };
}

async function send(
  tunnelId: string,
  path: string,
  caseName = "",
  key = gatewayKey,
): Promise<IncomingMessage> {
  const request = httpRequest(`${relay.url}/~/${tunnelId}/node-api${path}`, {
    headers: { "culvert-gateway-key": key, "x-case": caseName },
    agent: false,
  });
  const response = once(request, "response", { signal: AbortSignal.timeout(20_000) });
  request.end();
  return ((await response) as [IncomingMessage])[0];
}

async function outcome(tunnelId: string, path = "/ok"): Promise<string> {
  const response = await send(tunnelId, path);
  response.resume();
  return String(response.headers["culvert-error"] ?? response.statusCode);
}

/** When the connector lost its connection according to its own log, in milliseconds from now. */
function lossTimeMs(connector: Child): Promise<number> {
  const before = connector.lines.length;
  const startedMs = performance.now();
  const lost = eventually("the connector to be cut", 30_000, () =>
    connector.lines.slice(before).some((line) => line.includes("TOKEN_REVOKED")),
  ).then(() => performance.now() - startedMs);
  // If a test fails before it awaits this, that failure is the one to report.
  lost.catch(() => {});
  return lost;
}

describe("a gateway key that is deleted", () => {
  /** The promise is one second. The rest is for a busy machine, and for `ws`, which waits for the TCP connection. */
  const SOON_MS = 5_000;

  async function newKey(): Promise<{ kid: string; key: string }> {
    const caller = { project: "shop", environment: "production" };
    return (await admin<{ kid: string; key: string }>("POST", "/gateway-keys", caller)).body;
  }

  async function open(id: string, key: string): Promise<WebSocket> {
    const url = `${relay.url.replace("http", "ws")}/~/${id}/node-api/ws`;
    const options = { headers: { "culvert-gateway-key": key }, closeTimeout: 500 };
    const socket = new WebSocket(url, options);
    socket.on("error", () => {});
    await once(socket, "open");
    socket.send("hello");
    await once(socket, "message");
    return socket;
  }

  async function deleted({ kid }: { kid: string }, socket: WebSocket): Promise<{ code: number; ms: number }> {
    const closed = once(socket, "close", { signal: AbortSignal.timeout(20_000) });
    expect((await admin("DELETE", `/gateway-keys/${kid}`)).status).toBe(204);
    const startedMs = performance.now();
    const [code] = (await closed) as [number];
    return { code, ms: performance.now() - startedMs };
  }

  it("ends what was opened with it: a stream, a WebSocket, a sleeping one; and nothing else", async () => {
    const { id } = await servedTunnel("left");
    const [first, second] = [await newKey(), await newKey()];
    const sockets = {
      first: await open(id, first.key),
      second: await open(id, second.key),
      other: await open(id, gatewayKey),
    };
    const streams = await send(id, "/pattern?bytes=4000000000", "left", first.key);
    streams.resume();
    const aborted = once(streams, "error").then(([error]) => (error as NodeJS.ErrnoException).code);
    await once(streams, "data");
    const live = await deleted(first, sockets.first);
    expect(live.code).toBe(4403);
    expect(live.ms).toBeLessThan(SOON_MS);
    expect(await aborted).toBe("ECONNRESET");
    await upstream.saw("gone", "left");

    await sleep(HIBERNATED_AFTER_MS);
    const asleep = await deleted(second, sockets.second);
    expect(asleep.code).toBe(4403);
    expect(asleep.ms).toBeLessThan(SOON_MS);
    sockets.other.send("still here");
    await once(sockets.other, "message");
    sockets.other.terminate();
  });
});

describe("the admin API over HTTP", () => {
  /** Every operation, with valid input. The ids in the paths belong to no tunnel and no key. */
  const ABSENT = "tnl_aaaaaaaaaaaaaaaaaaaa";
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ISSUER_KEYS = { jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "a" }] } };
  const LOG_DESTINATION = { kind: "webhook", name: "made by a test", url: "https://logs.invalid" };
  const operations: readonly [method: string, path: string, role: "viewer" | "admin", body?: object][] = [
    ["GET", "/tunnels", "viewer"],
    ["GET", `/tunnels/${ABSENT}`, "viewer"],
    ["GET", `/tunnels/${ABSENT}/services-configuration`, "viewer"],
    ["GET", "/gateway-keys", "viewer"],
    ["GET", "/api-keys", "viewer"],
    ["GET", "/audit-log", "viewer"],
    ["GET", "/metrics", "viewer"],
    ["GET", `/tunnels/${ABSENT}/metrics`, "viewer"],
    ["GET", `/tunnels/${ABSENT}/traffic`, "viewer"],
    // Without an upgrade.
    ["GET", `/tunnels/${ABSENT}/tail`, "viewer"],
    ["GET", `/tunnels/${ABSENT}/requests`, "viewer"],
    ["GET", `/tunnels/${ABSENT}/captures`, "viewer"],
    ["POST", `/tunnels/${ABSENT}/captures`, "admin", { service: "api" }],
    ["POST", `/tunnels/${ABSENT}/captures/cap_aaaaaaaaaaaa/stop`, "admin"],
    ["DELETE", `/tunnels/${ABSENT}/captures/cap_aaaaaaaaaaaa`, "admin"],
    ["GET", `/tunnels/${ABSENT}/captures/cap_aaaaaaaaaaaa/requests`, "admin"],
    ["GET", `/tunnels/${ABSENT}/requests/0190c0de/capture`, "admin"],
    ["GET", "/log-destinations", "viewer"],
    ["GET", "/log-destinations/dst_aaaaaaaaaaaa", "viewer"],
    ["POST", "/tunnels", "admin", { name: "made by a test" }],
    ["PATCH", `/tunnels/${ABSENT}`, "admin", { name: "renamed by a test" }],
    ["DELETE", `/tunnels/${ABSENT}`, "admin"],
    ["POST", `/tunnels/${ABSENT}/tokens`, "admin", {}],
    ["DELETE", `/tunnels/${ABSENT}/tokens/k_aaaaaaaaaaaa`, "admin"],
    ["GET", `/tunnels/${ABSENT}/identities`, "viewer"],
    ["POST", `/tunnels/${ABSENT}/identities`, "admin", { issuer: "i", subjects: ["s"], ...ISSUER_KEYS }],
    ["PUT", `/tunnels/${ABSENT}/identities/wid_aaaaaaaaaaaa/keys`, "admin", ISSUER_KEYS],
    ["DELETE", `/tunnels/${ABSENT}/identities/wid_aaaaaaaaaaaa`, "admin"],
    ["PUT", `/tunnels/${ABSENT}/services-configuration`, "admin", { version: 1, services: [] }],
    ["GET", `/tunnels/${ABSENT}/services/versions`, "viewer"],
    ["POST", `/tunnels/${ABSENT}/services/rollback`, "admin", { version: 1 }],
    ["POST", "/gateway-keys", "admin", { project: "p", environment: "e" }],
    ["DELETE", "/gateway-keys/k_aaaaaaaaaaaa", "admin"],
    ["POST", "/api-keys", "admin", { role: "viewer" }],
    ["DELETE", "/api-keys/k_aaaaaaaaaaaa", "admin"],
    ["POST", "/log-destinations", "admin", LOG_DESTINATION],
    ["PUT", "/log-destinations/dst_aaaaaaaaaaaa", "admin", LOG_DESTINATION],
    ["DELETE", "/log-destinations/dst_aaaaaaaaaaaa", "admin"],
    ["POST", "/log-destinations/dst_aaaaaaaaaaaa/test", "admin"],
    ["GET", "/alerts", "viewer"],
    ["POST", "/alerts", "admin", { name: "made by a test", url: "https://alerts.invalid" }],
    ["DELETE", "/alerts/alr_aaaaaaaaaaaa", "admin"],
    ["POST", "/alerts/alr_aaaaaaaaaaaa/test", "admin"],
  ];

  it("allows each role what it may do, on every route", async () => {
    const { body: document } = await admin<{ paths: Record<string, object> }>("GET", "/openapi.json");
    const documented = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
    expect(operations).toHaveLength(documented.length);

    const keyOf = async (role: string) =>
      (await admin<{ key: string }>("POST", "/api-keys", { role })).body.key;
    const [viewer, writer] = [await keyOf("viewer"), await keyOf("admin")];
    for (const [method, path, role, body] of operations) {
      const found = method === "POST" ? 201 : 200;
      const done = path.endsWith("/tail") ? 426 : path.includes("aaaa") ? 404 : found;
      const statuses = [];
      for (const key of [ADMIN_KEY, writer, viewer, null, `${writer}x`, gatewayKey]) {
        statuses.push((await admin(method, path, body, { key })).status);
      }
      const byViewer = role === "viewer" ? done : 403;
      expect([method, path, ...statuses]).toEqual([method, path, done, done, byViewer, 401, 401, 401]);
    }
  });

  it("lets one of many writers of a services file win; the others get 412", async () => {
    const { body: tunnel } = await admin<{ id: string }>("POST", "/tunnels", { name: "contended" });
    const path = `/tunnels/${tunnel.id}/services-configuration`;
    const { headers } = await admin("GET", path);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        admin(
          "PUT",
          path,
          { version: 1, services: [{ name: `winner-${index}`, endpoint: "http://x", configurations: [] }] },
          { headers: { "if-match": headers.get("etag") ?? "" } },
        ),
      ),
    );
    const winners = answers.flatMap(({ status }, index) => (status === 200 ? [`winner-${index}`] : []));
    expect(winners).toHaveLength(1);
    expect(
      answers.filter(({ status, body }) => status === 412 && body.code === "PRECONDITION_FAILED"),
    ).toHaveLength(7);
    const { body } = await admin<{ services: { name: string }[] }>("GET", path);
    expect(body.services.map(({ name }) => name)).toEqual(winners);
  });
});

describe("a token", () => {
  let idle: Served;
  let idleSinceMs: number;

  beforeAll(async () => {
    idle = await servedTunnel("idle");
    idleSinceMs = performance.now();
  });

  it("revoked during a transfer cuts connector, transfer and upstream before the API answers", async () => {
    const { id, kid, connector } = await servedTunnel("busy");
    const response = await send(id, "/pattern?bytes=4000000000", "revoked");
    // Keep reading, so that only the revocation can end it.
    response.resume();
    const ended = once(response, "error").then(([error]) => (error as NodeJS.ErrnoException).code);
    await once(response, "data");

    const lost = lossTimeMs(connector);
    const { status } = await admin("DELETE", `/tunnels/${id}/tokens/${kid}`);
    expect(status).toBe(204);
    // No time is measured: after the answer to the revocation, the connection must already be gone.
    expect((await admin("GET", `/tunnels/${id}`)).body).toMatchObject({ connectors: [] });
    expect(await ended).toBe("ECONNRESET");
    await upstream.saw("gone", "revoked");
    await lost;
    expect(await outcome(id)).toBe("NO_CONNECTOR");
  });

  it("that was replaced ends by itself after the overlap, and its connectors are cut", async () => {
    const { id, kid, connector } = await servedTunnel("rotated");
    expect((await admin("GET", `/tunnels/${id}`)).body).toMatchObject({
      status: "degraded",
      connectors: [{ kid, connections: 1 }],
      tokens: [{ kid, connectors: 1, expiresAt: null, lastUsedAt: expect.any(String) }],
    });
    const lost = lossTimeMs(connector);
    const { status } = await admin("POST", `/tunnels/${id}/tokens`, { overlapSeconds: 1 });
    expect(status).toBe(201);
    expect(await outcome(id)).toBe("200");
    expect(await lost).toBeGreaterThan(900);
    const { body: tunnel } = await admin<{ tokens: { kid: string }[] }>("GET", `/tunnels/${id}`);
    expect(tunnel.tokens.map((token) => token.kid)).not.toContain(kid);
    const { body: log } = await admin<{ items: object[] }>("GET", "/audit-log?limit=10");
    expect(log.items).toContainEqual(
      expect.objectContaining({ actor: "relay", action: "token.expire", target: id, before: { token: kid } }),
    );
  });

  it("revoked while the tunnel's object hibernates cuts the connector", async () => {
    await eventually("the object to hibernate", HIBERNATED_AFTER_MS + 1_000, () => {
      return performance.now() - idleSinceMs > HIBERNATED_AFTER_MS;
    });
    const lost = lossTimeMs(idle.connector);
    const { status } = await admin("DELETE", `/tunnels/${idle.id}/tokens/${idle.kid}`);
    expect(status).toBe(204);
    expect((await admin("GET", `/tunnels/${idle.id}`)).body).toMatchObject({ connectors: [] });
    await lost;
  });
});

describe("what the relay knows", () => {
  it("survives a restart of everything, and a failing Registry stops no request", async () => {
    const { id, connector } = await servedTunnel("kept");
    const snapshot = async () => ({
      tunnels: (await admin("GET", "/tunnels?limit=100")).body,
      keys: (await admin("GET", "/gateway-keys?limit=100")).body,
      file: (await admin("GET", `/tunnels/${id}/services-configuration`)).body,
      log: (await admin("GET", "/audit-log?limit=100")).body,
    });
    const before = await snapshot();
    const port = Number(new URL(relay.url).port);
    await relay.stop(500);
    relay = await startRelay(port);
    expect(await snapshot()).toEqual(before);
    await eventually("the connector to return", 20_000, async () => (await outcome(id)) === "200");

    await relay.stop(500);
    await breakRegistry();
    relay = await startRelay(port);
    await eventually("the connector to return", 20_000, async () => (await outcome(id)) === "200");
    expect(connector.running()).toBe(true);
    expect((await admin("GET", "/tunnels")).status).toBe(500);
    expect((await admin("POST", "/tunnels", { name: "not now" })).status).toBe(500);
    expect(await outcome(id, "/status?code=201")).toBe("201");
    expect(await outcome("tnl_aaaaaaaaaaaaaaaaaaaa")).toBe("OVERLOADED");
  });
});

/** Destroys the Registry's database. */
async function breakRegistry(): Promise<void> {
  const objects = join(directory, "state/objects/culvert-Registry");
  const files = (await readdir(objects)).filter((name) => /^[0-9a-f]{64}\.sqlite/.test(name));
  expect(files).not.toEqual([]);
  for (const name of files) {
    if (name.endsWith(".sqlite")) await writeFile(join(objects, name), "no database");
    else await rm(join(objects, name));
  }
}
