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
  /** By the name that was asked for. */
  tunnels: Readonly<Record<string, Tunnel>>;
}

/**
 * Starts a relay on this machine with the given tunnels and their services files, and gateways bound to them. A binding
 * needs its tunnel's id, so the relay starts once to create the tunnels, and once more with the gateways. Its state is kept
 * in between.
 */
export async function startLocalTunnels(options: {
  relayBundle: string;
  /** The relay that creates the tunnels, if it is a different one, for tests of an upgrade. */
  firstRelayBundle?: string;
  persistDir: string;
  adminKey: string;
  inspect?: boolean;
  /** The file for the relay's console output. Without it, the output is kept in memory. */
  logFile?: string;
  /** Lets the relay call loopback, for a test's log destination. */
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
  // Tokens contain the relay's URL, so the relay must keep its port.
  const port = Number(new URL(bare.url).port);
  const { persistDir, inspect = false } = options;
  const workerd = await startWorkerd({
    ...{ relay, persistDir, port, inspect, gateways: options.gateways(ids) },
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
  });
  return { workerd, admin: adminApi(workerd.url, options.adminKey), tunnels };
}

/** Starts a connector process with its settings in the environment. Resolves once the relay lists it as attached. */
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
