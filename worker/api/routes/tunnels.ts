import * as z from "zod";
import { formatToken } from "../../../shared/tokens/token.ts";
import { sha256Hex, isTunnelId, newKid, newSecret, newTunnelId } from "../../auth/index.ts";
import { hasJurisdiction, registryStub, tunnelStub } from "../../env.ts";
import type { Env } from "../../env.ts";
import type { TunnelChange } from "../../calls/registry-calls.ts";
import type { TunnelStatus } from "../../tunnel/configuration/tunnel-config.ts";
import {
  JURISDICTIONS,
  LOCATION_HINTS,
  type LocationHint,
} from "../../tunnel/configuration/tunnel-objects.ts";
import type { TunnelObjectRecord } from "../../registry/stores/index.ts";
import { withTimeout } from "../../with-timeout.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { page, pageQuery, pageSchema } from "../paging.ts";
import { ApiError } from "../problem.ts";
import { tunnelDetails } from "../tunnel-details.ts";
import { isoTime } from "../time.ts";
import { describeTunnel, tunnelDetailsSchema } from "./tunnel-view.ts";

const SMALL_BODY_BYTES = 4096;
const DEFAULT_OVERLAP_SECONDS = 3600;
const MAX_OBJECTS_PER_TUNNEL = 32;
const MAX_DRAIN_SECONDS = 24 * 3600;
const MAX_OVERLAP_SECONDS = 30 * 24 * 3600;

const tunnelSchema = z.strictObject({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() });

const tokenText = z
  .string()
  .describe("The connector's TUNNEL_TOKEN. Shown once; the relay keeps a digest alone");

const locationSchema = z
  .enum(LOCATION_HINTS)
  .describe("Where the tunnel's objects are wanted. Absent: near the first connector that dials");

const newTunnelSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}._-])?$/u,
      "must be 1 to 64 letters, digits, spaces and . _ -",
    ),
  location: locationSchema.optional(),
  jurisdiction: z
    .enum(JURISDICTIONS)
    .optional()
    .describe("Where the tunnel's data stays; part of its id, so it never changes"),
});

const countSchema = z.int().min(1).max(MAX_OBJECTS_PER_TUNNEL);

const tunnelChangeSchema = z
  .strictObject({
    name: newTunnelSchema.shape.name.optional(),
    objects: z
      .strictObject({ min: countSchema.optional(), max: countSchema.optional() })
      .optional()
      .describe(
        "How many objects may carry it. Between the two their number follows the load; alike, it is fixed",
      ),
    location: locationSchema.nullable().optional(),
    drainSeconds: z
      .int()
      .min(0)
      .max(MAX_DRAIN_SECONDS)
      .optional()
      .describe("How long an object that is given up lets its requests and WebSockets finish"),
  })
  .refine((change) => Object.keys(change).length > 0, "must name something to change");

const newTokenSchema = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(MAX_OVERLAP_SECONDS)
    .default(DEFAULT_OVERLAP_SECONDS)
    .describe("How long the tunnel's older tokens stay valid; 0 ends them and their connections at once"),
});

