import * as z from "zod";
import {
  headersSchema,
  MAX_LOG_DESTINATION_BYTES,
  receiverNameSchema,
  receiverUrlSchema,
} from "../events/log-destination.ts";

/** A webhook as JSON, in bytes. */
export const MAX_ALERT_BYTES = MAX_LOG_DESTINATION_BYTES;

/** What is told of. */
export const ALERT_KINDS = [
  "tunnel_down",
  "redundancy_lost",
  "service_down",
  "token_ends",
  "events_lost",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** What a person writes: where alerts go, and which. */
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

/** Something that is wrong, or was. */
export interface AlertNotice {
  status: "firing" | "resolved" | "test";
  kind: AlertKind;
  /** Null: it concerns the relay, as the end of an API key does. */
  tunnel: { id: string; name: string } | null;
  /** The service, the token or the log destination, where it is about one. */
  subject: string | null;
  /** For people. */
  summary: string;
  sinceMs: number;
  atMs: number;
}
