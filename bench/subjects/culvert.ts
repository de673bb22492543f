import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bundleWorker } from "../../scripts/bundle.ts";
import type { AdminApi } from "../../scripts/demo/admin-api.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startConnector, startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import { freePort } from "./free-port.ts";
import { startDelayProxy } from "./start-server.ts";
import type { Cleanups, Subject } from "./subject.ts";

const PROJECT = "bench";
const ENVIRONMENT = "production";
/** The same options as in the container image and the systemd unit. */
const IMAGE_NODE_OPTIONS = "--max-semi-space-size=1 --max-old-space-size=192";

const OBJECTS_TIMEOUT_MS = 60_000;

/** One tunnel: how many connectors serve it, and how far away they are. */
export interface TunnelPlan {
  name: string;
  connectors: number;
  /** The round trip of the delaying proxy between connector and relay; null for no proxy. */
  roundTripMs: number | null;
  /** Makes the proxy behave like TCP after a pause (see bench/servers/delay-proxy.ts). Otherwise it only delays. */
  slowStart?: boolean;
  /** How many Durable Objects carry it; one by default. */
  objects?: number;
  /** Connections of each connector to each object; one by default. */
  connections?: number;
}

export interface CulvertSubject extends Subject {
  tunnelId: string;
  admin: AdminApi;
  workerdPid: number;
  connectorPids: readonly number[];
  /** WebSocket URLs of V8's inspectors, if they were asked for. */
  inspectorUrls: Readonly<Record<string, string>>;
  relayMessages(): Promise<number>;
  /** Starts another connector process like the others, without waiting for it. */
  runConnector(): Child;
}

