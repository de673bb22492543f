import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isTunnelId } from "../../worker/auth/random-id.ts";
import type { GatewayProps, TwinGateway } from "./types.ts";

export interface ResolvedGateways {
  /** As the harness takes them; the first is the one that is called. */
  workers: GatewayWorker[];
  /** Of each binding that leads to a tunnel. */
  bindings: GatewayProps[];
  /** Under which name the relay is bound. */
  relayName: string;
  /** Folders whose files make the gateways. */
  folders: string[];
}

type GatewayWorker = { configPath: string; env?: string } | { config: Record<string, unknown> };

interface ResolvedGateway {
  worker: GatewayWorker;
  bindings: GatewayProps[];
  relayNames: string[];
  folder: string;
}

export type ReadConfig = (args: { config: string; env?: string }) => { services?: unknown };

const ENTRYPOINT = "TunnelBinding";
const DEFAULT_PROPS: GatewayProps = {
  tunnel: "tnl_aaaaaaaaaaaaaaaaaaaa",
  project: "my-project",
  environment: "production",
};
const COMPATIBILITY_DATE = "2026-11-17";

/** Before anything is loaded for them. */
export function assertGatewaysThere(given: TwinGateway | readonly TwinGateway[]): void {
  for (const gateway of [given].flat()) {
    const path = resolve(typeof gateway === "string" ? gateway : gateway.entry);
    if (!existsSync(path)) throw new Error(`gateway: there is no ${path}`);
  }
}

/** Finds what the gateways' bindings say of themselves: the twin makes the tunnels that they name. */
export function resolveGateways(
  given: TwinGateway | readonly TwinGateway[],
  env: string | undefined,
  readConfig: ReadConfig,
): ResolvedGateways {
  const gateways = [given]
    .flat()
    .map((gateway) =>
      typeof gateway === "string" ? gatewayOfConfig(gateway, env, readConfig) : gatewayOfEntry(gateway),
    );
  const names = new Set(gateways.flatMap(({ relayNames }) => relayNames));
  const [relayName] = names;
  if (relayName === undefined) {
    throw new Error(`gateway: ${JSON.stringify(given)} binds no service with entrypoint = "${ENTRYPOINT}"`);
  }
  if (names.size > 1) throw new Error(`gateway: its bindings name several relays: ${[...names].join(", ")}`);
  return {
    workers: gateways.map(({ worker }) => worker),
    bindings: gateways.flatMap(({ bindings }) => bindings),
    relayName,
    folders: [...new Set(gateways.map(({ folder }) => folder))],
  };
}

function gatewayOfConfig(path: string, env: string | undefined, readConfig: ReadConfig): ResolvedGateway {
  const configPath = resolve(path);
  const ofEnv = env === undefined ? {} : { env };
  const { services } = readConfig({ config: configPath, ...ofEnv });
  const bound = (Array.isArray(services) ? services : []).filter(
    (service: { entrypoint?: unknown }) => service.entrypoint === ENTRYPOINT,
  ) as { binding: string; service: string; props?: Partial<GatewayProps> }[];
  return {
    worker: { configPath, ...ofEnv },
    bindings: bound.map(({ binding, props }) => checkedProps(`the binding ${binding}`, props)),
    relayNames: bound.map(({ service }) => service),
    folder: dirname(configPath),
  };
}

function gatewayOfEntry({ entry, vars = {}, props = {} }: Exclude<TwinGateway, string>): ResolvedGateway {
  const main = resolve(entry);
  const whole = checkedProps("gateway.props", { ...DEFAULT_PROPS, ...props });
  const services = [{ binding: "TUNNEL", service: "culvert", entrypoint: ENTRYPOINT, props: whole }];
  return {
    worker: { config: { name: "gateway", main, compatibility_date: COMPATIBILITY_DATE, vars, services } },
    bindings: [whole],
    relayNames: ["culvert"],
    folder: dirname(main),
  };
}

function checkedProps(
  where: string,
  { tunnel, project, environment }: Partial<GatewayProps> = {},
): GatewayProps {
  if (tunnel === undefined || !isTunnelId(tunnel)) {
    throw new Error(
      `gateway: ${where} names no tunnel: props.tunnel must be tnl_ and 20 of a-z2-7; any such id will do for tests`,
    );
  }
  if (project === undefined || environment === undefined) {
    throw new Error(`gateway: ${where} needs props.project and props.environment`);
  }
  return { tunnel, project, environment };
}
