import { setTimeout as sleep } from "node:timers/promises";
import { startWorkerd } from "../workerd.ts";
import type { GatewayOptions, WorkerdProcess } from "../workerd.ts";
import { adminApi } from "./admin-api.ts";
import type { AdminApi } from "./admin-api.ts";
import { startChild, withTail } from "./child-process.ts";
import type { Child } from "./child-process.ts";
import { eventually } from "./eventually.ts";

const CONNECT_TIMEOUT_MS = 20_000;

export interface Tunnel {
  id: string;
  token: string;
}

export interface LocalTunnels {
  workerd: WorkerdProcess;
  admin: AdminApi;
  /** By the name they were asked for. */
  tunnels: Readonly<Record<string, Tunnel>>;
}

/**
 * The relay on this machine with the given tunnels and their services files, and gateways bound to them. A binding
 * needs its tunnel's id, so the relay starts once to make the tunnels and once more with the gateways: what it
 * knows persists.
 */
export async function startLocalTunnels(options: {
  relayBundle: string;
  /** The relay that makes the tunnels, if it is another: an upgrade follows. */
  firstRelayBundle?: string;
  persistDir: string;
  adminKey: string;
  inspect?: boolean;
  /** Where the relay's console goes; absent: it is kept in memory. */
  logFile?: string;
  /** The relay may call loopback: a log destination of a test is there. */
  mayCallPrivate?: boolean;
  /** Variables of the relay. */
  vars?: Readonly<Record<string, string>>;
  services: Readonly<Record<string, unknown>>;
  gateways: (tunnelIds: Readonly<Record<string, string>>) => readonly GatewayOptions[];
}): Promise<LocalTunnels> {
  const relay = {
    bundlePath: options.relayBundle,
    adminKey: options.adminKey,
    mayCallPrivate: options.mayCallPrivate ?? false,
    vars: options.vars ?? {},
  };
  const first = { ...relay, bundlePath: options.firstRelayBundle ?? options.relayBundle };
  const bare = await startWorkerd({ relay: first, persistDir: options.persistDir });
  let tunnels: Record<string, Tunnel>;
  try {
    const admin = adminApi(bare.url, options.adminKey);
    const makeTunnel = async ([name, file]: [string, unknown]): Promise<[string, Tunnel]> => {
      const tunnel = await admin.createTunnel(name);
      await admin.putServices(tunnel.id, file);
      return [name, tunnel];
    };
    tunnels = Object.fromEntries(await Promise.all(Object.entries(options.services).map(makeTunnel)));
  } finally {
    await bare.stop();
  }
  const ids = Object.fromEntries(Object.entries(tunnels).map(([name, { id }]) => [name, id]));
  // The tokens carry the relay's URL: it keeps its port.
  const port = Number(new URL(bare.url).port);
  const { persistDir, inspect = false } = options;
  const workerd = await startWorkerd({
    ...{ relay, persistDir, port, inspect, gateways: options.gateways(ids) },
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
  });
  return { workerd, admin: adminApi(workerd.url, options.adminKey), tunnels };
}

/** A connector process with its settings in the environment. Resolves once the relay counts it as attached. */
export async function startConnector(
  entry: string,
  { admin, tunnel }: { admin: AdminApi; tunnel: Tunnel },
  environment: Record<string, string>,
): Promise<Child> {
  const before = await admin.status(tunnel.id);
  const child = startChild("connector", process.execPath, [entry, "connect"], {
    TUNNEL_TOKEN: tunnel.token,
    TUNNEL_METRICS: "127.0.0.1:0",
    ...environment,
  });
  try {
    await eventually("the connector to attach", CONNECT_TIMEOUT_MS, async () => {
      if (!child.running()) throw new Error("the connector ended");
      const status = await admin.status(tunnel.id);
      return status === "healthy" || (status === "degraded" && before !== "degraded");
    });
    return child;
  } catch (error) {
    await Promise.race([child.stop(0), sleep(1000)]);
    throw new Error(withTail(error instanceof Error ? error.message : String(error), child.lines), {
      cause: error,
    });
  }
}
