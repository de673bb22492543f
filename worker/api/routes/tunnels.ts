import * as z from "zod";
import { formatToken } from "../../../shared/token.ts";
import { sha256Hex } from "../../auth/digest.ts";
import { isTunnelId, newKid, newSecret, newTunnelId } from "../../auth/random-id.ts";
import { registryStub, tunnelStub } from "../../env.ts";
import type { Env } from "../../env.ts";
import type { TunnelStatus } from "../../tunnel/tunnel-config.ts";
import { tunnelObjectNames } from "../../tunnel/tunnel-config.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { page, pageQuery, pageSchema } from "../paging.ts";
import { ApiError } from "../problem.ts";
import { isoTime } from "../time.ts";
import { describeTunnel, tunnelDetailsSchema } from "./tunnel-view.ts";

const SMALL_BODY_BYTES = 4096;
const DEFAULT_OVERLAP_SECONDS = 3600;
const MAX_OVERLAP_SECONDS = 30 * 24 * 3600;

const tunnelSchema = z.strictObject({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() });

const tokenText = z
  .string()
  .describe("The connector's TUNNEL_TOKEN. Shown once; the relay keeps a digest alone");

const newTunnelSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}._-])?$/u,
      "must be 1 to 64 letters, digits, spaces and . _ -",
    ),
});

const newTokenSchema = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(MAX_OVERLAP_SECONDS)
    .default(DEFAULT_OVERLAP_SECONDS)
    .describe("How long the tunnel's older tokens still hold; 0 ends them, and their connections, at once"),
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
    problems: ["LIMIT_REACHED"],
    async run({ env, request, by, body }) {
      const id = newTunnelId();
      const token = await newToken(request, id);
      expectDone(await registryStub(env).createTunnel(by, { id, name: body.name }, token.proof));
      const created = {
        id,
        name: body.name,
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
      const details = await registryStub(env).tunnel(param("tunnelId"));
      if (details === null) throw new ApiError("NOT_FOUND");
      return { body: describeTunnel(details, await statuses(env, details.id)) };
    },
  }),
  operation({
    id: "deleteTunnel",
    method: "delete",
    path: "/v1/tunnels/{tunnelId}",
    summary: "Delete a tunnel, its tokens and its services, and cut its connectors",
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
    summary: "Rotate: make a new token; older ones end after the overlap",
    role: "admin",
    body: { schema: newTokenSchema, maxBytes: SMALL_BODY_BYTES },
    success: {
      status: 201,
      description: "The new token",
      schema: z.strictObject({ kid: z.string(), token: tokenText }),
    },
    problems: ["NOT_FOUND", "LIMIT_REACHED"],
    async run({ env, request, by, body, param }) {
      const tunnelId = param("tunnelId");
      const token = await newToken(request, tunnelId);
      const overlapMs = body.overlapSeconds * 1000;
      expectDone(await registryStub(env).addToken(by, tunnelId, token.proof, overlapMs));
      return { body: { kid: token.proof.kid, token: token.text } };
    },
  }),
  operation({
    id: "revokeToken",
    method: "delete",
    path: "/v1/tunnels/{tunnelId}/tokens/{kid}",
    summary: "Revoke a token and cut the connections that were made with it",
    role: "admin",
    success: { status: 204, description: "It holds no longer" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteToken(by, param("tunnelId"), param("kid")));
      return {};
    },
  }),
];

/** The secret is in the text alone, which goes to the caller; the Registry sees its digest. */
async function newToken(request: Request, tunnelId: string) {
  if (!isTunnelId(tunnelId)) throw new ApiError("NOT_FOUND");
  const secret = newSecret();
  const kid = newKid();
  const relayUrl = new URL(request.url).origin;
  const text = formatToken({ relayUrl, tunnelId, kid, secret });
  return { text, proof: { kid, digestHex: await sha256Hex(secret) } };
}

async function statuses(env: Env, tunnelId: string): Promise<TunnelStatus[]> {
  try {
    return await Promise.all(tunnelObjectNames(tunnelId).map(async (name) => tunnelStub(env, name).status()));
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}
