import { describe, expect, it } from "vitest";
import type { RequestEvent } from "../events/request-event.ts";
import { matches, tailFilterSchema } from "./tail-filter.ts";

const event: RequestEvent = {
  event: "request",
  version: 1,
  time: "2026-11-23T22:00:00.000Z",
  requestId: "id",
  traceId: "",
  tunnel: "tnl_x",
  project: "p",
  environment: "e",
  service: "payments-api",
  kind: "http",
  method: "GET",
  path: "/v1/charges/42/items",
  status: 502,
  outcome: "failed",
  code: "CONNECTOR_LOST",
  connector: null,
  attempts: 1,
  requestBytes: 0,
  responseBytes: 0,
  durationMs: 0,
  relayMs: 0,
  tunnelMs: 0,
  upstreamMs: 0,
  bodyMs: 0,
};

describe("a watcher's filter", () => {
  it.each([
    [{}, true],
    [{ service: "Payments-API" }, true],
    [{ service: "payments" }, false],
    [{ status: "502" }, true],
    [{ status: "5xx" }, true],
    [{ status: "5XX" }, true],
    [{ status: "503" }, false],
    [{ status: "4xx" }, false],
    [{ code: "CONNECTOR_LOST" }, true],
    [{ code: "any" }, true],
    [{ code: "NO_CONNECTOR" }, false],
    [{ method: "get" }, true],
    [{ method: "POST" }, false],
    [{ path: "/v1" }, true],
    [{ path: "/v1/*/42/*s" }, true],
    [{ path: "*items" }, true],
    [{ path: "items" }, false],
    [{ path: "/v1/*/43/" }, false],
    [{ service: "payments-api", status: "4xx" }, false],
  ])("%j: %s", (filter, expected) => {
    expect(matches(tailFilterSchema.parse(filter), event)).toBe(expected);
  });

  it("is fast for a pattern of only stars", () => {
    const path = "a".repeat(2_000);
    expect(matches({ path: "*a".repeat(120) + "*b" }, { ...event, path })).toBe(false);
  });

  it("that asks for any failure lets no success through", () => {
    expect(matches({ code: "any" }, { ...event, code: null })).toBe(false);
  });

  it.each([{ status: "600" }, { status: "xx" }, { status: "" }, { service: "" }, { colour: "red" }])(
    "is refused: %j",
    (filter) => {
      expect(tailFilterSchema.safeParse(filter).success).toBe(false);
    },
  );
});
