import type { RequestEvent } from "../../shared/events/request-event.ts";

/** The fields whose types matter here or to receivers. `code` and `connector` may be null. */
const FIELDS: readonly (readonly [keyof RequestEvent, "string" | "number"])[] = [
  ["event", "string"],
  ["time", "string"],
  ["requestId", "string"],
  ["traceId", "string"],
  ["tunnel", "string"],
  ["project", "string"],
  ["environment", "string"],
  ["service", "string"],
  ["kind", "string"],
  ["method", "string"],
  ["path", "string"],
  ["status", "number"],
  ["outcome", "string"],
  ["requestBytes", "number"],
  ["responseBytes", "number"],
  ["durationMs", "number"],
];

/** The event; null if the line is not a request's event. Unknown fields are kept. */
export function parseEvent(line: string): RequestEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : null;
  } catch {
    return null;
  }
}

function isEvent(value: unknown): value is RequestEvent {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Record<string, unknown>;
  return (
    FIELDS.every(([name, type]) => typeof record[name] === type) &&
    !Number.isNaN(Date.parse(record["time"] as string)) &&
    (record["code"] === null || typeof record["code"] === "string")
  );
}

/** Whether the event counts as a failure: for the filter `failures` of a destination, and for the errors of the traffic view. */
export function isFailure({ outcome, status }: RequestEvent): boolean {
  return outcome === "refused" || outcome === "failed" || outcome === "aborted" || status >= 500;
}

/** When the request was over, in milliseconds since 1970. */
export function endMs({ time, durationMs }: RequestEvent): number {
  return Date.parse(time) + durationMs;
}
