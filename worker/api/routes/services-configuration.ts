import * as z from "zod";
import {
  type ServicesFile,
  MAX_SERVICES_FILE_BYTES,
  servicesFileSchema,
} from "../../../shared/services/index.ts";
import { registryStub } from "../../env.ts";
import type { Answer, Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { page, pageQuery, pageSchema } from "../paging.ts";
import { ApiError } from "../problem.ts";
import { isoTime } from "../time.ts";

const PATH = "/v1/tunnels/{tunnelId}/services-configuration";

const versionQuery = z.strictObject({
  version: z.coerce.number().int().min(0).optional().describe("An earlier one, as the audit log names it"),
});

/** Few per page, because each may have a large file, and its difference is computed on each request. */
const MAX_VERSIONS_ON_PAGE = 20;
const SMALL_BODY_BYTES = 1024;

const versionsQuery = pageQuery.extend({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_VERSIONS_ON_PAGE)
    .default(MAX_VERSIONS_ON_PAGE)
    .describe("Entries on a page"),
});

const servicesVersionSchema = z.strictObject({
  version: z.int(),
  at: z.iso.datetime(),
  actor: z
    .string()
    .nullable()
    .describe("As the audit log names who put it; null: a relay of version 0.1 took it"),
  rolledBackTo: z.int().nullable().describe("The version that was put back; null: the file was new"),
  services: z.int().describe("How many it has"),
  changes: z
    .array(z.string())
    .nullable()
    .describe('Lines that begin with "- " or "+ "; null: the version before it is kept no longer'),
  moreChanges: z.int().describe("Lines beyond those"),
});

const rollBackSchema = z.strictObject({
  version: z.int().min(0).describe("The version to put back; 0 is the empty file of a new tunnel"),
});

export const servicesConfigurationOperations: readonly Operation[] = [
  operation({
    id: "getServicesConfiguration",
    method: "get",
    path: PATH,
    summary: "The tunnel's services file",
    role: "viewer",
    query: versionQuery,
    success: { status: 200, description: "The file, its version as ETag", schema: servicesFileSchema },
    problems: ["NOT_FOUND"],
    async run({ env, query, param }) {
      const stored = await registryStub(env).servicesFile(param("tunnelId"), query.version);
      if (stored === null) throw new ApiError("NOT_FOUND");
      return fileAnswer(stored.file, stored.version);
    },
  }),
  operation({
    id: "putServicesConfiguration",
    method: "put",
    path: PATH,
    summary: "Replace the whole services file, from the next request on",
    role: "admin",
    headers: { "If-Match": "ETag of the version that this one replaces" },
    body: { schema: servicesFileSchema, maxBytes: MAX_SERVICES_FILE_BYTES },
    success: { status: 200, description: "The file as it is now stored", schema: servicesFileSchema },
    problems: ["NOT_FOUND", "PRECONDITION_FAILED"],
    async run({ env, request, by, body, param }) {
      const expected = expectedVersions(request.headers.get("if-match"));
      const result = await registryStub(env).putServicesFile(by, param("tunnelId"), body, expected);
      switch (result.outcome) {
        case "done":
          return fileAnswer(body, result.version);
        case "stale":
          throw new ApiError("PRECONDITION_FAILED");
        case "not_found":
          throw new ApiError("NOT_FOUND");
      }
    },
  }),
  operation({
    id: "listServicesVersions",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/services/versions",
    summary: "Earlier services files, newest first, with what each changed",
    role: "viewer",
    query: versionsQuery,
    success: { status: 200, description: "A page of versions", schema: pageSchema(servicesVersionSchema) },
    problems: ["NOT_FOUND"],
    async run({ env, query, param }) {
      const body = await page(
        query,
        Number.MAX_SAFE_INTEGER,
        async (limit, position) => {
          const versions = await registryStub(env).servicesVersions(param("tunnelId"), limit, position);
          if (versions === null) throw new ApiError("NOT_FOUND");
          return versions;
        },
        ({ version }) => version,
        ({ atMs, ...version }) => ({ ...version, at: isoTime(atMs) }),
      );
      return { body };
    },
  }),
  operation({
    id: "rollBackServices",
    method: "post",
    path: "/v1/tunnels/{tunnelId}/services/rollback",
    summary: "Activate an earlier services file again, as a new version",
    role: "admin",
    headers: { "If-Match": "ETag of the active version" },
    body: { schema: rollBackSchema, maxBytes: SMALL_BODY_BYTES },
    success: {
      status: 200,
      description: "What it changed; if the two files are the same, nothing, and there is no new version",
      schema: z.strictObject({ version: z.int(), changes: z.array(z.string()) }),
    },
    problems: ["NOT_FOUND", "PRECONDITION_FAILED"],
    async run({ env, request, by, body, param }) {
      const expected = expectedVersions(request.headers.get("if-match"));
      const result = await registryStub(env).rollBackServices(by, param("tunnelId"), body.version, expected);
      switch (result.outcome) {
        case "done": {
          const { version, changes } = result;
          return { body: { version, changes }, headers: { etag: `"${version}"` } };
        }
        case "stale":
          throw new ApiError("PRECONDITION_FAILED");
        case "not_kept":
          throw new ApiError("NOT_FOUND", { detail: `Version ${body.version} is not kept any more.` });
        case "not_found":
          throw new ApiError("NOT_FOUND");
        case "invalid":
          throw new ApiError("INVALID_REQUEST", {
            detail: `The file of version ${body.version} is no longer valid.`,
            problems: result.problems,
          });
      }
    },
  }),
];

function fileAnswer(file: ServicesFile, version: number): Answer {
  return { body: file, headers: { etag: `"${version}"` } };
}

/** RFC 9110 §13.1.1: null stands for any version; a weak or foreign tag matches none. */
function expectedVersions(ifMatch: string | null): number[] | null {
  if (ifMatch === null || ifMatch.trim() === "*") return null;
  return ifMatch.split(",").flatMap((tag) => {
    const [, version] = /^\s*"([0-9]{1,15})"\s*$/.exec(tag) ?? [];
    return version === undefined ? [] : [Number(version)];
  });
}
