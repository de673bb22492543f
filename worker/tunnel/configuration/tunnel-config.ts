import type { ObjectList, CheckOutcome } from "../../../shared/protocol/index.ts";
import type { CaptureRule } from "./capture-rule.ts";
import type { TunnelObjects } from "./tunnel-objects.ts";
import type { Network, Service } from "../../../shared/services/index.ts";

/** What a connector attaches by: its token, or an identity that the tunnel trusts. As far as the relay knows it. */
export interface TokenDigest {
  kid: string;
  /** SHA-256 of the secret, 64 lower-case hex digits. Of an identity as many that the Worker has of the Registry. */
  digestHex: string;
  /** Null: until it is revoked. */
  expiresAtMs: number | null;
}

/** The key of a gateway that is no Worker of this account; stands for one caller. */
export interface GatewayKeyDigest {
  kid: string;
  digestHex: string;
  project: string;
  environment: string;
  /** Where the gateway's own clients call it. */
  publicUrl?: string;
}

/** All that the data plane needs to know of a tunnel. The Registry makes it, every object of the tunnel keeps a copy. */
export interface TunnelConfig {
  tunnelId: string;
  /** Grows with each change; an object ignores what is not newer than its copy. */
  version: number;
  /** A deleted tunnel has no tokens and no rules; its objects cut their connectors and forget. */
  deleted: boolean;
  tokens: readonly TokenDigest[];
  services: readonly Service[];
  networks: readonly Network[];
  gatewayKeys: readonly GatewayKeyDigest[];
  /** By which this relay knows its own requests, in CDN-Loop (RFC 8586). Copies of version 0.1 have none. */
  relayName?: string;
  /** The objects that carry the tunnel. Copies of version 0.1 have none: then it is one, of the tunnel's name. */
  objects?: TunnelObjects;
  /** What is captured now. Absent in copies of earlier versions. */
  captures?: readonly CaptureRule[];
  /** Of the relay's log destinations; 0 while there are none. */
  destinationsRevision: number;
}

/** One attached connection of a connector. */
export interface ConnectionStatus {
  /** Of the process: several connections may share it. */
  connectorId: string;
  connectorVersion: string;
  /** As its HELLO says them; connectors of version 0.1 do not. */
  connectorBuild?: string;
  connectorName?: string;
  host?: string;
  platform?: string;
  /** As the platform saw it; null where it did not say. */
  address?: string | null;
  kid: string;
  connectedAtMs: number;
  openStreams: number;
  /** Streams that the connector takes at once. */
  maxStreams: number;
  /** Upper bound; null until a transfer measured it. */
  roundTripMs: number | null;
  /** Where its handshake came in, as the platform names the data centre; null where it does not. */
  dataCentre: string | null;
  /** Of the services that connectors check. */
  health: ReadonlyMap<string, CheckOutcome>;
}

export interface TokenUse {
  kid: string;
  lastUsedAtMs: number;
}

/** What one object of a tunnel tells of itself. */
export interface TunnelStatus {
  connections: readonly ConnectionStatus[];
  /** One per token that ever connected here, revoked ones included. */
  tokenUses: readonly TokenUse[];
  /** Over the last ten seconds. */
  requestsPerSecond: number;
  /** Of the code that it runs; objects of version 0.1 do not say. */
  build?: string;
}

/** Copies of version 0.1 name no objects: then this is the one. */
export function isListed({ objects, deleted }: TunnelConfig, name: string): boolean {
  return deleted || objects === undefined || objects.list.some((object) => object.name === name);
}

/** The objects that connectors are to attach to. Null where the copy is of version 0.1. */
export function attachList(config: TunnelConfig | null): ObjectList | null {
  if (config?.objects === undefined) return null;
  const { revision, list } = config.objects;
  const names = list.map(({ name }) => name);
  return names.length === 0 ? null : { revision, names };
}
