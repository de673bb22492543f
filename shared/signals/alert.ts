import * as z from "zod";
import {
  headersSchema,
  MAX_LOG_DESTINATION_BYTES,
  receiverNameSchema,
  receiverUrlSchema,
} from "../events/log-destination.ts";

/** A webhook as JSON, in bytes. */
export const MAX_ALERT_BYTES = MAX_LOG_DESTINATION_BYTES;

/** The problems that alerts report. */
export const ALERT_KINDS = [
  "tunnel_down",
  "redundancy_lost",
  "service_down",
  "token_ends",
  "events_lost",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** A webhook as a person writes it: where alerts go, and which ones. */
export const alertSchema = z.strictObject({
  name: receiverNameSchema,
  url: receiverUrlSchema,
  format: z
    .enum(["json", "slack"])
    .default("json")
    .describe("`slack`: a message as Slack's incoming webhooks take it, and Mattermost's"),
  kinds: z
    .array(z.enum(ALERT_KINDS))
    .min(1)
    .default([...ALERT_KINDS])
    .describe("Which conditions are told of; all unless named"),
  headers: headersSchema.optional(),
});

export type AlertInput = z.infer<typeof alertSchema>;

/** A problem that exists or has ended. */
export interface AlertNotice {
  status: "firing" | "resolved" | "test";
  kind: AlertKind;
  /** Null: it concerns the relay, such as the expiry of an API key. */
  tunnel: { id: string; name: string } | null;
  /** The service, the token or the log destination that it is about, if any. */
  subject: string | null;
  /** For people. */
  summary: string;
  sinceMs: number;
  atMs: number;
}
