import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isTunnelId } from "../../worker/auth/random-id.ts";
import { absentBindings } from "./absent-bindings.ts";
import type { GatewayProps, TwinGateway } from "./types.ts";

export interface ResolvedGateways {
  /** In the harness's form. The first is the one that gets the requests. */
  workers: GatewayWorker[];
  /** The props of each binding to a tunnel. */
  bindings: GatewayProps[];
  /** The name of the Worker that the bindings name as the relay. */
  relayName: string;
  /** Folders that contain the gateways' files. */
  folders: string[];
}

type GatewayWorker =
  | { configPath: string; env?: string; bindingOverrides?: Record<string, string> }
  | { config: Record<string, unknown> };

interface ResolvedGateway {
  worker: GatewayWorker;
  /** The configuration as wrangler reads it. */
  config: Config;
  bindings: GatewayProps[];
  relayNames: string[];
  folder: string;
}

export type Config = Readonly<Record<string, unknown>>;
export type ReadConfig = (args: { config: string; env?: string }) => Config;

const ENTRYPOINT = "TunnelBinding";
const DEFAULT_PROPS: GatewayProps = {
  tunnel: "tnl_aaaaaaaaaaaaaaaaaaaa",
  project: "my-project",
  environment: "production",
};
const COMPATIBILITY_DATE = "2026-11-17";

/** Checks that the files exist, before anything is loaded for them. */
export function assertGatewaysThere(given: TwinGateway | readonly TwinGateway[]): void {
  for (const gateway of [given].flat()) {
    const path = pathOf(isEntry(gateway) ? gateway.entry : gateway);
    if (!existsSync(path)) throw new Error(`gateway: there is no ${path}`);
    if (statSync(path).isDirectory()) {
      throw new Error(`gateway: ${path} is a folder: name its wrangler configuration, or its entry file`);
    }
  }
}

/**
 * Reads the props of the gateways' bindings, from which the twin creates the tunnels. Bindings that lead nowhere on this
 * machine are redirected to the Worker `absentWorkerName`.
 */
export function resolveGateways(
  given: TwinGateway | readonly TwinGateway[],
  env: string | undefined,
  readConfig: ReadConfig,
  absentWorkerName: string,
): ResolvedGateways {
  const gateways = [given].flat().map((gateway) => {
    if (isEntry(gateway)) return gatewayOfEntry(gateway);
    const path = pathOf(gateway);
    return /\.(jsonc?|toml)$/i.test(path)
      ? gatewayOfConfig(path, env, readConfig)
      : gatewayOfEntry({ entry: path });
  });
  const relayNames = new Set(gateways.flatMap((gateway) => gateway.relayNames));
  const [relayName] = relayNames;
  if (relayName === undefined) throw new Error(`gateway: ${noBinding(gateways, env)}`);
  if (relayNames.size > 1) {
    throw new Error(`gateway: its bindings name several relays: ${[...relayNames].join(", ")}`);
  }
  const workerNames = new Set([relayName, ...gateways.map(({ config }) => config["name"] as string)]);
  return {
    workers: gateways.map(({ worker, config }) => {
      const absent = absentBindings(config, workerNames);
      if (absent.length === 0) return worker;
      return {
        ...worker,
        bindingOverrides: Object.fromEntries(absent.map((name) => [name, absentWorkerName])),
      };
    }),
    bindings: gateways.flatMap(({ bindings }) => bindings),
    relayName,
    folders: [...new Set(gateways.map(({ folder }) => folder))],
  };
}

function isEntry(gateway: TwinGateway): gateway is Extract<TwinGateway, { entry: unknown }> {
  return typeof gateway === "object" && "entry" in gateway;
}

function pathOf(path: string | URL): string {
  return typeof path === "string" ? resolve(path) : fileURLToPath(path);
}

function noBinding(gateways: readonly ResolvedGateway[], env: string | undefined): string {
  const names = gateways.map(({ config }) => (config["configPath"] ?? config["main"]) as string).join(", ");
  const environments = gateways.flatMap(({ config }) => (config["definedEnvironments"] ?? []) as string[]);
  const hint =
    env === undefined && environments.length > 0
      ? `; an environment of it may: env: "${environments[0]}"`
      : "";
  return `${names} binds no service with entrypoint = "${ENTRYPOINT}"${hint}`;
}

function gatewayOfConfig(
  configPath: string,
  env: string | undefined,
  readConfig: ReadConfig,
): ResolvedGateway {
  const ofEnv = env === undefined ? {} : { env };
  const config = readOrSay(configPath, () => readConfig({ config: configPath, ...ofEnv }));
  const { services } = config;
  const bound = (Array.isArray(services) ? services : []).filter(
    (service: { entrypoint?: unknown }) => service.entrypoint === ENTRYPOINT,
  ) as { binding: string; service: string; props?: Partial<GatewayProps> }[];
  return {
    worker: { configPath, ...ofEnv },
    config,
    bindings: bound.map(({ binding, props }) => checkedProps(`the binding ${binding}`, props)),
    relayNames: bound.map(({ service }) => service),
    folder: dirname(configPath),
  };
}

/** Adds the path, because a parser's error does not name its file. */
function readOrSay(configPath: string, read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`gateway: ${configPath}: ${message}`, { cause: error });
  }
}

function gatewayOfEntry({
  entry,
  vars = {},
  props = {},
}: Extract<TwinGateway, { entry: unknown }>): ResolvedGateway {
  const main = pathOf(entry);
  const whole = checkedProps("gateway.props", { ...DEFAULT_PROPS, ...props });
  const services = [{ binding: "TUNNEL", service: "culvert", entrypoint: ENTRYPOINT, props: whole }];
  const config = { name: "gateway", main, compatibility_date: COMPATIBILITY_DATE, vars, services };
  return {
    ...{ worker: { config }, config, bindings: [whole], relayNames: ["culvert"] },
    folder: dirname(main),
  };
}

function checkedProps(
  where: string,
  { tunnel, project, environment }: Partial<GatewayProps> = {},
): GatewayProps {
  if (tunnel === undefined || !isTunnelId(tunnel)) {
    throw new Error(
      `gateway: ${where} names no tunnel: props.tunnel must be tnl_ and 20 characters of a-z2-7; tests may use any such id`,
    );
  }
  if (project === undefined || environment === undefined) {
    throw new Error(`gateway: ${where} needs props.project and props.environment`);
  }
  return { tunnel, project, environment };
}
