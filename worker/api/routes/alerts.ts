import * as z from "zod";
import { ALERT_KINDS, alertSchema, MAX_ALERT_BYTES } from "../../../shared/signals/alert.ts";
import type { DescribedAlert } from "../../alerts/alerts.ts";
import { sendNotice } from "../../alerts/send-notice.ts";
import { newAlertId } from "../../auth/index.ts";
import { registryStub } from "../../env.ts";
import type { Role } from "../../registry/stores/index.ts";
import type { Operation } from "../operation.ts";
import { operation } from "../operation.ts";
import { expectDone } from "../outcome.ts";
import { ApiError } from "../problem.ts";
import { isoTime } from "../time.ts";

const PATH = "/v1/alerts";
/** The runtime does not tell a forbidden address from one where nothing listens. */
const PUBLIC_ONLY = "this relay calls private addresses only if it was started with --allow-private";

const describedSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    url: z.string().describe("For viewers without its path, which may hold a token"),
    format: z.enum(["json", "slack"]),
    kinds: z.array(z.enum(ALERT_KINDS)),
    secrets: z.array(z.string()).describe("Which are set; their values are never shown"),
    createdAt: z.iso.datetime(),
    lastSentAt: z.iso.datetime().nullable(),
    lastError: z
      .strictObject({ at: z.iso.datetime(), reason: z.string() })
      .nullable()
      .describe("Null once it takes alerts again"),
  })
  .describe("A webhook that is told what is wrong");

const firingSchema = z.strictObject({
  kind: z.enum(ALERT_KINDS),
  subject: z.string().nullable().describe("The service, the token or the key that it is about"),
  tunnel: z.string().nullable().describe("Null: it concerns the relay, as the end of an API key does"),
  summary: z.string(),
  since: z.iso.datetime(),
});

const testResultSchema = z.strictObject({
  ok: z.boolean(),
  status: z.int().nullable().describe("Of the receiver's answer; null when there was none"),
  reason: z.string().describe("What was wrong; empty when all is well"),
});

export const alertOperations: readonly Operation[] = [
  operation({
    id: "createAlert",
    method: "post",
    path: PATH,
    summary: "Have a webhook told when a tunnel, a service or a token needs somebody, and when that is over",
    role: "admin",
    body: { schema: alertSchema, maxBytes: MAX_ALERT_BYTES },
    success: { status: 201, description: "The webhook", schema: describedSchema },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const id = newAlertId();
      const described = await registryStub(env).addAlert(by, id, body);
      if (described === null) throw new ApiError("LIMIT_REACHED");
      return { body: view(described), headers: { location: `${PATH}/${id}` } };
    },
  }),
  operation({
    id: "listAlerts",
    method: "get",
    path: PATH,
    summary: "List the webhooks, and what they were told of and is not over, the newest first",
    role: "viewer",
    success: {
      status: 200,
      description: "All of them",
      schema: z.strictObject({
        items: z.array(describedSchema),
        firing: z.array(firingSchema).describe("200 at most"),
        nextCursor: z.null(),
      }),
    },
    problems: [],
    async run({ env, role }) {
      const { alerts, firing } = await registryStub(env).alerts();
      return {
        body: {
          items: alerts.map((alert) => viewFor(role, alert)),
          firing: firing.map(({ tunnelId, sinceMs, ...condition }) => ({
            ...condition,
            tunnel: tunnelId,
            since: isoTime(sinceMs),
          })),
          nextCursor: null,
        },
      };
    },
  }),
  operation({
    id: "deleteAlert",
    method: "delete",
    path: `${PATH}/{alertId}`,
    summary: "Delete a webhook; what waits for it is not sent any more",
    role: "admin",
    success: { status: 204, description: "It is gone" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteAlert(by, param("alertId")));
      return {};
    },
  }),
  operation({
    id: "testAlert",
    method: "post",
    path: `${PATH}/{alertId}/test`,
    summary: "Send one alert now, marked as a test, and say what the receiver answers",
    role: "admin",
    success: { status: 200, description: "What came of it", schema: testResultSchema },
    problems: ["NOT_FOUND"],
    async run({ env, param }) {
      const alert = await registryStub(env).sendableAlert(param("alertId"));
      if (alert === null) throw new ApiError("NOT_FOUND");
      const nowMs = Date.now();
      const result = await sendNotice(alert, {
        ...{ status: "test", kind: "tunnel_down", subject: null, sinceMs: nowMs, atMs: nowMs },
        ...{
          tunnel: { id: "tnl_test", name: "test" },
          summary: "A test of Culvert's alerts: nothing is wrong.",
        },
      });
      if (result.ok) return { body: { ok: true, status: result.status, reason: "" } };
      const isHidden = env.PRIVATE_ADDRESSES === "off" && result.reason === "not reachable";
      const reason = isHidden ? `${result.reason}; ${PUBLIC_ONLY}` : result.reason;
      return { body: { ok: false, status: result.status, reason } };
    },
  }),
];

function viewFor(role: Role, described: DescribedAlert): z.infer<typeof describedSchema> {
  const shown = view(described);
  return role === "admin" ? shown : { ...shown, url: new URL(shown.url).origin };
}

function view({ id, alert, secrets, createdAtMs, lastSentAtMs, lastError }: DescribedAlert) {
  return {
    id,
    ...alert,
    secrets,
    createdAt: isoTime(createdAtMs),
    lastSentAt: lastSentAtMs === null ? null : isoTime(lastSentAtMs),
    lastError: lastError && { at: isoTime(lastError.atMs), reason: lastError.reason },
  };
}
