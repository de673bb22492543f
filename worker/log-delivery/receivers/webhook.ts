import type { RequestEvent } from "../../../shared/events/request-event.ts";
import type { Encoded } from "./encoded.ts";

/** Newline-delimited JSON: one event a line, as the relay logs it. */
export function encodeWebhook(events: readonly RequestEvent[]): Encoded {
  return {
    contentType: "application/x-ndjson",
    headers: {},
    body: events.map((event) => `${JSON.stringify(event)}\n`).join(""),
  };
}
