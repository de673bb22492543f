import type { DestinationOf } from "../../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { endMs } from "../../events/index.ts";
import { type Encoded, severityOf } from "./encoded.ts";

/**
 * Labels are what the operator names: each set of values is a stream with a cost of its own, and a caller can make up
 * hosts and paths. The rest is in the line, as JSON. An entry's time is the request's end: Loki refuses what comes
 * hours late.
 */
export function encodeLoki(
  { tenant, username, token, labels }: DestinationOf<"loki">,
  events: readonly RequestEvent[],
): Encoded {
  const streams = new Map<string, { stream: Record<string, string>; values: [string, string][] }>();
  for (const event of events) {
    const stream = { job: "culvert", ...labelsOf(event), ...labels };
    const key = JSON.stringify(stream);
    const values: [string, string][] = streams.get(key)?.values ?? [];
    values.push([`${endMs(event)}000000`, JSON.stringify(event)]);
    streams.set(key, { stream, values });
  }
  return {
    contentType: "application/json",
    headers: {
      ...(tenant === undefined ? {} : { "x-scope-orgid": tenant }),
      ...(token === undefined ? {} : { authorization: authorization(username, token) }),
    },
    body: JSON.stringify({ streams: [...streams.values()] }),
  };
}

/** Loki knows no empty label. */
function labelsOf(event: RequestEvent): Record<string, string> {
  const { tunnel, project, environment } = event;
  const labels = { tunnel, project, environment, level: severityOf(event) };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

/** RFC 7617 §2.1: the user's name and the password are in UTF-8; both are ASCII here. */
function authorization(username: string | undefined, token: string): string {
  return username === undefined ? `Bearer ${token}` : `Basic ${btoa(`${username}:${token}`)}`;
}
