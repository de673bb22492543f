import type { DestinationOf } from "../../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { VERSION } from "../../../shared/release/version.ts";
import { endMs } from "../../events/index.ts";
import { type Encoded, severityOf, summaryOf } from "./encoded.ts";

const SEVERITY = {
  info: { severityNumber: 9, severityText: "INFO" },
  warning: { severityNumber: 13, severityText: "WARN" },
  error: { severityNumber: 17, severityText: "ERROR" },
};

/** Fields with a name of their own in OpenTelemetry's conventions; the others stand under `culvert.`. */
const CONVENTION: Partial<Record<keyof RequestEvent, string>> = {
  method: "http.request.method",
  path: "url.path",
  status: "http.response.status_code",
  environment: "deployment.environment.name",
};

/** Said by the record itself. */
const SAID: readonly string[] = ["event", "time", "traceId"] satisfies (keyof RequestEvent)[];

/** ExportLogsServiceRequest in the JSON form of OTLP 1.x: 64-bit integers are strings, ids are hex. */
export function encodeOtlp(_: DestinationOf<"otlp">, events: readonly RequestEvent[]): Encoded {
  const body = {
    resourceLogs: [
      {
        resource: {
          attributes: [attribute("service.name", "culvert"), attribute("service.version", VERSION)],
        },
        scopeLogs: [
          {
            scope: { name: "culvert.request", version: VERSION },
            logRecords: events.map(logRecord),
          },
        ],
      },
    ],
  };
  return { contentType: "application/json", headers: {}, body: JSON.stringify(body) };
}

function logRecord(event: RequestEvent) {
  return {
    timeUnixNano: nanoseconds(Date.parse(event.time)),
    observedTimeUnixNano: nanoseconds(endMs(event)),
    ...SEVERITY[severityOf(event)],
    eventName: "culvert.request",
    body: { stringValue: summaryOf(event) },
    attributes: Object.entries(event)
      .filter(([name, value]) => !SAID.includes(name) && value !== null && value !== "")
      .map(([name, value]) =>
        attribute(CONVENTION[name as keyof RequestEvent] ?? `culvert.${snakeCase(name)}`, value),
      ),
    ...(/^[0-9a-f]{32}$/.test(event.traceId) ? { traceId: event.traceId } : {}),
  };
}

function attribute(key: string, value: unknown) {
  return { key, value: anyValue(value) };
}

function anyValue(value: unknown) {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (typeof value === "boolean") return { boolValue: value };
  return { stringValue: typeof value === "string" ? value : JSON.stringify(value) };
}

function nanoseconds(timeMs: number): string {
  return `${timeMs}000000`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
