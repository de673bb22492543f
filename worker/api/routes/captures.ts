import * as z from "zod";
import {
  type CapturedRequest,
  MAX_CAPTURE_SECONDS,
  MAX_CAPTURED_REQUESTS,
} from "../../../shared/capture/captured-request.ts";
import { newCaptureId } from "../../auth/index.ts";
import { type Env, registryStub, telemetryStub } from "../../env.ts";
import { type CaptureRecord, isRunning } from "../../registry/stores/index.ts";
import type { CaptureOutcome } from "../../calls/registry-calls.ts";
import type { StoredCapture } from "../../capture/index.ts";
import { type Operation, operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { page, pageQuery, pageSchema } from "../paging.ts";
import { ApiError } from "../problem.ts";
import { isoTime } from "../time.ts";

const PATH = "/v1/tunnels/{tunnelId}/captures";
const BODY_BYTES = 4096;
/** A page of captured requests is large: sixty kilobytes each, if they are odd. */
const MAX_PAGE = 20;

const newCaptureSchema = z.strictObject({
  service: z.string().min(1).max(260).describe("A service's name, or a host of the tunnel's networks"),
  seconds: z.int().min(1).max(MAX_CAPTURE_SECONDS).default(600).describe("How long, an hour at most"),
  maxRequests: z
    .int()
    .min(1)
    .max(MAX_CAPTURED_REQUESTS)
    .default(20)
    .describe("It ends with the last of them"),
});

const captureSchema = z.strictObject({
  id: z.string(),
  service: z.string(),
  state: z.enum(["capturing", "over"]),
  startedBy: z.string().describe("As in the audit log"),
  startedAt: z.iso.datetime(),
  endsAt: z.iso.datetime().describe("When it ends by itself, or has ended"),
  maxRequests: z.int(),
  requests: z.int().describe("How many are kept; they are deleted a day after they came"),
});

const bodySchema = z.strictObject({
  bytes: z.int().describe("As many as were seen; the request's event has all"),
  text: z.string().nullable().describe("The first 10,000 bytes. Null: not kept"),
  isCut: z.boolean(),
  why: z.enum(["binary", "encoded", "websocket", "no-room"]).nullable().describe("Why there is no text"),
});

const fieldsSchema = z.array(z.tuple([z.string(), z.string()]));

const capturedSchema = z
  .strictObject({
    captureId: z.string(),
    requestId: z.string(),
    time: z.iso.datetime(),
    project: z.string(),
    environment: z.string(),
    service: z.string(),
    kind: z.enum(["http", "websocket", "tcp"]),
    method: z.string(),
    path: z.string().describe("With its query"),
    request: z.strictObject({ fields: fieldsSchema, body: bodySchema }),
    response: z
      .strictObject({ status: z.int(), fields: fieldsSchema, body: bodySchema })
      .nullable()
      .describe("Null: the upstream gave none"),
  })
  .describe("What a request and its answer looked like; what looks like a secret is [redacted]");

export const captureOperations: readonly Operation[] = [
  operation({
    id: "startCapture",
    method: "post",
    path: PATH,
    summary: "Capture the next requests of a service: fields, and the beginning of bodies",
    role: "admin",
    body: { schema: newCaptureSchema, maxBytes: BODY_BYTES },
    success: { status: 201, description: "It captures from the next request on", schema: captureSchema },
    problems: ["NOT_FOUND", "LIMIT_REACHED", "CAPTURE_OFF"],
    async run({ env, by, body, param }) {
      if (env.CAPTURE === "off") throw new ApiError("CAPTURE_OFF");
      const id = newCaptureId();
      const record = expectRecord(
        await registryStub(env).startCapture(by, param("tunnelId"), { id, ...body }),
      );
      const headers = { location: `/v1/tunnels/${param("tunnelId")}/captures/${id}` };
      return { body: view(record, new Map()), headers };
    },
  }),
  operation({
    id: "listCaptures",
    method: "get",
    path: PATH,
    summary: "Captures that run now or ran within the last day, newest first",
    role: "viewer",
    success: {
      status: 200,
      description: "Captures",
      schema: z.strictObject({ items: z.array(captureSchema) }),
    },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, param }) {
      const records = await registryStub(env).captures(param("tunnelId"));
      if (records === null) throw new ApiError("NOT_FOUND");
      const counts = await countsOf(env, param("tunnelId"), records);
      return { body: { items: records.map((record) => view(record, counts)) } };
    },
  }),
  operation({
    id: "stopCapture",
    method: "post",
    path: `${PATH}/{captureId}/stop`,
    summary: "Stop a capture and keep its requests for a day",
    role: "admin",
    success: { status: 200, description: "It captures no more", schema: captureSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, by, param }) {
      const tunnelId = param("tunnelId");
      const record = expectRecord(await registryStub(env).stopCapture(by, tunnelId, param("captureId")));
      return { body: view(record, await countsOf(env, tunnelId, [record])) };
    },
  }),
  operation({
    id: "deleteCapture",
    method: "delete",
    path: `${PATH}/{captureId}`,
    summary: "Stop a capture and delete its requests",
    role: "admin",
    success: { status: 204, description: "It is gone" },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, by, param }) {
      const [tunnelId, captureId] = [param("tunnelId"), param("captureId")];
      // The tunnel is known to exist. A call to an object that does not exist would create it.
      expectRecord(await registryStub(env).stopCapture(by, tunnelId, captureId));
      await ask(() => telemetryStub(env, tunnelId).deleteCaptured(captureId));
      expectDone(await registryStub(env).deleteCapture(by, tunnelId, captureId));
      return {};
    },
  }),
  operation({
    id: "getCapturedRequests",
    method: "get",
    path: `${PATH}/{captureId}/requests`,
    summary: "Captured requests in order of arrival. The audit log says who read them",
    role: "admin",
    query: pageQuery.extend({ limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(10) }),
    success: { status: 200, description: "A page of requests", schema: pageSchema(capturedSchema) },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, by, query, param }) {
      const [tunnelId, captureId] = [param("tunnelId"), param("captureId")];
      const record = await registryStub(env).readCapture(by, tunnelId, captureId);
      if (record === null) throw new ApiError("NOT_FOUND");
      const body = await page(
        query,
        0,
        (limit, afterId) => ask(() => telemetryStub(env, tunnelId).captured(captureId, limit, afterId)),
        ({ id }) => id,
        requestOf,
      );
      return { body };
    },
  }),
  operation({
    id: "getCapturedRequest",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/requests/{requestId}/capture",
    summary: "One captured request. The audit log says who read it",
    role: "admin",
    success: { status: 200, description: "The request", schema: capturedSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, by, param }) {
      const tunnelId = param("tunnelId");
      const records = await registryStub(env).captures(tunnelId);
      if (records === null || records.length === 0) throw new ApiError("NOT_FOUND");
      const stored = await ask(() => telemetryStub(env, tunnelId).capturedRequest(param("requestId")));
      if (stored === null) throw new ApiError("NOT_FOUND");
      const captured = requestOf(stored);
      if ((await registryStub(env).readCapture(by, tunnelId, captured.captureId)) === null)
        throw new ApiError("NOT_FOUND");
      return { body: captured };
    },
  }),
];

