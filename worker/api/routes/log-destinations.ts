import * as z from "zod";
import {
  type LogDestination,
  logDestinationSchema,
  MAX_LOG_DESTINATION_BYTES,
  secretsOf,
} from "../../../shared/events/log-destination.ts";
import { newDestinationId } from "../../auth/index.ts";
import { registryStub } from "../../env.ts";
import type { Role, DescribedDestination } from "../../registry/stores/index.ts";
import type { DestinationOutcome } from "../../calls/registry-calls.ts";
import {
  type ReceiverAnswer,
  credentialsSent,
  outcomeOf,
  sendEvents,
} from "../../log-delivery/send-events.ts";
import { testEvent } from "../../log-delivery/test-event.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { ApiError } from "../problem.ts";
import { isoTime } from "../time.ts";

const PATH = "/v1/log-destinations";
const MAX_SHOWN_ANSWER = 500;
/** The runtime does not tell a forbidden address from one where nothing listens. */
const PUBLIC_ONLY = "this relay calls private addresses only if it was started with --allow-private";

const deliverySchema = z
  .strictObject({
    shipped: z.int(),
    lost: z.int().describe("Dropped unsent: the spool had no room for longer"),
    rejected: z.int().describe("The receiver would not have them"),
    backlog: z.int().describe("Events that wait"),
    lastSuccessAt: z.iso.datetime().nullable(),
    lastError: z
      .strictObject({ at: z.iso.datetime(), reason: z.string(), tunnel: z.string() })
      .nullable()
      .describe("Null once it takes events again"),
  })
  .describe("Events over all tunnels, as last reported");

const describedSchema = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    kind: z.string(),
    url: z.string().describe("For viewers without its path, which may hold a token"),
    events: z.string(),
    secrets: z.array(z.string()).describe("Which are set; their values are never shown"),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    delivery: deliverySchema,
  })
  .describe("A destination with the settings of its kind");

const testResultSchema = z.strictObject({
  ok: z.boolean(),
  status: z.int().nullable().describe("Of the receiver's answer; null when there was none"),
  reason: z.string().describe("What was wrong; empty when all is well"),
  answer: z.string().describe("The beginning of what the receiver wrote"),
});

export const logDestinationOperations: readonly Operation[] = [
  operation({
    id: "createLogDestination",
    method: "post",
    path: PATH,
    summary: "Have every request's event sent to a log service",
    role: "admin",
    body: { schema: logDestinationSchema, maxBytes: MAX_LOG_DESTINATION_BYTES },
    success: { status: 201, description: "The destination", schema: describedSchema },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const id = newDestinationId();
      const described = expectStored(await registryStub(env).addLogDestination(by, id, body));
      return { body: view(described), headers: { location: `${PATH}/${id}` } };
    },
  }),
  operation({
    id: "listLogDestinations",
    method: "get",
    path: PATH,
    summary: "List the log destinations and how each takes its events, oldest first",
    role: "viewer",
    success: {
      status: 200,
      description: "All of them",
      schema: z.strictObject({ items: z.array(describedSchema), nextCursor: z.null() }),
    },
    problems: [],
    async run({ env, role }) {
      const items = (await registryStub(env).logDestinations()).map((one) => viewFor(role, one));
      return { body: { items, nextCursor: null } };
    },
  }),
  operation({
    id: "getLogDestination",
    method: "get",
    path: `${PATH}/{destinationId}`,
    summary: "Describe a log destination",
    role: "viewer",
    success: { status: 200, description: "The destination", schema: describedSchema },
    problems: ["NOT_FOUND"],
    async run({ env, role, param }) {
      const described = await registryStub(env).logDestination(param("destinationId"));
      if (described === null) throw new ApiError("NOT_FOUND");
      return { body: viewFor(role, described) };
    },
  }),
  operation({
    id: "putLogDestination",
    method: "put",
    path: `${PATH}/{destinationId}`,
    summary: "Replace a log destination; a secret that is left out stays as it is",
    role: "admin",
    body: { schema: logDestinationSchema, maxBytes: MAX_LOG_DESTINATION_BYTES },
    success: { status: 200, description: "The destination as it is now", schema: describedSchema },
    problems: ["NOT_FOUND"],
    async run({ env, by, body, param }) {
      const outcome = await registryStub(env).putLogDestination(by, param("destinationId"), body);
      return { body: view(expectStored(outcome)) };
    },
  }),
  operation({
    id: "deleteLogDestination",
    method: "delete",
    path: `${PATH}/{destinationId}`,
    summary: "Delete a log destination; what waits for it is not sent any more",
    role: "admin",
    success: { status: 204, description: "It is gone" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteLogDestination(by, param("destinationId")));
      return {};
    },
  }),
  operation({
    id: "testLogDestination",
    method: "post",
    path: `${PATH}/{destinationId}/test`,
    summary: "Send one event now, marked as a test, and say what the receiver answers",
    role: "admin",
    success: { status: 200, description: "What came of it", schema: testResultSchema },
    problems: ["NOT_FOUND"],
    async run({ env, param }) {
      const destination = await registryStub(env).shippingDestination(param("destinationId"));
      if (destination === null) throw new ApiError("NOT_FOUND");
      const answer = await sendEvents(destination, [testEvent(Date.now())]);
      return { body: testResult(destination, answer, env.PRIVATE_ADDRESSES === "off") };
    },
  }),
];

