import { randomBytes } from "node:crypto";
import { cp } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { formatToken, parseToken } from "../../shared/tokens/token.ts";
import { startWorkerd } from "../workerd.ts";
import type { GatewayOptions, WorkerdOptions, WorkerdProcess } from "../workerd.ts";
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

/** The state of a relay that has these tunnels. A relay that starts with a copy of it has them too, and needs no second start. */
export interface MadeTunnels {
  persistDir: string;
  /** By name. The tokens still name the relay that created them. */
  tunnels: Readonly<Record<string, Tunnel>>;
}

/**
 * Starts a relay on this machine with the given tunnels and their services files, and gateways bound to them. A binding
 * needs its tunnel's id, so the relay starts once to create the tunnels, and once more with the gateways. Its state is kept
 * in between. With `made`, it starts only once.
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
  made?: MadeTunnels | undefined;
  gateways: (tunnelIds: Readonly<Record<string, string>>) => readonly GatewayOptions[];
}): Promise<LocalTunnels> {
  const relay = {
    bundlePath: options.relayBundle,
    adminKey: options.adminKey,
    mayCallPrivate: options.mayCallPrivate ?? false,
    vars: options.vars ?? {},
  };
  const { persistDir, inspect = false, made } = options;
  const first = { ...relay, bundlePath: options.firstRelayBundle ?? options.relayBundle };
  const { tunnels, port } =
    made === undefined
      ? await createTunnels(first, persistDir, options.services)
      : { tunnels: await copied(made, persistDir), port: 0 };
  const ids = Object.fromEntries(Object.entries(tunnels).map(([name, { id }]) => [name, id]));
  const workerd = await startWorkerd({
    ...{ relay, persistDir, port, inspect, gateways: options.gateways(ids) },
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
  });
  const admin = adminApi(workerd.url, options.adminKey);
  if (made === undefined) return { workerd, admin, tunnels };
  const files = Object.entries(options.services);
  await Promise.all(files.map(([name, file]) => admin.putServices(ids[name] ?? "", file)));
  return { workerd, admin, tunnels: ofRelay(tunnels, workerd.url) };
}

/**
 * Creates tunnels with these services files, on a relay that ends afterwards. Tokens contain the relay's URL, so the next relay
 * must keep its port.
 */
async function createTunnels(
  relay: WorkerdOptions["relay"],
  persistDir: string,
  services: Readonly<Record<string, unknown>>,
): Promise<{ tunnels: Record<string, Tunnel>; port: number }> {
  const bare = await startWorkerd({ relay, persistDir });
  try {
    const admin = adminApi(bare.url, relay.adminKey);
    const create = async ([name, file]: [string, unknown]): Promise<[string, Tunnel]> => {
      const tunnel = await admin.createTunnel(name);
      await admin.putServices(tunnel.id, file);
      return [name, tunnel];
    };
    const tunnels = Object.fromEntries(await Promise.all(Object.entries(services).map(create)));
    return { tunnels, port: Number(new URL(bare.url).port) };
  } finally {
    await bare.stop();
  }
}

/** Creates tunnels of these names for later relays to start with. */
export async function makeTunnels(options: {
  relayBundle: string;
  persistDir: string;
  names: readonly string[];
}): Promise<MadeTunnels> {
  const relay = { bundlePath: options.relayBundle, adminKey: randomBytes(32).toString("base64url") };
  const none = { version: 1, services: [] };
  const services = Object.fromEntries(options.names.map((name) => [name, none]));
  const { persistDir } = options;
  return { persistDir, tunnels: (await createTunnels(relay, persistDir, services)).tunnels };
}

async function copied(made: MadeTunnels, persistDir: string): Promise<MadeTunnels["tunnels"]> {
  await cp(made.persistDir, persistDir, { recursive: true });
  return made.tunnels;
}

/** The same tunnels with tokens for this relay. */
function ofRelay(tunnels: MadeTunnels["tunnels"], relayUrl: string): Record<string, Tunnel> {
  const renewed = Object.entries(tunnels).map(([name, { id, token }]) => {
    const parsed = parseToken(token);
    if (!parsed.ok) throw new Error(`the token of ${name}: ${parsed.problem}`);
    return [name, { id, token: formatToken({ ...parsed.token, relayUrl }) }] as const;
  });
  return Object.fromEntries(renewed);
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