function expectRecord(outcome: CaptureOutcome): CaptureRecord {
  switch (outcome.outcome) {
    case "done":
      return outcome.record;
    case "invalid":
      throw new ApiError("INVALID_REQUEST", { problems: [{ path: "service", message: outcome.message }] });
    case "not_found":
      throw new ApiError("NOT_FOUND");
    case "limit_reached":
      throw new ApiError("LIMIT_REACHED", {
        detail:
          "This service is being captured, or the tunnel has five captures at once, or twenty of one day.",
      });
  }
}

function requestOf({ json }: StoredCapture): CapturedRequest {
  return JSON.parse(json) as CapturedRequest;
}

async function countsOf(
  env: Env,
  tunnelId: string,
  records: readonly CaptureRecord[],
): Promise<ReadonlyMap<string, number>> {
  return records.length === 0 ? new Map() : ask(() => telemetryStub(env, tunnelId).captureCounts());
}

async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

function view(record: CaptureRecord, counts: ReadonlyMap<string, number>): z.infer<typeof captureSchema> {
  const { id, service, startedBy, startedAtMs, endsAtMs, endedAtMs, maxRequests } = record;
  return {
    ...{ id, service, startedBy, maxRequests },
    state: isRunning(record, Date.now()) ? "capturing" : "over",
    startedAt: isoTime(startedAtMs),
    endsAt: isoTime(Math.min(endsAtMs, endedAtMs ?? Infinity)),
    requests: counts.get(id) ?? 0,
  };
}
