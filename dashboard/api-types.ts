/** The admin API's responses, as far as these pages show them; docs/api.md describes all of it. */
export type Role = "admin" | "viewer";

export interface Session {
  role: Role;
  actor: string;
  endsAt: string;
  /** Where to sign out, if not by `DELETE /v1/session`. */
  signOutUrl?: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface TunnelSummary {
  id: string;
  name: string;
  createdAt: string;
}

export type TunnelState = "healthy" | "degraded" | "down" | "inactive";

export interface ConnectorHealth {
  passing: number;
  pending: number;
  failing: { service: string; reason: string }[];
}

export interface Connector {
  id: string;
  /** Null for connectors of version 0.1, which do not send it. */
  name: string | null;
  version: string;
  build: string | null;
  host: string | null;
  platform: string | null;
  /** The addresses from which the connector came to Cloudflare. */
  addresses: string[];
  connectedAt: string;
  connections: number;
  openStreams: number;
  maxStreams: number;
  /** Null before the first measurement. */
  roundTripMs: number | null;
  kid: string;
  health: ConnectorHealth;
}

export interface Token {
  kid: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  connectors: number;
}

/** One of the Durable Objects that carry a tunnel. */
export interface TunnelObject {
  name: string;
  /** The place that was asked for; null: near its first connector. */
  location: string | null;
  phase: "attaching" | "serving" | "leaving";
  /** True once somebody has called it. */
  exists: boolean;
  /** False if it did not answer. Then the fields below have no values. */
  answering: boolean;
  connections: number;
  requestsPerSecond: number;
  /** The data centres at which its connectors arrive. */
  dataCentres: string[];
  roundTripMs: number | null;
}

export interface TunnelDetails extends TunnelSummary {
  status: TunnelState;
  connectors: Connector[];
  tokens: Token[];
  objects: TunnelObject[];
  capturing: { id: string; service: string; startedBy: string; endsAt: string }[];
  services: string[];
  servicesConfigurationVersion: number;
}

export interface ServicesVersion {
  version: number;
  at: string;
  actor: string | null;
  rolledBackTo: number | null;
  services: number;
  /** Null if the version before it was deleted. */
  changes: string[] | null;
  moreChanges: number;
}

export interface NewToken {
  kid: string;
  token: string;
}

export interface TrafficPoint {
  at: string;
  requests: number;
  errors: number;
  cancelled: number;
  p50Ms: number | null;
  p90Ms: number | null;
  p99Ms: number | null;
  requestBytes: number;
  responseBytes: number;
}

export interface ServiceTraffic {
  service: string;
  requests: number;
  errors: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

/** One point for each step of the window. The last step is not over yet. */
export interface Traffic {
  stepSeconds: number;
  points: TrafficPoint[];
  services: ServiceTraffic[];
  codes: { code: string; count: number }[];
  connectors: { connector: string; requests: number; perStep: number[] }[];
}

export interface LogDestination {
  id: string;
  kind: string;
  name: string;
  url: string;
  events: string;
  delivery: Delivery;
}

/** The events of all tunnels. */
export interface Delivery {
  shipped: number;
  lost: number;
  rejected: number;
  backlog: number;
  lastSuccessAt: string | null;
  /** Null once the destination accepts events again. */
  lastError: { at: string; reason: string; tunnel: string } | null;
}

export interface GatewayKey {
  kid: string;
  project: string;
  environment: string;
  publicUrl?: string;
  createdAt: string;
}

export interface ApiKey {
  kid: string;
  name: string | null;
  role: Role;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  actorName: string | null;
  address: string;
  action: string;
  target: string;
  before: Record<string, string | number | null> | null;
  after: Record<string, string | number | null> | null;
}

/** A webhook that gets alerts. */
export interface Alert {
  id: string;
  name: string;
  url: string;
  format: "json" | "slack";
  lastSentAt: string | null;
  /** Null once it accepts alerts again. */
  lastError: { at: string; reason: string } | null;
}

export interface Alerts {
  items: Alert[];
  firing: { kind: string; subject: string | null; tunnel: string | null; summary: string; since: string }[];
}
