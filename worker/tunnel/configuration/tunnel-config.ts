import type { ObjectList, CheckOutcome } from "../../../shared/protocol/index.ts";
import type { CaptureRule } from "./capture-rule.ts";
import type { TunnelObjects } from "./tunnel-objects.ts";
import type { Network, Service } from "../../../shared/services/index.ts";

/** A credential of connectors, as the relay knows it: a token, or an identity that the tunnel trusts. */
export interface TokenDigest {
  kid: string;
  /** SHA-256 of the secret, 64 lower-case hex digits. For an identity, its proof, which the Worker gets from the Registry. */
  digestHex: string;
  /** Null: it is valid until it is revoked. */
  expiresAtMs: number | null;
}

/** The key of a gateway outside this account. It stands for one caller. */
export interface GatewayKeyDigest {
  kid: string;
  digestHex: string;
  project: string;
  environment: string;
  /** Where the gateway's own clients call it. */
  publicUrl?: string;
}

/** Everything that the data plane needs to know about a tunnel. The Registry makes it, and every object of the tunnel keeps a copy. */
export interface TunnelConfig {
  tunnelId: string;
  /** Increases with each change. An object ignores versions that are not newer than its copy. */
  version: number;
  /** A deleted tunnel has no tokens and no rules; its objects cut their connectors and forget. */
  deleted: boolean;
  tokens: readonly TokenDigest[];
  services: readonly Service[];
  networks: readonly Network[];
  gatewayKeys: readonly GatewayKeyDigest[];
  /** The name by which this relay recognises its own requests in CDN-Loop (RFC 8586). Copies of version 0.1 have none. */
  relayName?: string;
  /** The objects that carry the tunnel. Copies of version 0.1 have none; then there is one object, with the tunnel's name. */
  objects?: TunnelObjects;
  /** What is captured now. Absent in copies of earlier versions. */
  captures?: readonly CaptureRule[];
  /** The revision of the relay's log destinations; 0 while there are none. */
  destinationsRevision: number;
}

/** One attached connection of a connector. */
export interface ConnectionStatus {
  /** The id of the connector's process. Several connections may share it. */
  connectorId: string;
  connectorVersion: string;
  /** From its HELLO. Connectors of version 0.1 do not send them. */
  connectorBuild?: string;
  connectorName?: string;
  host?: string;
  platform?: string;
  /** The address that the platform saw; null if it did not report one. */
  address?: string | null;
  kid: string;
  connectedAtMs: number;
  openStreams: number;
  /** The connector's maximum of concurrent streams. */
  maxStreams: number;
  /** An upper bound; null until a transfer has measured it. */
  roundTripMs: number | null;
  /** The data centre at which its handshake arrived; null if the platform does not name it. */
  dataCentre: string | null;
  /** The outcomes of the services that connectors check. */
  health: ReadonlyMap<string, CheckOutcome>;
}

export interface TokenUse {
  kid: string;
  lastUsedAtMs: number;
}

/** What one object of a tunnel reports about itself. */
export interface TunnelStatus {
  connections: readonly ConnectionStatus[];
  /** One per token that ever connected here, revoked ones included. */
  tokenUses: readonly TokenUse[];
  /** Over the last ten seconds. */
  requestsPerSecond: number;
  /** The build of the code that it runs. Objects of version 0.1 do not send it. */
  build?: string;
}

/** Whether this object carries the tunnel. Copies of version 0.1 name no objects; then there is only one, which does. */
export function isListed({ objects, deleted }: TunnelConfig, name: string): boolean {
  return deleted || objects === undefined || objects.list.some((object) => object.name === name);
}

/** The objects to which connectors attach. Null if there are none, or if the copy is of version 0.1. */
export function attachList(config: TunnelConfig | null): ObjectList | null {
  if (config?.objects === undefined) return null;
  const { revision, list } = config.objects;
  const names = list.map(({ name }) => name);
  return names.length === 0 ? null : { revision, names };
}
