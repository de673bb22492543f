import { describe, expect, it } from "vitest";
import { type JudgedTraffic, type JudgedTunnel, serviceVerdict, verdictOf } from "./verdict.ts";

function connector(_id: string, failing: string[] = []): JudgedTunnel["connectors"][number] {
  return {
    health: {
      passing: 2 - failing.length,
      pending: 0,
      failing: failing.map((service) => ({ service, reason: "UPSTREAM_REFUSED" })),
    },
  };
}

const tunnel: JudgedTunnel = {
  status: "healthy",
  connectors: [connector("a"), connector("b")],
  services: ["orders", "payments"],
  servicesConfigurationVersion: 1,
};

function traffic(requests: number, codes: JudgedTraffic["codes"], errors = 0): JudgedTraffic {
  return {
    points: [{ at: "2026-11-23T12:00:00.000Z", requests, errors }],
    services: [],
    codes,
  };
}

const tones = (subject: JudgedTunnel, seen: JudgedTraffic | null = null) => {
  const { tone, hops } = verdictOf(subject, seen);
  return [tone, hops.rules.tone, hops.connectors.tone, hops.services.tone];
};

describe("the verdict on a tunnel", () => {
  it("is good with two connectors whose checks pass", () => {
    expect(tones(tunnel)).toEqual(["good", "good", "good", "good"]);
  });

  it("says that a new tunnel needs its services file and a connector", () => {
    const fresh = { ...tunnel, status: "inactive" as const, connectors: [], services: [] };
    expect(tones({ ...fresh, servicesConfigurationVersion: 0 })).toEqual(["idle", "idle", "idle", "idle"]);
    expect(verdictOf(fresh, null).title).toBe("No connector has ever attached");
  });

  it("blames the connectors when none is attached", () => {
    expect(tones({ ...tunnel, status: "down", connectors: [] })).toEqual(["bad", "good", "bad", "idle"]);
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

  it("does not say that checks pass if there are none", () => {
    const { hops, tone } = verdictOf({ ...tunnel, services: [] }, null);
    expect([tone, hops.services]).toEqual(["good", { tone: "idle", text: "No service to check" }]);
    const unchecked = { health: { passing: 0, pending: 0, failing: [] } };
    const text = verdictOf({ ...tunnel, connectors: [unchecked, unchecked] }, null).hops.services.text;
    expect(text).toBe("No service is checked");
  });

  it("says since when", () => {
    const at = (minute: number) => `2026-11-23T12:0${minute}:00.000Z`;
    const points = [
      { at: at(0), requests: 10, errors: 5 },
      { at: at(1), requests: 10, errors: 0 },
      { at: at(2), requests: 10, errors: 9 },
      { at: at(3), requests: 0, errors: 0 },
      { at: at(4), requests: 10, errors: 10 },
    ];
    const seen = { points, services: [], codes: [{ code: "UPSTREAM_REFUSED", count: 24 }] };
    expect(verdictOf(tunnel, seen)).toMatchObject({ tone: "bad", since: at(2) });
    expect(verdictOf(tunnel, null).since).toBeNull();
  });

  it("is bad for a service of which 56 of 56 requests timed out, even if no check fails", () => {
    const seen = { points: [], codes: [], services: [{ service: "Orders", requests: 56, errors: 56 }] };
    expect(serviceVerdict(tunnel, seen, "orders")).toEqual({ tone: "bad", text: "56 of 56 failed" });
    expect(serviceVerdict(tunnel, seen, "payments")).toEqual({ tone: "good", text: "no failure" });
    expect(serviceVerdict({ connectors: [] }, null, "orders").tone).toBe("idle");
  });
});
