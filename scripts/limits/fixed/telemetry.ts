import { limit, type Section } from "./limit.ts";

const CAPTURES = "shared/capture/captured-request.ts";

export const TELEMETRY: Section = {
  title: "Events and telemetry",
  limits: [
    limit("path in an event", "worker/events/request-record.ts", "MAX_PATH_LENGTH", "cut"),
    limit(
      "events that wait in an object",
      "worker/events/event-outbox.ts",
      "MAX_HELD_EVENTS",
      "the oldest are dropped and counted",
    ),
    limit(
      "their size",
      "worker/events/event-outbox.ts",
      "MAX_HELD_BYTES",
      "the oldest are dropped and counted",
    ),
    limit("live tails of an object", "worker/events/tail-hub.ts", "MAX_TAILS", "429"),
    limit(
      "duration of a live tail",
      "worker/events/tail-hub.ts",
      "WATCH_MS",
      "`culvert tail` connects again",
    ),
    limit("a log service's answer", "worker/log-delivery/send-events.ts", "TIMEOUT_MS", "sent again"),
    limit("between two attempts to send", "worker/log-delivery/delivery.ts", "LAST_RETRY_MS", "–"),
    limit(
      "services with series of their own",
      "worker/telemetry/metrics/request-metrics.ts",
      "MAX_SERVICES",
      "counted as one",
    ),
    limit("the same, at a connector", "connector/telemetry/metrics.ts", "MAX_SERVICES", "counted as one"),
    limit(
      "log lines that wait at a connector",
      "connector/platform/log-sink.ts",
      "MAX_WAITING_BYTES",
      "dropped, counted",
    ),
    limit(
      "spans that wait at a connector",
      "connector/telemetry/span-batches.ts",
      "MAX_WAITING_SPANS",
      "dropped, counted",
    ),
    limit("duration of a capture", CAPTURES, "MAX_CAPTURE_SECONDS", "it ends"),
    limit("requests of a capture", CAPTURES, "MAX_CAPTURED_REQUESTS", "it ends"),
    limit("captured of a body", CAPTURES, "MAX_CAPTURED_BODY_BYTES", "cut"),
    limit(
      "captures of a tunnel at the same time",
      "worker/registry/stores/capture-record-store.ts",
      "MAX_RUNNING",
      "409",
    ),
    limit("the same, within a day", "worker/registry/stores/capture-record-store.ts", "MAX_KEPT", "409"),
    limit("captured requests of a tunnel", "worker/capture/capture-store.ts", "MAX_BYTES", "it ends"),
    limit("how long they are kept", "worker/capture/capture-store.ts", "CAPTURE_KEPT_MS", "deleted"),
  ],
};
