import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { eventually } from "../demo/eventually.ts";
import { startWorkerd } from "../workerd.ts";

const CALLER = { project: "packaging", environment: "production" };
const SERVICE = "packaged-api";
const ATTACH_TIMEOUT_MS = 20_000;

/** A relay on this machine with one tunnel to one upstream, for testing a packaged connector. */
export interface OneTunnel {
  /** The connector's settings, including its token. */
  settings: Record<"TUNNEL_TOKEN" | "TUNNEL_ALLOW", string>;
  /** Calls the upstream through the tunnel. With `hold` it answers only after `release` is called. */
  call(options?: { hold?: boolean }): Promise<{ status: number; text: string }>;
  /** Resolves once this many connectors are attached to the relay. */
  untilAttached(connectors: 1 | 2): Promise<void>;
  /** Resolves once the upstream is holding this many requests. */
  untilHeld(requests: number): Promise<void>;
  release(): void;
  stop(): Promise<void>;
}

export async function startOneTunnel(options: {
  relayBundle: string;
  directory: string;
}): Promise<OneTunnel> {
  const held: (() => void)[] = [];
  const upstream = createServer((request, response) => {
    const answer = () => void response.end(`served ${request.url}`);
    if (request.url === "/held") held.push(answer);
    else answer();
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const authority = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const adminKey = randomBytes(32).toString("base64url");
  const relay = await startWorkerd({
    relay: { bundlePath: options.relayBundle, adminKey },
    persistDir: join(options.directory, "relay"),
  });

  const admin = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${relay.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
    return (await response.json()) as Record<string, string>;
  };
  const { id = "", token = "" } = await admin("POST", "/tunnels", { name: "packaged" });
  await admin("PUT", `/tunnels/${id}/services-configuration`, {
    version: 1,
    services: [
      {
        name: SERVICE,
        endpoint: `http://${authority}`,
        configurations: [{ project: CALLER.project, accessibleBy: CALLER.environment }],
      },
    ],
  });
  const { key = "" } = await admin("POST", "/gateway-keys", CALLER);

  return {
    settings: { TUNNEL_TOKEN: token, TUNNEL_ALLOW: authority },
    async call({ hold = false } = {}) {
      const response = await fetch(`${relay.url}/~/${id}/${SERVICE}/${hold ? "held" : "now"}`, {
        headers: { "culvert-gateway-key": key },
      });
      return { status: response.status, text: await response.text() };
    },
    async untilAttached(connectors) {
      const expected = connectors === 1 ? "degraded" : "healthy";
      await eventually(`${connectors} attached connectors`, ATTACH_TIMEOUT_MS, async () => {
        return (await admin("GET", `/tunnels/${id}`))["status"] === expected;
      });
    },
    untilHeld: async (requests) => {
      await eventually(`${requests} held requests`, ATTACH_TIMEOUT_MS, () => held.length >= requests);
    },
    release() {
      for (const answer of held.splice(0)) answer();
    },
    async stop() {
      await relay.stop(200);
      upstream.closeAllConnections();
      upstream.close();
    },
  };
}
