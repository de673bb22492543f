import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { startWorkerd, type WorkerdProcess } from "../../scripts/workerd.ts";
import { formatToken } from "../../shared/tokens/token.ts";
import { formatAccessKey } from "../../worker/auth/access-key.ts";
import { newKid, newSecret, newTunnelId } from "../../worker/auth/random-id.ts";
import { residentBytes } from "../support/system.ts";

const ADMIN_KEY = "admin-key-of-the-guessing-tests-0123456789";
const CALLER = { project: "my-project", environment: "production" };

let directory: string;
let relay: WorkerdProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-guessing-"));
  relay = await startWorkerd({
    relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
    persistDir: join(directory, "state"),
  });
});

afterAll(async () => {
  await relay.stop(500);
  await rm(directory, { recursive: true, force: true });
});

async function post<T>(path: string, body: object): Promise<T> {
  const response = await fetch(`${relay.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as T;
}

async function status(path: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(`${relay.url}${path}`, { headers });
  await response.body?.cancel();
  return response.status;
}

/** The relay's answer to a connector's handshake: 101, or the status of its refusal. */
function dial(token: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${relay.url.replace("http", "ws")}/v1/connect`, "culvert.v1", {
      headers: { ...headers, authorization: `Bearer ${token}` },
    });
    socket.on("error", () => {});
    socket.on("unexpected-response", (_, { statusCode = 0 }) => {
      resolve(statusCode);
      socket.terminate();
    });
    socket.on("open", () => {
      resolve(101);
      socket.terminate();
    });
  });
}

async function stateFiles(): Promise<string[]> {
  const entries = await readdir(join(directory, "state"), { recursive: true });
  return entries.filter((name) => name.endsWith(".sqlite")).toSorted();
}

it("a thousand made-up tunnels and keys leave no file, no memory, and lock nobody out", async () => {
  const { id, token } = await post<{ id: string; token: string }>("/v1/tunnels", { name: "a tunnel" });
  const { key } = await post<{ key: string }>("/v1/gateway-keys", CALLER);
  // All from one address, as on a public network where the Workers of other accounts share one.
  const shared = { "cf-connecting-ip": "2a06:98c0:3600::103" };
  const withKey = (text: string) => ({ ...shared, "culvert-gateway-key": text });
  expect(await status(`/~/${id}/payments-api/x`, withKey(key))).toBe(404);
  const before = { files: await stateFiles(), bytes: await residentBytes(relay.pid) };

  const statuses = new Map<string, number>();
  const note = (what: string) => statuses.set(what, (statuses.get(what) ?? 0) + 1);
  let made = 0;
  const guess = async () => {
    while (made < 1000) {
      const index = ++made;
      const tunnelId = newTunnelId();
      const selfMade = formatAccessKey("gateway", newKid(), newSecret());
      const forged = formatToken({ relayUrl: relay.url, tunnelId, kid: newKid(), secret: newSecret() });
      note(`dial ${await dial(forged, shared)}`);
      note(`key ${await status(`/~/${tunnelId}/payments-api/x`, withKey(selfMade))}`);
      note(`tunnel ${await status(`/~/${tunnelId}/payments-api/x`, withKey(key))}`);
      note(`right ${await status(`/~/${id}/payments-api/x`, withKey(key))}`);
      if (index % 100 === 0) note(`right dial ${await dial(token, shared)}`);
    }
  };
  await Promise.all(Array.from({ length: 20 }, guess));

  expect(statuses.get("tunnel 404")).toBe(1000);
  expect(statuses.get("right 404")).toBe(1000);
  expect(statuses.get("right dial 101")).toBe(10);
  expect(statuses.get("dial 401") ?? 0).toBeGreaterThan(0);
  expect((statuses.get("dial 401") ?? 0) + (statuses.get("dial 429") ?? 0)).toBe(1000);
  expect((statuses.get("key 401") ?? 0) + (statuses.get("key 429") ?? 0)).toBe(1000);
  const files = await stateFiles();
  const ofTelemetry = (name: string) => name.includes("culvert-Telemetry/");
  expect(files.filter((name) => !ofTelemetry(name))).toEqual(
    before.files.filter((name) => !ofTelemetry(name)),
  );
  // Its list, and the objects of the real tunnel and of the relay itself.
  expect(files.filter(ofTelemetry).length).toBeLessThanOrEqual(3);
  // When each guess started three objects, this took 268 MB.
  expect((await residentBytes(relay.pid)) - before.bytes).toBeLessThan(100 * 1024 * 1024);
}, 240_000);

it("a wrong secret for a real key gets the same refusal as a key that never existed", async () => {
  const { id } = await post<{ id: string }>("/v1/tunnels", { name: "another" });
  const { kid } = await post<{ kid: string }>("/v1/gateway-keys", CALLER);
  const headers = (name: string) => ({
    "cf-connecting-ip": "203.0.113.9",
    "culvert-gateway-key": formatAccessKey("gateway", name, newSecret()),
  });
  const answers = await Promise.all(
    [kid, newKid()].map(async (name) => {
      const response = await fetch(`${relay.url}/~/${id}/payments-api/x`, { headers: headers(name) });
      return [response.status, await response.text()];
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.[0]).toBe(401);
});
