import * as z from "zod";
import { registryStub } from "../../env.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { page, pageQuery, pageSchema } from "../paging.ts";
import { isoTime } from "../time.ts";

const factsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()])).nullable();

const entrySchema = z.strictObject({
  id: z.int(),
  at: z.iso.datetime(),
  actor: z
    .string()
    .describe(
      "Id of an API key, `admin-key`, `access:` with an address, or `relay` for what happens by itself",
    ),
  actorName: z.string().nullable().describe("Of that key, as it was then; null where it has none"),
  address: z.string().describe("Where the request came from, as far as the platform says"),
  action: z.string(),
  target: z.string(),
  before: factsSchema,
  after: factsSchema,
});

export const auditLogOperations: readonly Operation[] = [
  operation({
    id: "listAuditLog",
    method: "get",
    path: "/v1/audit-log",
    summary: "Who changed what and when, newest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of entries", schema: pageSchema(entrySchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        Number.MAX_SAFE_INTEGER,
        (limit, position) => registryStub(env).auditLog(limit, position),
        ({ id }) => id,
        ({ id, atMs, actor, actorName, address, action, target, before, after }) => ({
          id,
          at: isoTime(atMs),
          actor,
          actorName,
          address,
          action,
          target,
          before,
          after,
        }),
      );
      return { body };
    },
  }),
];
