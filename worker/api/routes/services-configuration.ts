import * as z from "zod";
import type { ServicesFile } from "../../../shared/services/services-file.ts";
import { MAX_SERVICES_FILE_BYTES, servicesFileSchema } from "../../../shared/services/services-file.ts";
import { registryStub } from "../../env.ts";
import type { Answer, Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { ApiError } from "../problem.ts";

const PATH = "/v1/tunnels/{tunnelId}/services-configuration";

const versionQuery = z.strictObject({
  version: z.coerce.number().int().min(0).optional().describe("An earlier one, as the audit log names it"),
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
    summary: "Replace the whole services file; it holds from the next request on",
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
