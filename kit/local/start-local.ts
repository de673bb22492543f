import { randomBytes } from "node:crypto";
import { TwinFaults } from "./services/faults.ts";
import { assertGatewaysThere, resolveGateways } from "./gateway-config.ts";
import { RecordedRequests } from "./services/recorded-requests.ts";
import { type RunningService, startService } from "./services/service-server.ts";
import { planServices } from "./services/services-plan.ts";
import type { TwinOptions } from "./types.ts";
import { guardingChildren } from "./guard-children.ts";
import { LocalTunnel } from "./local-tunnel.ts";
import { ABSENT_WORKER, absentWorker, relayWorker } from "./relay-worker.ts";
import { startProblem } from "./start-problem.ts";
import { type Harness, loadWrangler } from "./wrangler.ts";

/** Gateways, relay, connectors and services on this machine. */
export interface LocalSystem {
  readonly harness: Harness;
  /** The first gateway's URL, on loopback. It may change with a reload. */
  readonly url: URL;
  readonly requests: RecordedRequests;
  readonly faults: TwinFaults;
  readonly tunnels: readonly LocalTunnel[];
  /** Names of services in the services file, in lower case. */
  readonly services: ReadonlySet<string>;
  /** Folders that contain the gateways' files. */
  readonly folders: readonly string[];
  /** Rebuilds the gateways. If it rejects, nothing answers until a later call resolves. */
  reload: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface LocalOptions extends TwinOptions {
  relayVars?: Readonly<Record<string, string>>;
  /** What the connector may reach, in the form of `TUNNEL_ALLOW`. Default: everything. */
  allow?: string;
}

/** Throws an error that says what to change if an option is wrong. */
export async function startLocal(options: LocalOptions): Promise<LocalSystem> {
  assertGatewaysThere(options.gateway);
  const wrangler = loadWrangler();
  const { workers, bindings, relayName, folders } = resolveGateways(
    options.gateway,
    options.env,
    wrangler.unstable_readConfig,
    ABSENT_WORKER,
  );
  const orderKey = randomBytes(32).toString("base64url");
  const [first, ...others] = workers;
  const all = {
    workers: [
      { ...first, ...given({ vars: options.vars, secrets: options.secrets }) },
      ...others,
      relayWorker(relayName, { ...options.relayVars, ORDER_KEY: orderKey }),
      ...(workers.some((worker) => "bindingOverrides" in worker) ? [absentWorker()] : []),
    ],
  };
  const requests = new RecordedRequests();
  const faults = new TwinFaults();
  const running = new Map<string, RunningService>();
  const harness = wrangler.createTestHarness(all);
  const tunnels: LocalTunnel[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(tunnels.map((tunnel) => tunnel.disconnect()));
    await harness.close();
    await Promise.all([...running.values()].map((service) => service.close()));
  };
  try {
    for (const [name, service] of Object.entries(options.services)) {
      running.set(name, await startService(name, service, (trace, bytes) => requests.gotBody(trace, bytes)));
    }
    const origins = new Map([...running].map(([name, { origin }]) => [name, origin]));
    const file = planServices(options, origins, bindings);
    let { url } = await guardingChildren(() => harness.listen().catch(rethrow));
    const { allow = "*" } = options;
    for (const tunnelId of new Set(bindings.map(({ tunnel }) => tunnel))) {
      tunnels.push(
        new LocalTunnel({ tunnelId, harness, relayName, file, faults, requests, allow, orderKey }),
      );
    }
    await Promise.all(tunnels.map((tunnel) => tunnel.start()));
    const reload = async (): Promise<void> => {
      await Promise.all(tunnels.map((tunnel) => tunnel.disconnect()));
      await harness.update(all).catch(rethrow);
      ({ url } = await harness.listen());
      // Waits for the connectors, so that the first request after the reload finds one.
      await Promise.all(tunnels.map((tunnel) => tunnel.start()));
    };
    return {
      ...{ harness, requests, faults, tunnels, folders, stop },
      services: new Set(file.services.map(({ name }) => name.toLowerCase())),
      get url() {
        return url;
      },
      reload: () => guardingChildren(reload),
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

function rethrow(error: unknown): never {
  throw startProblem(error);
}

/** Leaves out undefined values. */
function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