function expectStored(result: DestinationOutcome): DescribedDestination {
  switch (result.outcome) {
    case "done":
      return result.described;
    case "invalid":
      throw new ApiError("INVALID_REQUEST", { problems: result.problems });
    case "not_found":
      throw new ApiError("NOT_FOUND");
    case "limit_reached":
      throw new ApiError("LIMIT_REACHED");
  }
}

function viewFor(role: Role, described: DescribedDestination) {
  const shown = view(described);
  return role === "admin" ? shown : { ...shown, url: new URL(shown.url).origin };
}

function view({ id, destination, secrets, createdAtMs, updatedAtMs, delivery }: DescribedDestination) {
  const { lastSuccessAtMs, lastError, ...counts } = delivery;
  return {
    id,
    ...destination,
    secrets,
    createdAt: isoTime(createdAtMs),
    updatedAt: isoTime(updatedAtMs),
    delivery: {
      ...counts,
      lastSuccessAt: lastSuccessAtMs === null ? null : isoTime(lastSuccessAtMs),
      lastError: lastError && {
        at: isoTime(lastError.atMs),
        reason: lastError.reason,
        tunnel: lastError.objectName,
      },
    },
  };
}

function testResult(
  destination: LogDestination,
  answer: ReceiverAnswer,
  isPublicOnly: boolean,
): z.infer<typeof testResultSchema> {
  const outcome = outcomeOf(destination, answer, 1, Date.now());
  const ok = outcome.outcome === "accepted" && outcome.rejected === 0;
  const reason = outcome.outcome === "accepted" ? (ok ? "" : "rejected the event") : outcome.reason;
  if (answer.status === null) {
    const isHidden = isPublicOnly && answer.reason === "unreachable";
    return { ok, status: null, reason: isHidden ? `${reason}; ${PUBLIC_ONLY}` : reason, answer: "" };
  }
  return { ok, status: answer.status, reason, answer: shown(answer.text, destination) };
}

/** Some receivers repeat refused credentials in their answer: whole or in part, plain or within JSON. */
function shown(text: string, destination: LogDestination): string {
  const whole = [...secretsOf(destination).values(), ...credentialsSent(destination)];
  const parts = whole.flatMap((value) => value.split(/[ ,;:=]+/)).filter(({ length }) => length >= 4);
  const secrets = [...whole, ...parts].flatMap((secret) => {
    const inJson = JSON.stringify(secret).slice(1, -1);
    return [secret, inJson, inJson.replaceAll("/", "\\/")];
  });
  // All at once, the longest first, so that a replacement is not searched for the next secret.
  const patterns = [...new Set(secrets)].sort((a, b) => b.length - a.length).map(escapedForRegExp);
  const hidden =
    patterns.length === 0 ? text : text.replace(new RegExp(patterns.join("|"), "g"), "[redacted]");
  return hidden.slice(0, MAX_SHOWN_ANSWER);
}

function escapedForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
