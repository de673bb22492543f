import * as z from "zod";
import type { Operation } from "./operation.ts";
import type { ProblemCode } from "./problem.ts";
import { PROBLEMS } from "./problem.ts";

const EVERYWHERE: readonly ProblemCode[] = [
  "UNAUTHENTICATED",
  "RATE_LIMITED",
  "INTERNAL",
  "RELAY_UPDATING",
  "NO_ANSWER",
];

/** The OpenAPI 3.1 document of the operations that really run. */
export function openApiDocument(operations: readonly Operation[]) {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {});
    path[operation.method] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Culvert admin API",
      version: "1",
      description: "Tunnels, keys and who may call what. Every request carries `Authorization: Bearer KEY`.",
    },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

const PROBLEM_SCHEMA = {
  type: "object",
  description: "RFC 9457, with a stable `code`",
  required: ["title", "status", "code"],
  properties: {
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: Object.keys(PROBLEMS) },
    detail: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

function describe(operation: Operation): object {
  const { id, summary, role, body, success } = operation;
  return {
    operationId: id,
    summary,
    description: `Needs a key with the role \`${role}\`.`,
    parameters: [
      ...pathParameters(operation.path),
      ...queryParameters(operation),
      ...headerParameters(operation),
    ],
    requestBody: body && {
      required: true,
      content: { "application/json": { schema: jsonSchema(body.schema, "input") } },
    },
    responses: {
      [success.status]: {
        description: success.description,
        content: success.schema && {
          [success.contentType ?? "application/json"]: { schema: jsonSchema(success.schema, "output") },
        },
      },
      ...problemResponses(operation),
    },
  };
}

function problemResponses(operation: Operation): Record<string, object> {
  const codes = new Set<ProblemCode>([...EVERYWHERE, ...operation.problems]);
  if (operation.role === "admin") codes.add("FORBIDDEN");
  if (operation.query !== undefined || operation.body !== undefined) codes.add("INVALID_REQUEST");
  if (operation.body !== undefined) codes.add("BODY_TOO_LARGE");
  return Object.fromEntries(
    Array.from(codes, (code) => [
      PROBLEMS[code].status,
      {
        description: `${code}: ${PROBLEMS[code].title}`,
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

function pathParameters(path: string): object[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Operation): object[] {
  const { properties = {} } = query === undefined ? {} : jsonSchema(query, "input");
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}

function headerParameters({ headers = {} }: Operation): object[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function jsonSchema(schema: z.ZodType, io: "input" | "output") {
  const { $schema: _, ...document } = z.toJSONSchema(schema, { io });
  return document;
}
