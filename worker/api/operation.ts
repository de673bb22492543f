import type * as z from "zod";
import { problemsOf } from "../../shared/problems.ts";
import type { Env } from "../env.ts";
import type { Actor, Role } from "../registry/stores/index.ts";
import type { Credential } from "./authenticate.ts";
import { readJson } from "./body.ts";
import { inTime } from "./in-time.ts";
import type { ProblemCode } from "./problem.ts";
import { ApiError } from "./problem.ts";

/** One route of the admin API. The same value is the source of `openapi.json` and of the code that runs. */
export interface OperationSpec<Body, Query> {
  id: string;
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With parameters in braces. */
  path: string;
  summary: string;
  role: Role;
  body?: { schema: z.ZodType<Body>; maxBytes: number };
  query?: z.ZodType<Query>;
  /** Request headers that matter, and what for. */
  headers?: Readonly<Record<string, string>>;
  success: { status: 101 | 200 | 201 | 204; description: string; schema?: z.ZodType; contentType?: string };
  /** Besides those that every operation has. */
  problems: readonly ProblemCode[];
  run(call: Call<Body, Query>): Promise<Answer>;
}

export interface Call<Body, Query> {
  env: Env;
  request: Request;
  role: Role;
  by: Actor;
  credential: Credential;
  body: Body;
  query: Query;
  /** A path parameter, decoded. */
  param: (name: string) => string;
}

export interface Answer {
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** For answers that are not JSON. */
  response?: Response;
}

/** The start of an operation, before its input is checked. */
export type RawCall = Omit<Call<never, never>, "body" | "query">;

export interface Operation extends Omit<OperationSpec<unknown, unknown>, "run"> {
  respond(call: RawCall): Promise<Response>;
}

export function operation<Body = undefined, Query = undefined>(spec: OperationSpec<Body, Query>): Operation {
  return {
    ...spec,
    async respond(call) {
      const query = parse(spec.query, Object.fromEntries(new URL(call.request.url).searchParams), "query");
      const input = spec.body && (await readJson(call.request, spec.body.maxBytes));
      const body = parse(spec.body?.schema, input, "");
      const answer = await inTime(spec.run({ ...call, body, query }));
      if (answer.response !== undefined) return answer.response;
      const { status } = spec.success;
      const init = { status, headers: { "cache-control": "no-store", ...answer.headers } };
      return status === 204 ? new Response(null, init) : Response.json(answer.body, init);
    },
  };
}

/** An operation without a schema takes no input: its type is then `undefined`. */
function parse<T>(schema: z.ZodType<T> | undefined, value: unknown, at: string): T {
  if (schema === undefined) return undefined as T;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = problemsOf(result.error).map(({ path, message }) => ({
    path: [at, path].filter((part) => part !== "").join("."),
    message,
  }));
  throw new ApiError("INVALID_REQUEST", { problems });
}
