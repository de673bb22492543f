import * as z from "zod";
import { formatIdentity } from "../../../shared/tokens/token.ts";
import { newIdentityId, newSecret, sha256Hex } from "../../auth/index.ts";
import {
  identityKeysSchema,
  identitySchema,
  type IssuerKeySource,
  keySourceOf,
  MAX_IDENTITY_BYTES,
  type WorkloadIdentity,
} from "../../auth/workload-identity/workload-identity.ts";
import { registryStub } from "../../env.ts";
import type { IdentityRecord } from "../../registry/stores/index.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { ApiError } from "../problem.ts";
import { isoTime } from "../time.ts";

const PATH = "/v1/tunnels/{tunnelId}/identities";

const describedSchema = z.strictObject({
  id: z.string(),
  url: z.string().describe("TUNNEL_IDENTITY of the connectors that attach as it"),
  issuer: z.string(),
  audience: z.string(),
  subjects: z.array(z.string()),
  jwksUrl: z.string().nullable().describe("Where the relay fetches the issuer's keys; null: they were given"),
  keys: z.array(z.string()).nullable().describe("Ids of the keys that were given"),
  createdAt: z.iso.datetime(),
});

export const identityOperations: readonly Operation[] = [
  operation({
    id: "createIdentity",
    method: "post",
    path: PATH,
    summary: "Trust a workload by the word of its issuer: its connectors attach with that issuer's tokens",
    role: "admin",
    body: { schema: identitySchema, maxBytes: MAX_IDENTITY_BYTES },
    success: { status: 201, description: "The identity", schema: describedSchema },
    problems: ["NOT_FOUND", "LIMIT_REACHED"],
    async run({ env, request, by, body, param }) {
      const { issuer, audience, subjects, ...keys } = body;
      const tunnelId = param("tunnelId");
      const id = newIdentityId();
      const origin = new URL(request.url).origin;
      const identity: WorkloadIdentity = {
        issuer,
        audience: audience ?? `${origin}/v1/tunnels/${tunnelId}`,
        subjects,
        keySource: await expectKeys(keys),
      };
      const proofHex = await newProof();
      expectDone(await registryStub(env).addIdentity(by, tunnelId, id, { identity, proofHex }));
      const described = view({ id, identity, createdAtMs: by.atMs }, tunnelId, origin);
      return { body: described, headers: { location: `/v1/tunnels/${tunnelId}/identities/${id}` } };
    },
  }),
  operation({
    id: "listIdentities",
    method: "get",
    path: PATH,
    summary: "List the workloads that a tunnel trusts, oldest first",
    role: "viewer",
    success: {
      status: 200,
      description: "All of them",
      schema: z.strictObject({ items: z.array(describedSchema), nextCursor: z.null() }),
    },
    problems: ["NOT_FOUND"],
    async run({ env, request, param }) {
      const tunnelId = param("tunnelId");
      const records = await registryStub(env).identities(tunnelId);
      if (records === null) throw new ApiError("NOT_FOUND");
      const { origin } = new URL(request.url);
      return { body: { items: records.map((record) => view(record, tunnelId, origin)), nextCursor: null } };
    },
  }),
  operation({
    id: "putIdentityKeys",
    method: "put",
    path: `${PATH}/{identityId}/keys`,
    summary: "Replace the keys of an identity's issuer; connectors that are attached stay",
    role: "admin",
    body: { schema: identityKeysSchema, maxBytes: MAX_IDENTITY_BYTES },
    success: { status: 204, description: "They are in force" },
    problems: ["NOT_FOUND"],
    async run({ env, by, body, param }) {
      const keySource = await expectKeys(body);
      const registry = registryStub(env);
      const [tunnelId, id] = [param("tunnelId"), param("identityId")];
      expectDone(await registry.setIdentityKeys(by, tunnelId, id, keySource, await newProof()));
      return {};
    },
  }),
  operation({
    id: "deleteIdentity",
    method: "delete",
    path: `${PATH}/{identityId}`,
    summary: "Trust a workload no longer, and cut the connections that were made as it",
    role: "admin",
    success: { status: 204, description: "It is trusted no longer" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteIdentity(by, param("tunnelId"), param("identityId")));
      return {};
    },
  }),
];

async function expectKeys(given: z.infer<typeof identityKeysSchema>): Promise<IssuerKeySource> {
  const result = await keySourceOf(given);
  if ("problems" in result) throw new ApiError("INVALID_REQUEST", { problems: result.problems });
  return result.keySource;
}

/** Of no use to anybody but the relay's own parts. */
function newProof(): Promise<string> {
  return sha256Hex(newSecret());
}

function view(
  { id, identity, createdAtMs }: IdentityRecord,
  tunnelId: string,
  relayUrl: string,
): z.infer<typeof describedSchema> {
  const { issuer, audience, subjects, keySource } = identity;
  const { jwks, jwksUrl } = keySource;
  return {
    ...{ id, url: formatIdentity({ relayUrl, tunnelId, kid: id }), issuer, audience, subjects, jwksUrl },
    keys: jwks === null ? null : jwks.keys.map(({ kid }) => kid),
    createdAt: isoTime(createdAtMs),
  };
}
