import { isFailing } from "../../shared/protocol/index.ts";
import type { ConnectionStatus } from "../tunnel/configuration/tunnel-config.ts";

/** Which connectors are attached to one object of a tunnel, for alerts. */
export interface Presence {
  connectors: readonly { id: string; kid: string }[];
  /** Services whose check fails on every connector. */
  failing: readonly string[];
}

const MAX_CONNECTORS = 100;
const MAX_FAILING = 100;

export function presenceOf(connections: readonly ConnectionStatus[]): Presence {
  const byId = new Map(connections.map(({ connectorId, kid }) => [connectorId, { id: connectorId, kid }]));
  const [first, ...others] = connections;
  const failing = [...(first?.health ?? [])]
    .filter(([service, outcome]) => {
      return isFailing(outcome) && others.every(({ health }) => isFailing(health.get(service) ?? "PENDING"));
    })
    .map(([service]) => service);
  return { connectors: [...byId.values()].slice(0, MAX_CONNECTORS), failing: failing.slice(0, MAX_FAILING) };
}

/** The sum over all objects of a tunnel. A service is down if no object has a connector that reaches it. */
export function mergePresence(all: readonly Presence[]): Presence {
  const attached = all.filter(({ connectors }) => connectors.length > 0);
  const byId = new Map(attached.flatMap(({ connectors }) => connectors).map((one) => [one.id, one]));
  const [first, ...others] = attached;
  return {
    connectors: [...byId.values()],
    failing: (first?.failing ?? []).filter((service) =>
      others.every(({ failing }) => failing.includes(service)),
    ),
  };
}
