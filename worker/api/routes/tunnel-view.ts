import * as z from "zod";
import { CHECK_OUTCOMES, isFailing } from "../../../shared/protocol/index.ts";
import type { TunnelDetails } from "../../calls/registry-calls.ts";
import type { ConnectionStatus, TunnelStatus } from "../../tunnel/configuration/tunnel-config.ts";
import type { TunnelObjectRecord } from "../../registry/stores/index.ts";
import { isoTime } from "../time.ts";

const statusSchema = z
  .enum(["healthy", "degraded", "down", "inactive"])
  .describe("Two or more connectors, one, none, or never any");

const healthSchema = z.strictObject({
  passing: z.int().describe("Services whose check passes on this connector"),
  pending: z.int().describe("Services whose first check is still to come"),
  failing: z.array(z.strictObject({ service: z.string(), reason: z.enum(CHECK_OUTCOMES) })),
});

const connectorSchema = z.strictObject({
  id: z.string(),
  name: z.string().nullable().describe("What people call it; null: it does not say"),
  version: z.string(),
  build: z.string().nullable().describe("Tells builds of one version apart; null: it does not say"),
  host: z.string().nullable().describe("The machine or container that it runs on, as that calls itself"),
  platform: z.string().nullable().describe("Such as linux-x64"),
  addresses: z.array(z.string()).describe("Where its connections come from, as Cloudflare saw them"),
  connectedAt: z.iso.datetime(),
  connections: z.int(),
  openStreams: z.int(),
  maxStreams: z.int().describe("Requests that it takes at once"),
  roundTripMs: z.int().nullable().describe("Between relay and connector, as far as it was measured"),
  kid: z.string().describe("Of the token, or the identity, it connected with"),
  health: healthSchema.describe(
    "Requests for a failing service go to other connectors, if any of them passes",
  ),
});

const tokenSchema = z.strictObject({
  kid: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable().describe("When a connector last connected with it"),
  connectors: z.int(),
});

const identitySchema = z.strictObject({
  id: z.string(),
  issuer: z.string(),
  audience: z.string(),
  subjects: z.array(z.string()),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable().describe("When a connector last connected as it"),
  connectors: z.int(),
});

const objectSchema = z.strictObject({
  name: z.string(),
  build: z.string().nullable().describe("Of the relay's code that it runs; null: it does not say"),
  location: z.string().nullable().describe("Where it was wanted; null: near its first connector"),
  serving: z.boolean().describe("Gateways use it"),
  phase: z.enum(["attaching", "serving", "leaving"]),
  exists: z.boolean().describe("Somebody has called it. Until a connector does, it is nowhere"),
  answering: z
    .boolean()
    .describe("False: it was asked and did not answer; what follows is unknown, and told as none"),
  connections: z.int().describe("Of connectors"),
  requestsPerSecond: z.number().describe("Over the last ten seconds"),
  dataCentres: z.array(z.string()).describe("Where its connectors' connections come in, as IATA codes"),
  roundTripMs: z.int().nullable().describe("To its nearest connector, as far as it was measured"),
});

export const tunnelDetailsSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  status: statusSchema,
  connectors: z.array(connectorSchema),
  tokens: z.array(tokenSchema),
  identities: z
    .array(identitySchema)
    .describe("Workloads that the tunnel trusts: their connectors need no token of it"),
  objects: z
    .array(objectSchema)
    .describe("Durable Objects that carry the tunnel; more of them take more load"),
  capturing: z
    .array(
      z.strictObject({
        id: z.string(),
        service: z.string(),
        startedBy: z.string(),
        endsAt: z.iso.datetime(),
      }),
    )
    .describe("Services whose requests are captured now"),
  services: z.array(z.string()).describe("Names in the services configuration"),
  servicesConfigurationVersion: z.int(),
});

