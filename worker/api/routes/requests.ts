import * as z from "zod";
import { decodeBase64url, encodeBase64url } from "../../../shared/tokens/base64url.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { type Env, telemetryStub } from "../../env.ts";
import { RELAY_TELEMETRY } from "../../events/index.ts";
import { tailFilterSchema } from "../../../shared/signals/tail-filter.ts";
import {
  comparePositions,
  positionOf,
  type RequestPosition,
  type RequestQuery,
} from "../../history/find-requests.ts";
import { History } from "../../history/history.ts";
import type { ServingObject } from "../../tunnel/configuration/tunnel-objects.ts";
import { telemetryObjects } from "./telemetry-objects.ts";
import { type Operation, operation } from "../operation.ts";
import { pageQuery, pageSchema } from "../paging.ts";
import { ApiError } from "../problem.ts";
import { tunnelDetails } from "../tunnel-details.ts";

const text = z.string().min(1).max(256);
const time = z.iso.datetime({ offset: true });

const requestsQuery = z.strictObject({
  id: text.optional().describe("The request's id: `culvert-request-id`, and `requestId` of the logs"),
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  ...tailFilterSchema.shape,
  caller: text.optional().describe("`project`, or `project/environment`"),
  connector: text.optional().describe("Id or name of the connector that served it last"),
  outcome: z.enum(["answered", "refused", "failed", "aborted", "cancelled"]).optional(),
  failed: z
    .literal("true")
    .optional()
    .describe("Only those that were refused, failed, broke off, or were answered with 5xx"),
  minDurationMs: z.coerce.number().int().min(0).optional(),
  since: time.optional().describe("Arrived at this time or later"),
  until: time.optional().describe("Arrived at this time or earlier"),
  limit: pageQuery.shape.limit,
  cursor: z.string().max(512).optional().describe("`nextCursor` of the page before"),
});

const requestSchema = z
  .looseObject({
    time: z.iso.datetime(),
    requestId: z.string(),
    traceId: z.string(),
    project: z.string(),
    environment: z.string(),
    service: z.string(),
    method: z.string(),
    path: z.string(),
    status: z.int(),
    outcome: z.string(),
    code: z.string().nullable(),
    connector: z.string().nullable(),
    durationMs: z.int(),
  })
  .describe("The request's event, as the logs have it");

export const requestOperations: readonly Operation[] = [
  operation({
    id: "findRequests",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/requests",
    summary: "Find requests of the last seven days, newest first",
    role: "viewer",
    query: requestsQuery,
    success: { status: 200, description: "A page of requests", schema: pageSchema(requestSchema) },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, query: { since, until, cursor, limit, ...filter }, param }) {
      const tunnelId = param("tunnelId");
      const details = await tunnelDetails(env, tunnelId);
      if (details === null) throw new ApiError("NOT_FOUND");
      const sinceMs = since === undefined ? 0 : Date.parse(since);
      const objects = telemetryObjects(details, Math.max(sinceMs, History.oldestEndMs(Date.now())));
      const found = await find(env, objects, {
        ...filter,
        tunnel: tunnelId,
        sinceMs,
        untilMs: until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until),
        after: cursor === undefined ? null : cursorPosition(cursor),
        // One more than a page holds tells whether another page follows.
        limit: limit + 1,
      });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return { body: { items, nextCursor: last === undefined ? null : cursorOf(positionOf(last)) } };
    },
  }),
];

/** In all objects that may have had such a request; the Worker's own refusals lie in one for the whole relay. */
async function find(
  env: Env,
  objects: readonly ServingObject[],
  query: RequestQuery,
): Promise<RequestEvent[]> {
  const own = objects.map(({ name, location }) => telemetryStub(env, name, location));
  try {
    const all = [...own, telemetryStub(env, RELAY_TELEMETRY)].map((stub) => stub.requests(query));
    return (await Promise.all(all)).flat().sort((a, b) => comparePositions(positionOf(a), positionOf(b)));
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

function cursorOf({ timeMs, requestId }: RequestPosition): string {
  return encodeBase64url(new TextEncoder().encode(`${timeMs} ${requestId}`));
}

function cursorPosition(cursor: string): RequestPosition {
  const bytes = decodeBase64url(cursor);
  const [, timeMs, requestId] =
    /^([0-9]{1,15}) (.+)$/.exec(bytes === null ? "" : new TextDecoder().decode(bytes)) ?? [];
  if (timeMs === undefined || requestId === undefined) {
    throw new ApiError("INVALID_REQUEST", {
      problems: [{ path: "query.cursor", message: "is not from a page" }],
    });
  }
  return { timeMs: Number(timeMs), requestId };
}