export const tunnelOperations: readonly Operation[] = [
  operation({
    id: "createTunnel",
    method: "post",
    path: "/v1/tunnels",
    summary: "Create a tunnel, with its first token",
    role: "admin",
    body: { schema: newTunnelSchema, maxBytes: SMALL_BODY_BYTES },
    success: {
      status: 201,
      description: "The tunnel. It carries no traffic before it has a services configuration",
      schema: tunnelSchema.extend({ token: tokenText, kid: z.string() }),
    },
    problems: ["LIMIT_REACHED", "JURISDICTION_UNAVAILABLE"],
    async run({ env, request, by, body }) {
      const { name, location, jurisdiction } = body;
      if (jurisdiction !== undefined && !hasJurisdiction(env, jurisdiction))
        throw new ApiError("JURISDICTION_UNAVAILABLE", {
          detail: `This runtime has no jurisdiction ${jurisdiction}.`,
        });
      const id = newTunnelId(jurisdiction);
      const token = await newToken(request, id);
      expectDone(await registryStub(env).createTunnel(by, { id, name, location }, token.proof));
      const created = {
        id,
        name,
        createdAt: isoTime(by.atMs),
        kid: token.proof.kid,
        token: token.text,
      };
      return { body: created, headers: { location: `/v1/tunnels/${id}` } };
    },
  }),
  operation({
    id: "listTunnels",
    method: "get",
    path: "/v1/tunnels",
    summary: "List the tunnels, oldest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of tunnels", schema: pageSchema(tunnelSchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        0,
        (limit, position) => registryStub(env).tunnels(limit, position),
        ({ seq }) => seq,
        ({ id, name, createdAtMs }) => ({ id, name, createdAt: isoTime(createdAtMs) }),
      );
      return { body };
    },
  }),
  operation({
    id: "getTunnel",
    method: "get",
    path: "/v1/tunnels/{tunnelId}",
    summary: "Describe a tunnel: status, connectors, tokens, services",
    role: "viewer",
    success: { status: 200, description: "The tunnel as it is now", schema: tunnelDetailsSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, param }) {
      const details = await tunnelDetails(env, param("tunnelId"));
      if (details === null) throw new ApiError("NOT_FOUND");
      return { body: describeTunnel(details, await statuses(env, details.objects)) };
    },
  }),
  operation({
    id: "changeTunnel",
    method: "patch",
    path: "/v1/tunnels/{tunnelId}",
    summary: "Rename a tunnel, say how many objects may carry it, or move it; what is not named stays",
    role: "admin",
    body: { schema: tunnelChangeSchema, maxBytes: SMALL_BODY_BYTES },
    success: { status: 200, description: "The tunnel as it is now", schema: tunnelDetailsSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, by, body, param }) {
      const { name, objects = {}, location, drainSeconds } = body;
      const change: TunnelChange = {
        ...{ name, location, ...objects },
        drainMs: drainSeconds === undefined ? undefined : drainSeconds * 1_000,
      };
      expectDone(await registryStub(env).changeTunnel(by, param("tunnelId"), change));
      const details = await tunnelDetails(env, param("tunnelId"));
      if (details === null) throw new ApiError("NOT_FOUND");
      return { body: describeTunnel(details, await statuses(env, details.objects)) };
    },
  }),
  operation({
    id: "deleteTunnel",
    method: "delete",
    path: "/v1/tunnels/{tunnelId}",
    summary: "Delete a tunnel, its tokens and services, and disconnect its connectors",
    role: "admin",
    success: { status: 204, description: "It is gone" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteTunnel(by, param("tunnelId")));
      return {};
    },
  }),
  operation({
    id: "createToken",
    method: "post",
    path: "/v1/tunnels/{tunnelId}/tokens",
    summary: "Rotate: create a new token; older ones expire after the overlap",
    role: "admin",
    body: { schema: newTokenSchema, maxBytes: SMALL_BODY_BYTES },
    success: {
      status: 201,
      description: "The new token",
      schema: z.strictObject({
        kid: z.string(),
        token: tokenText,
        shortened: z
          .array(z.strictObject({ kid: z.string(), expiresAt: z.iso.datetime() }))
          .describe("Older tokens that now expire sooner than an earlier rotation said"),
      }),
    },
    problems: ["NOT_FOUND", "LIMIT_REACHED"],
    async run({ env, request, by, body, param }) {
      const tunnelId = param("tunnelId");
      const token = await newToken(request, tunnelId);
      const overlapMs = body.overlapSeconds * 1000;
      const before = (await tunnelDetails(env, tunnelId))?.tokens ?? [];
      expectDone(await registryStub(env).addToken(by, tunnelId, token.proof, overlapMs));
      const shortened = before.flatMap(({ kid, expiresAtMs }) =>
        expiresAtMs !== null && expiresAtMs > by.atMs + overlapMs
          ? [{ kid, expiresAt: isoTime(expiresAtMs) }]
          : [],
      );
      return { body: { kid: token.proof.kid, token: token.text, shortened } };
    },
  }),
  operation({
    id: "revokeToken",
    method: "delete",
    path: "/v1/tunnels/{tunnelId}/tokens/{kid}",
    summary: "Revoke a token and end the connections that used it",
    role: "admin",
    success: { status: 204, description: "It is no longer valid" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteToken(by, param("tunnelId"), param("kid")));
      return {};
    },
  }),
];

/** Only the text, which goes to the caller, contains the secret. The Registry gets its digest. */
async function newToken(request: Request, tunnelId: string) {
  if (!isTunnelId(tunnelId)) throw new ApiError("NOT_FOUND");
  const secret = newSecret();
  const kid = newKid();
  const relayUrl = new URL(request.url).origin;
  const text = formatToken({ relayUrl, tunnelId, kid, secret });
  return { text, proof: { kid, digestHex: await sha256Hex(secret) } };
}

/** Time limit for an object, which answers within milliseconds if it exists. */
const STATUS_TIMEOUT_MS = 3_000;

/**
 * The status of each object. Objects that were never called are not asked, because that would create them. If one does not answer, the
 * others are still shown.
 */
async function statuses(
  env: Env,
  objects: readonly TunnelObjectRecord[],
): Promise<Map<string, TunnelStatus>> {
  const asked = objects.filter(({ pulled }) => pulled);
  const told = new Map<string, TunnelStatus>();
  await Promise.all(
    asked.map(async ({ name, location }) => {
      const status = await withTimeout(askStatus(env, name, location), STATUS_TIMEOUT_MS, null);
      if (status !== null) told.set(name, status);
    }),
  );
  if (asked.length > 0 && told.size === 0)
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  return told;
}

async function askStatus(
  env: Env,
  name: string,
  location: LocationHint | null,
): Promise<TunnelStatus | null> {
  try {
    return await tunnelStub(env, name, location).status();
  } catch {
    return null;
  }
}
