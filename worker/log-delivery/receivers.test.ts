import { describe, expect, it } from "vitest";
import type { LogDestination } from "../../shared/events/log-destination.ts";
import { encodeDatadog } from "./receivers/datadog.ts";
import { encodeLoki } from "./receivers/loki.ts";
import { encodeOtlp } from "./receivers/otlp.ts";
import { encodeSplunk } from "./receivers/splunk.ts";
import { encodeWebhook } from "./receivers/webhook.ts";
import { testEvent } from "./test-event.ts";

const detail = "no connection to 10.0.0.5:8080: ECONNREFUSED";
const events = [{ ...testEvent(0), code: "UPSTREAM_REFUSED", detail }];
const common = { id: "dst_1", name: "n", url: "https://logs.example", events: "all" } as const;

function destination<K extends LogDestination["kind"]>(kind: K): Extract<LogDestination, { kind: K }> {
  return { ...common, kind } as unknown as Extract<LogDestination, { kind: K }>;
}

describe("why a request failed reaches every kind of receiver, where the rest of its event is", () => {
  it("OTLP", () => {
    const { body } = encodeOtlp(destination("otlp"), events);
    const sent = JSON.parse(body) as {
      resourceLogs: { scopeLogs: { logRecords: { attributes: { key: string; value: unknown }[] }[] }[] }[];
    };
    const attributes = sent.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.attributes;
    expect(attributes).toContainEqual({ key: "culvert.detail", value: { stringValue: detail } });
  });

  it("Datadog", () => {
    const { body } = encodeDatadog(destination("datadog"), events);
    expect(JSON.parse(body)).toMatchObject([{ culvert: { detail } }]);
  });

  it("Splunk", () => {
    expect(JSON.parse(encodeSplunk(destination("splunk"), events).body)).toMatchObject({ event: { detail } });
  });

  it("Loki", () => {
    const { body } = encodeLoki({ ...destination("loki"), labels: {} }, events);
    const { streams } = JSON.parse(body) as { streams: { values: [string, string][] }[] };
    expect(JSON.parse(streams[0]?.values[0]?.[1] ?? "")).toMatchObject({ detail });
  });

  it("webhook", () => {
    expect(JSON.parse(encodeWebhook(events).body)).toMatchObject({ detail });
  });
});
