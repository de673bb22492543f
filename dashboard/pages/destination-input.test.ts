import { describe, expect, it } from "vitest";
import { logDestinationSchema } from "../../shared/events/log-destination.ts";
import { destinationOf } from "./destination-input.ts";

describe("the request of a log destination form", () => {
  it("leaves out empty fields, and matches the relay's schema", () => {
    const common = { name: "logs", url: "https://logs.example", events: "all" };
    const webhook = destinationOf({ kind: "webhook", ...common, headers: " \n" });
    expect(webhook).toEqual({ kind: "webhook", ...common });
    const datadog = destinationOf({
      ...{ kind: "datadog", ...common, apiKey: "key", tags: "team:payments, env:prod," },
      headers: "x-one: 1\r\n  authorization:Bearer a:b  \n",
    });
    expect(datadog).toEqual({
      ...{ kind: "datadog", ...common, apiKey: "key", tags: ["team:payments", "env:prod"] },
      headers: { "x-one": "1", authorization: "Bearer a:b" },
    });
    for (const made of [webhook, datadog]) expect(logDestinationSchema.safeParse(made).success).toBe(true);
  });

  it("names a wrong header by its line number, without quoting it", () => {
    expect(() => destinationOf({ headers: "a: 1\nsecret" })).toThrow(
      'Line 2 of the headers is not "name: value".',
    );
  });
});
