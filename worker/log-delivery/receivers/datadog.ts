import type { DestinationOf } from "../../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { type Encoded, severityOf, summaryOf } from "./encoded.ts";

const NANOSECONDS_PER_MS = 1_000_000;

/** The v2 intake. `status` is Datadog's severity; request, duration and trace stand where its own views look for them. */
export function encodeDatadog(
  { apiKey = "", tags = [] }: DestinationOf<"datadog">,
  events: readonly RequestEvent[],
): Encoded {
  const body = events.map((event) => ({
    ddsource: "culvert",
    ddtags: [`env:${event.environment}`, `project:${event.project}`, `tunnel:${event.tunnel}`, ...tags].join(
      ",",
    ),
    hostname: event.tunnel || "relay",
    service: event.service,
    message: summaryOf(event),
    status: severityOf(event),
    timestamp: Date.parse(event.time),
    duration: event.durationMs * NANOSECONDS_PER_MS,
    http: {
      method: event.method,
      status_code: event.status,
      request_id: event.requestId,
      url_details: { path: event.path },
    },
    ...(event.traceId === "" ? {} : { dd: { trace_id: event.traceId } }),
    culvert: event,
  }));
  return {
    contentType: "application/json",
    headers: { "dd-api-key": apiKey },
    body: JSON.stringify(body),
  };
}
