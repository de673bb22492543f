import { describe, expect, it } from "vitest";
import type { Connector, Traffic, TunnelDetails } from "../api-types.ts";
import { verdictOf } from "./verdict.ts";

function connector(id: string, failing: string[] = []): Connector {
  return {
    id,
    version: "0.1.0",
    connectedAt: "2026-11-23T12:00:00.000Z",
    connections: 1,
    openStreams: 0,
    maxStreams: 100,
    roundTripMs: 12,
    kid: "k_a",
    health: {
      passing: 2 - failing.length,
      pending: 0,
      failing: failing.map((service) => ({ service, reason: "UPSTREAM_REFUSED" })),
    },
  };
}

const tunnel: TunnelDetails = {
  id: "tnl_a",
  name: "payments",
  createdAt: "2026-11-23T12:00:00.000Z",
  status: "healthy",
  connectors: [connector("a"), connector("b")],
  tokens: [],
  services: ["orders", "payments"],
  servicesConfigurationVersion: 1,
};

function traffic(requests: number, codes: Traffic["codes"], errors = 0): Traffic {
  const point = { at: "", requests, errors, cancelled: 0, requestBytes: 0, responseBytes: 0 };
  return {
    stepSeconds: 10,
    points: [{ ...point, p50Ms: null, p90Ms: null, p99Ms: null }],
    services: [],
    codes,
  };
}

const tones = (subject: TunnelDetails, seen: Traffic | null = null) => {
  const { tone, hops } = verdictOf(subject, seen);
  return [tone, hops.rules.tone, hops.connectors.tone, hops.services.tone];
};

describe("the verdict on a tunnel", () => {
  it("is good with two connectors whose checks pass", () => {
    expect(tones(tunnel)).toEqual(["good", "good", "good", "good"]);
  });

  it("says that a new tunnel waits for its services file and a connector", () => {
    const fresh = { ...tunnel, status: "inactive" as const, connectors: [], services: [] };
    expect(tones({ ...fresh, servicesConfigurationVersion: 0 })).toEqual(["idle", "idle", "idle", "good"]);
    expect(verdictOf(fresh, null).title).toBe("No connector has ever attached");
  });

  it("blames the connectors when none is attached", () => {
    expect(tones({ ...tunnel, status: "down", connectors: [] })).toEqual(["bad", "good", "bad", "good"]);
  });

  it("blames a service that fails on every connector, and doubts one that fails on some", () => {
    const both = [connector("a", ["orders"]), connector("b", ["orders"])];
    expect(tones({ ...tunnel, connectors: both })).toEqual(["bad", "good", "good", "bad"]);
    expect(verdictOf({ ...tunnel, connectors: both }, null).detail).toContain(
      "orders: the check fails on every connector",
    );
    const one = [connector("a", ["orders"]), connector("b")];
    expect(tones({ ...tunnel, connectors: one })).toEqual(["warn", "good", "good", "warn"]);
  });

  it.each([
    ["ACCESS_DENIED", 500, ["bad", "bad", "good", "good"]],
    ["OVERLOADED", 50, ["warn", "good", "warn", "good"]],
    ["UPSTREAM_CONNECT_TIMEOUT", 50, ["warn", "good", "good", "warn"]],
    ["UPSTREAM_DNS", 5, ["good", "good", "good", "good"]],
  ])("reads %s in %d of 1,000 requests as %j", (code, count, expected) => {
    expect(tones(tunnel, traffic(1000, [{ code, count }], count))).toEqual(expected);
  });

  it("blames the services for what they answer with 5xx", () => {
    const seen = traffic(1000, [{ code: "UPSTREAM_DNS", count: 10 }], 310);
    expect(tones(tunnel, seen)).toEqual(["bad", "good", "good", "bad"]);
    expect(verdictOf(tunnel, seen).detail).toBe("31% of the requests failed, mostly answers of 5xx.");
  });
});