/** Starts the tunnel from the source under `root`: one relay on workerd, and a tunnel for each plan. */
export async function startCulvert(
  options: {
    /** The root of the source; not needed if there are bundles. */
    root?: string;
    directory: string;
    upstreamUrl: string;
    /** `tcp://host:port` of a TCP service, if the tunnel should have one. */
    tcpUpstreamUrl?: string;
    plans: readonly TunnelPlan[];
    /** Variables of the relay. */
    vars?: Readonly<Record<string, string>>;
    /** "relay" inspects only the relay, so that connectors are measured as they ship. */
    inspect?: boolean | "relay";
    /** Existing bundles. Without them, bundles are made from the source under `root`. */
    bundles?: { relay: string; culvert: string };
    /** Returns another address for the connectors to dial, given the relay's URL. */
    between?: (relayUrl: string) => Promise<string>;
  },
  cleanups: Cleanups,
): Promise<CulvertSubject[]> {
  const {
    root = "",
    directory,
    upstreamUrl,
    tcpUpstreamUrl,
    plans,
    inspect = false,
    vars = {},
    bundles,
    between = (url) => Promise.resolve(url),
  } = options;
  await mkdir(directory, { recursive: true });
  const relayBundle = bundles?.relay ?? join(directory, "relay.js");
  const culvertBundle = bundles?.culvert ?? join(directory, "culvert.mjs");
  const gatewayBundle = join(directory, "gateway.js");
  if (bundles === undefined) {
    const from = join(root, "scripts/bundle.ts");
    const source = (await import(from)) as typeof import("../../scripts/bundle.ts");
    await Promise.all([source.bundleRelay(relayBundle), source.bundleCulvert(culvertBundle)]);
  }
  await bundleWorker(join(import.meta.dirname, "../workers/gateway.ts"), gatewayBundle);

  const configurations = [{ project: PROJECT, accessibleBy: ENVIRONMENT }];
  const services = {
    version: 1,
    services: [
      { name: "bench-api", endpoint: upstreamUrl, configurations },
      ...(tcpUpstreamUrl === undefined
        ? []
        : [{ name: "bench-tcp", endpoint: tcpUpstreamUrl, configurations }]),
    ],
  };
  const { workerd, admin, tunnels } = await startLocalTunnels({
    relayBundle,
    persistDir: join(directory, "state"),
    adminKey: randomBytes(32).toString("base64url"),
    vars,
    inspect: inspect !== false,
    // A process that read the lines would take CPU time of the same two cores.
    logFile: "/dev/null",
    services: Object.fromEntries(plans.map((_, index) => [keyOf(index), services])),
    gateways: (ids) =>
      plans.map((_, index) => ({
        name: keyOf(index),
        bundlePath: gatewayBundle,
        tunnelBindings: [
          {
            binding: "TUNNEL",
            props: { tunnel: ids[keyOf(index)], project: PROJECT, environment: ENVIRONMENT },
          },
        ],
      })),
  });
  cleanups.add(() => workerd.stop(500));

  const subjects: CulvertSubject[] = [];
  for (const [index, plan] of plans.entries()) {
    const { name, connectors, roundTripMs, slowStart = false, objects = 1, connections = 1 } = plan;
    const tunnel = tunnels[keyOf(index)];
    const origin = workerd.gatewayUrls[keyOf(index)];
    if (tunnel === undefined || origin === undefined) throw new Error(`no tunnel ${name}`);
    const relayUrl =
      roundTripMs === null
        ? await between(workerd.url)
        : await startDelayProxy({ of: workerd.url, roundTripMs, slowStart }, cleanups);
    const metricsUrls: string[] = [];
    const pids: number[] = [];
    const environment = {
      // The same options as in the container image and the systemd unit.
      MALLOC_ARENA_MAX: "2",
      MALLOC_TRIM_THRESHOLD_: "524288",
      NODE_OPTIONS: IMAGE_NODE_OPTIONS,
      TUNNEL_ALLOW: [upstreamUrl, ...(tcpUpstreamUrl === undefined ? [] : [tcpUpstreamUrl])]
        .map((url) => new URL(url).host)
        .join(),
      TUNNEL_CONNECTIONS: String(connections),
      TUNNEL_RELAY: relayUrl,
    };
    const inspectorUrls: Record<string, string> = {};
    if (workerd.inspectorPort !== null) {
      inspectorUrls["relay"] = `ws://127.0.0.1:${workerd.inspectorPort}/culvert`;
    }
    for (let started = 0; started < connectors; started += 1) {
      const metrics = `127.0.0.1:${await freePort()}`;
      const connector = await startConnector(
        culvertBundle,
        { admin, tunnel },
        {
          ...environment,
          TUNNEL_METRICS: metrics,
          ...(inspect === true ? { NODE_OPTIONS: `${IMAGE_NODE_OPTIONS} --inspect=127.0.0.1:0` } : {}),
        },
      );
      const listening = connector.lines.map((line) => /^Debugger listening on (ws:\S+)/.exec(line)?.[1]);
      const inspectorUrl = listening.find((url) => url !== undefined);
      if (inspectorUrl !== undefined) inspectorUrls["connector"] = inspectorUrl;
      cleanups.add(() => connector.stop(500));
      // Reading its output further would take more CPU time than a log driver does.
      connector.forgetOutput();
      metricsUrls.push(`http://${metrics}/metrics`);
      pids.push(connector.pid);
    }
    await admin.scale(tunnel.id, { min: objects, max: objects }, 0);
    await eventually(`${objects} objects to serve`, OBJECTS_TIMEOUT_MS, async () => {
      const now = await admin.objects(tunnel.id);
      const isReady = now.every(
        (one) => one.phase === "serving" && one.connections === connectors * connections,
      );
      return isReady && now.length === objects;
    });
    subjects.push({
      ...{ name, admin, tunnelId: tunnel.id },
      origin,
      headers: {},
      workerdPid: workerd.pid,
      connectorPids: pids,
      inspectorUrls,
      pids: () => ({ relay: [workerd.pid], connector: pids }),
      runConnector: () =>
        startChild("another connector", process.execPath, [culvertBundle, "connect"], {
          ...environment,
          TUNNEL_TOKEN: tunnel.token,
          TUNNEL_METRICS: "127.0.0.1:0",
        }),
      relayMessages: async () => {
        const counts = await Promise.all(metricsUrls.map(messagesSent));
        return counts.reduce((sum, count) => sum + count, 0);
      },
    });
  }
  return subjects;
}

/** The same tunnel, with a gateway that does the work over TCP connections. */
export function overTcp(subject: CulvertSubject): CulvertSubject {
  return { ...subject, name: `${subject.name}, TCP`, origin: `${subject.origin}/tcp` };
}

/** Names of tunnels may contain no special characters. */
function keyOf(index: number): string {
  return `bench-${index}`;
}

async function messagesSent(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  return Number(/^culvert_connector_relay_messages_total (\d+)$/m.exec(text)?.[1] ?? NaN);
}
