import * as z from "zod";
import { receiverNameSchema } from "../../../shared/events/log-destination.ts";
import { publicUrlSchema, callerSchema } from "../../../shared/services/index.ts";
import { type AccessKeyKind, accessKeyDigest, formatAccessKey, newKid, newSecret } from "../../auth/index.ts";
import { registryStub } from "../../env.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { page, pageQuery, pageSchema } from "../paging.ts";
import { isoTime } from "../time.ts";

const SMALL_BODY_BYTES = 4096;
const MAX_KEY_SECONDS = 10 * 365 * 24 * 3600;

const roleSchema = z.enum(["admin", "viewer"]).describe("`admin` writes and reads, `viewer` reads");

const shownOnce = z.string().describe("Shown once; the relay keeps a digest alone");

const gatewaySchema = callerSchema.extend({
  publicUrl: publicUrlSchema
    .describe("Where the gateway's own clients call it, such as `https://api.example.com/base`")
    .optional(),
});

const gatewayKeySchema = gatewaySchema.extend({ kid: z.string(), createdAt: z.iso.datetime() });

const apiKeySchema = z.strictObject({
  kid: z.string(),
  name: z.string().nullable().describe("For people; null where it has none"),
  role: roleSchema,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable().describe("When it ends by itself; null: when it is deleted"),
});

const newApiKeySchema = z.strictObject({
  role: roleSchema,
  name: receiverNameSchema.optional().describe("For people: shown in lists and in the audit log"),
  expiresInSeconds: z
    .int()
    .min(60)
    .max(MAX_KEY_SECONDS)
    .optional()
    .describe("It ends by itself so long from now. Absent: when it is deleted"),
});

const listedApiKeySchema = apiKeySchema.extend({
  lastUsedAt: z.iso.datetime().nullable().describe("To five minutes"),
});

export const keyOperations: readonly Operation[] = [
  operation({
    id: "createGatewayKey",
    method: "post",
    path: "/v1/gateway-keys",
    summary: "Make a key with which a gateway outside this account calls as one project and environment",
    role: "admin",
    body: { schema: gatewaySchema, maxBytes: SMALL_BODY_BYTES },
    success: { status: 201, description: "The key", schema: gatewayKeySchema.extend({ key: shownOnce }) },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const { key, proof } = await newKey("gateway");
      expectDone(await registryStub(env).addGatewayKey(by, { ...proof, ...body }));
      return { body: { kid: proof.kid, ...body, createdAt: isoTime(by.atMs), key } };
    },
  }),
  operation({
    id: "listGatewayKeys",
    method: "get",
    path: "/v1/gateway-keys",
    summary: "List the gateway keys, oldest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of keys", schema: pageSchema(gatewayKeySchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        0,
        (limit, position) => registryStub(env).gatewayKeys(limit, position),
        ({ seq }) => seq,
        ({ kid, project, environment, publicUrl, createdAtMs }) => ({
          kid,
          project,
          environment,
          ...(publicUrl === null ? {} : { publicUrl }),
          createdAt: isoTime(createdAtMs),
        }),
      );
      return { body };
    },
  }),
  operation({
    id: "deleteGatewayKey",
    method: "delete",
    path: "/v1/gateway-keys/{kid}",
    summary: "Delete a gateway key",
    role: "admin",
    success: { status: 204, description: "It is no longer valid" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteGatewayKey(by, param("kid")));
      return {};
    },
  }),
  operation({
    id: "createApiKey",
    method: "post",
    path: "/v1/api-keys",
    summary: "Make a key for this API",
    role: "admin",
    body: { schema: newApiKeySchema, maxBytes: SMALL_BODY_BYTES },
    success: { status: 201, description: "The key", schema: apiKeySchema.extend({ key: shownOnce }) },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const { key, proof } = await newKey("api");
      const { role, name = null, expiresInSeconds } = body;
      const expiresAtMs = expiresInSeconds === undefined ? null : by.atMs + expiresInSeconds * 1_000;
      expectDone(await registryStub(env).addApiKey(by, proof, { role, name, expiresAtMs }));
      const expiresAt = expiresAtMs === null ? null : isoTime(expiresAtMs);
      return { body: { kid: proof.kid, name, role, createdAt: isoTime(by.atMs), expiresAt, key } };
    },
  }),
  operation({
    id: "listApiKeys",
    method: "get",
    path: "/v1/api-keys",
    summary: "List the API keys, oldest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of keys", schema: pageSchema(listedApiKeySchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        0,
        (limit, position) => registryStub(env).apiKeys(limit, position),
        ({ seq }) => seq,
        ({ kid, name, role, createdAtMs, expiresAtMs, lastUsedAtMs }) => ({
          ...{ kid, name, role, createdAt: isoTime(createdAtMs) },
          expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
          lastUsedAt: lastUsedAtMs === null ? null : isoTime(lastUsedAtMs),
        }),
      );
      return { body };
    },
  }),
  operation({
    id: "deleteApiKey",
    method: "delete",
    path: "/v1/api-keys/{kid}",
    summary: "Delete an API key",
    role: "admin",
    success: { status: 204, description: "It is no longer valid" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteApiKey(by, param("kid")));
      return {};
    },
  }),
];

async function newKey(kind: AccessKeyKind) {
  const secret = newSecret();
  const kid = newKid();
  return {
    key: formatAccessKey(kind, kid, secret),
    proof: { kid, digestHex: await accessKeyDigest(secret) },
  };
}
