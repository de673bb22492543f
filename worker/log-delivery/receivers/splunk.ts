import type { DestinationOf } from "../../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import type { Encoded } from "./encoded.ts";

/** The HTTP Event Collector: JSON objects one after another, with nothing around them. */
export function encodeSplunk(
  { token = "", index }: DestinationOf<"splunk">,
  events: readonly RequestEvent[],
): Encoded {
  const objects = events.map((event) => ({
    time: Date.parse(event.time) / 1000,
    host: event.tunnel || "relay",
    source: "culvert",
    sourcetype: "culvert:request",
    ...(index === undefined ? {} : { index }),
    event,
  }));
  return {
    contentType: "application/json",
    headers: { authorization: `Splunk ${token}` },
    body: objects.map((object) => JSON.stringify(object)).join("\n"),
  };
}
