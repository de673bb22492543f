import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isTunnelId } from "../../worker/auth/random-id.ts";
import type { GatewayProps, TwinGateway } from "./types.ts";

export interface ResolvedGateway {
  /** As the harness takes it. */
  worker: { configPath: string; env?: string } | { config: Record<string, unknown> };
  /** Of each binding that leads to a tunnel. */
  bindings: GatewayProps[];
  /** Under which name the relay is bound. */
  relayName: string;
}

export type ReadConfig = (args: { config: string; env?: string }) => { services?: unknown };

const ENTRYPOINT = "TunnelBinding";
const DEFAULT_PROPS: GatewayProps = {
  tunnel: "tnl_aaaaaaaaaaaaaaaaaaaa",
  project: "my-project",
  environment: "production",
};
const COMPATIBILITY_DATE = "2026-11-17";

/** Finds what the gateway's bindings say of themselves: the twin makes the tunnels that they name. */
export function resolveGateway(
  gateway: TwinGateway,
  env: string | undefined,
  readConfig: ReadConfig,
): ResolvedGateway {
  if (typeof gateway !== "string") return gatewayOfEntry(gateway);
  const configPath = resolve(gateway);
  if (!existsSync(configPath)) throw new Error(`gateway: there is no ${configPath}`);
  const { services } = readConfig({ config: configPath, ...(env === undefined ? {} : { env }) });
  const bound = (Array.isArray(services) ? services : []).filter(
    (service: { entrypoint?: unknown }) => service.entrypoint === ENTRYPOINT,
  ) as { binding: string; service: string; props?: Partial<GatewayProps> }[];
  if (bound.length === 0) {
    throw new Error(`gateway: ${configPath} binds no service with entrypoint = "${ENTRYPOINT}"`);
  }
  const names = new Set(bound.map(({ service }) => service));
  if (names.size > 1) throw new Error(`gateway: its bindings name several relays: ${[...names].join(", ")}`);
  return {
    worker: { configPath, ...(env === undefined ? {} : { env }) },
    bindings: bound.map(({ binding, props }) => checkedProps(`the binding ${binding}`, props)),
    relayName: bound[0]?.service ?? "culvert",
  };
}

function gatewayOfEntry({ entry, vars = {}, props = {} }: Exclude<TwinGateway, string>): ResolvedGateway {
  const main = resolve(entry);
  if (!existsSync(main)) throw new Error(`gateway: there is no ${main}`);
  const whole = checkedProps("gateway.props", { ...DEFAULT_PROPS, ...props });
  const services = [{ binding: "TUNNEL", service: "culvert", entrypoint: ENTRYPOINT, props: whole }];
  return {
    worker: { config: { name: "gateway", main, compatibility_date: COMPATIBILITY_DATE, vars, services } },
    bindings: [whole],
    relayName: "culvert",
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