/** A tunnel's description, from the Registry and the reports of the tunnel's objects. */
export function describeTunnel(
  details: TunnelDetails,
  statuses: ReadonlyMap<string, TunnelStatus>,
): z.infer<typeof tunnelDetailsSchema> {
  const objects = [...statuses.values()];
  const connectors = describeConnectors(objects);
  const uses = objects.flatMap(({ tokenUses }) => tokenUses);
  const useOf = (kid: string) => {
    const lastUsedAtMs = Math.max(0, ...uses.filter((use) => use.kid === kid).map((use) => use.lastUsedAtMs));
    return {
      lastUsedAt: lastUsedAtMs === 0 ? null : isoTime(lastUsedAtMs),
      connectors: connectors.filter((connector) => connector.kid === kid).length,
    };
  };
  return {
    id: details.id,
    name: details.name,
    createdAt: isoTime(details.createdAtMs),
    status: statusOf(connectors.length, uses.length > 0),
    connectors,
    tokens: details.tokens.map(({ kid, createdAtMs, expiresAtMs }) => ({
      kid,
      createdAt: isoTime(createdAtMs),
      expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
      ...useOf(kid),
    })),
    identities: details.identities.map(({ id, identity: { issuer, audience, subjects }, createdAtMs }) => ({
      ...{ id, issuer, audience, subjects, createdAt: isoTime(createdAtMs) },
      ...useOf(id),
    })),
    objects: details.objects.map((object) => describeObject(object, statuses.get(object.name))),
    capturing: details.captures.map(({ id, service, startedBy, endsAtMs }) => ({
      ...{ id, service, startedBy },
      endsAt: isoTime(endsAtMs),
    })),
    services: details.services.file.services.map(({ name }) => name),
    servicesConfigurationVersion: details.services.version,
  };
}

function describeObject(
  { name, location, phase, pulled }: TunnelObjectRecord,
  status: TunnelStatus | undefined,
): z.infer<typeof objectSchema> {
  const connections = status?.connections ?? [];
  return {
    ...{ name, location, phase, serving: phase === "serving", build: status?.build ?? null },
    exists: pulled,
    answering: !pulled || status !== undefined,
    connections: connections.length,
    requestsPerSecond: status?.requestsPerSecond ?? 0,
    dataCentres: [...new Set(connections.flatMap(({ dataCentre }) => dataCentre ?? []))].sort(),
    roundTripMs: leastOf(connections.map(({ roundTripMs }) => roundTripMs)),
  };
}

function statusOf(connectors: number, everConnected: boolean): z.infer<typeof statusSchema> {
  if (connectors >= 2) return "healthy";
  if (connectors === 1) return "degraded";
  return everConnected ? "down" : "inactive";
}

/** One connector may have several connections, to several objects. */
function describeConnectors(objects: readonly TunnelStatus[]): z.infer<typeof connectorSchema>[] {
  const connections = objects.flatMap((object) => object.connections);
  const byConnector = Map.groupBy(connections, ({ connectorId }) => connectorId);
  return Array.from(byConnector, ([id, [first, ...others]]) => {
    const all = first === undefined ? others : [first, ...others];
    return {
      id,
      name: first?.connectorName ?? null,
      version: first?.connectorVersion ?? "",
      build: first?.connectorBuild ?? null,
      host: first?.host ?? null,
      platform: first?.platform ?? null,
      addresses: [...new Set(all.flatMap(({ address }) => address ?? []))].sort(),
      connectedAt: isoTime(Math.min(...all.map(({ connectedAtMs }) => connectedAtMs))),
      connections: all.length,
      openStreams: all.reduce((sum, { openStreams }) => sum + openStreams, 0),
      // A process accepts the same number over all objects as over one.
      maxStreams: Math.max(...objects.map((object) => maxStreamsOf(id, object))),
      roundTripMs: leastOf(all.map(({ roundTripMs }) => roundTripMs)),
      kid: first?.kid ?? "",
      health: describeHealth(first),
    };
  });
}

function maxStreamsOf(connectorId: string, { connections }: TunnelStatus): number {
  const own = connections.filter((connection) => connection.connectorId === connectorId);
  return own.reduce((sum, { maxStreams }) => sum + maxStreams, 0);
}

function leastOf(times: readonly (number | null)[]): number | null {
  const known = times.filter((timeMs) => timeMs !== null);
  return known.length === 0 ? null : Math.round(Math.min(...known));
}

/** Every connection of a connector reports the same. */
function describeHealth(connection: ConnectionStatus | undefined): z.infer<typeof healthSchema> {
  const outcomes = [...(connection?.health ?? [])];
  const count = (wanted: string) => outcomes.filter(([, outcome]) => outcome === wanted).length;
  return {
    passing: count("PASSING"),
    pending: count("PENDING"),
    failing: outcomes
      .filter(([, outcome]) => isFailing(outcome))
      .map(([service, reason]) => ({ service, reason })),
  };
}
