import { join } from "node:path";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { startConnector, startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import { gatewayBundle, runsTunnels } from "../support/made-once.ts";
import type { Observation, ProbeRequest } from "../support/probe.ts";
import { nothing, type Seen, type Target, TIMEOUT_MS, type Wanted } from "./exchange.ts";
import type { Endpoint } from "./servers/real-server.ts";

const ADMIN_KEY = "battery-admin-key-0123456789abcdef";
const CALLER = { project: "my-project", environment: "production" };

export interface BatteryTunnel {
  /** Through the gateway's binding. */
  through(service: string): Target;
  /**
   * Sent by the gateway's own code. A client of the gateway would lose an early answer when the gateway closes the
   * connection.
   */
  probe(service: string, wanted: Wanted): Promise<Seen>;
  /** Through `/~/`, which leaves the path unchanged. */
  byKey(service: string): { target: Target; fields: [string, string][] };
  /** Whether the connector's process still runs. It must not end. */
  connectorRuns(): boolean;
  log(): string;
  stop(): Promise<void>;
}

/** Starts a relay, a gateway and a connector in front of these endpoints. */
export async function startTunnel(
  directory: string,
  endpoints: readonly Endpoint[],
  tls: { ca: string; cert: string; key: string },
): Promise<BatteryTunnel> {
  const bundlePath = await gatewayBundle(directory);
  const configurations = [{ project: CALLER.project, accessibleBy: CALLER.environment }];
  const services = endpoints.map(({ name, origin }) => ({
    ...{ name, endpoint: origin, configurations, healthCheck: false },
  }));
  const { workerd, admin, tunnels } = await startLocalTunnels({
    relayBundle: RELAY_BUNDLE,
    persistDir: join(directory, "state"),
    adminKey: ADMIN_KEY,
    services: { main: { version: 1, services } },
    made: await runsTunnels(),
    gateways: (ids) => [
      {
        name: "test",
        bundlePath,
        tunnelBindings: [{ binding: "TUNNEL", props: { tunnel: ids["main"], ...CALLER } }],
      },
    ],
  });
  try {
    const tunnel = tunnels["main"];
    if (tunnel === undefined) throw new Error("the relay made no tunnel");
    const secure = { caFile: tls.ca, certFile: tls.cert, keyFile: tls.key };
    const upstreams = endpoints.map(({ origin, protocol }): [string, object] => {
      const { host, protocol: scheme } = new URL(origin);
      // Over TLS, both ends agree on HTTP/2.
      if (scheme === "https:") return [host, { ...secure, ...(protocol === "http1" ? { protocol } : {}) }];
      return [host, { protocol }];
    });
    const connector = await startConnector(
      CULVERT_BUNDLE,
      { admin, tunnel },
      {
        TUNNEL_ALLOW: "127.0.0.1,localhost",
        TUNNEL_UPSTREAMS: JSON.stringify(Object.fromEntries(upstreams)),
        TUNNEL_LOGLEVEL: "warn",
        TUNNEL_GRACE_PERIOD: "1s",
      },
    );
    const response = await fetch(`${workerd.url}/v1/gateway-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(CALLER),
    });
    const { key } = (await response.json()) as { key: string };
    return {
      through: (service) => ({
        origin: String(workerd.gatewayUrls["test"]),
        prefix: `/pass/TUNNEL/http://${service}`,
        protocol: "http1",
      }),
      probe: (service, wanted) => probe(`${workerd.gatewayUrls["test"]}/probe`, service, wanted),
      byKey: (service) => ({
        target: { origin: workerd.url, prefix: `/~/${tunnel.id}/${service}`, protocol: "http1" },
        fields: [["culvert-gateway-key", key]],
      }),
      connectorRuns: () => connector.running(),
      log: () => connector.lines.slice(-20).join("\n"),
      stop: async () => {
        await connector.stop(2_000);
        await workerd.stop(500);
      },
    };
  } catch (error) {
    await workerd.stop(500);
    throw error;
  }
}

async function probe(url: string, service: string, wanted: Wanted): Promise<Seen> {
  const body: ProbeRequest = {
    via: "TUNNEL",
    url: `http://${service}${wanted.path}`,
    method: wanted.method,
    body: { kind: "pattern", totalBytes: wanted.body?.byteLength ?? 0, lengthKnown: wanted.chunked !== true },
  };
  let seen: Observation;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body), signal });
    seen = (await response.json()) as Observation;
  } catch (error) {
    return nothing(String(error));
  }
  return {
    ...{ status: seen.status, reason: seen.statusText, fields: seen.headers, error: seen.threw },
    body: Buffer.alloc(0),
    digest: { bytes: seen.bodyBytes, sha256: seen.bodySha256 },
    aborted: seen.bodyThrew !== null,
  };
}
