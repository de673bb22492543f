import { describe, expect, it } from "vitest";
import { servicesFileSchema } from "../../../shared/services/services-file.ts";
import { compilePolicy, decide, decideTcp } from "./access-policy.ts";

const us = { project: "shop", environment: "production" };
const others = { project: "shop", environment: "preview" };
const configurations = [{ project: "shop", accessibleBy: "production" }];

const file = servicesFileSchema.parse({
  version: 1,
  services: [
    {
      ...{ name: "Orders-DB", endpoint: "tcp://db.internal:5432", startTls: "postgres", configurations },
      ...{ idleTimeoutMs: 1000, maxConnections: 7, connectTimeoutMs: 50 },
    },
    { name: "cache", endpoint: "tls://cache.internal:6380", configurations },
    { name: "payments", endpoint: "http://payments.internal:8080", configurations },
  ],
  networks: [
    {
      protocol: "tcp",
      hosts: ["orders-db:1521", "*.corp:6379", "[fd00::1]:5432", "web.corp:80"],
      configurations,
    },
    { hosts: ["web.corp:80", "http.corp:6379"], configurations },
  ],
});
const policy = compilePolicy({ services: file.services, networks: file.networks ?? [] });

const dialled = (address: string, caller = us): string => {
  const decision = decideTcp(policy, caller, address);
  return decision.allow ? decision.target : decision.code;
};
const fetched = (url: string, caller = us) => decide(policy, caller, new URL(url), "/");

describe("decideTcp", () => {
  it.each([
    ["orders-db", "tcp://db.internal:5432"],
    ["ORDERS-db:5432", "tcp://db.internal:5432"],
    // No port of the endpoint: a host of that name.
    ["orders-db:1521", "tcp://orders-db:1521"],
    ["orders-db:1522", "UNKNOWN_SERVICE"],
    ["cache", "tls://cache.internal:6380"],
    ["cache:6380", "tls://cache.internal:6380"],
    ["a.b.corp:6379", "tcp://a.b.corp:6379"],
    ["corp:6379", "UNKNOWN_SERVICE"],
    ["a.corp:6380", "UNKNOWN_SERVICE"],
    ["[fd00::1]:5432", "tcp://[fd00::1]:5432"],
    ["[FD00:0::1]:5432", "tcp://[fd00::1]:5432"],
    ["web.corp:80", "tcp://web.corp:80"],
    ["db.internal:5432", "UNKNOWN_SERVICE"],
    ["a.corp", "UNKNOWN_SERVICE"],
    ["payments", "BAD_REQUEST"],
    ["payments:8080", "BAD_REQUEST"],
    ["", "BAD_REQUEST"],
    ["a b:1", "BAD_REQUEST"],
    ["tcp://orders-db", "BAD_REQUEST"],
    ["orders-db/x", "BAD_REQUEST"],
    ["user@orders-db", "BAD_REQUEST"],
    ["orders-db:", "BAD_REQUEST"],
    ["orders-db:99999", "BAD_REQUEST"],
  ])("%s leads to %s", (address, outcome) => {
    expect(dialled(address)).toBe(outcome);
  });

  it("tells nobody else what kind a service is", () => {
    expect(dialled("orders-db", others)).toBe("ACCESS_DENIED");
    expect(dialled("payments", others)).toBe("ACCESS_DENIED");
    expect(dialled("a.corp:6379", others)).toBe("ACCESS_DENIED");
    expect(fetched("http://orders-db/", others)).toMatchObject({ code: "ACCESS_DENIED" });
  });

  it("says which call is the right one", () => {
    expect(decideTcp(policy, us, "payments")).toMatchObject({ message: expect.stringContaining("fetch()") });
    expect(decideTcp(policy, us, "http.corp:6379")).toMatchObject({ allow: true });
    for (const url of ["http://orders-db/", "http://orders-db:5432/", "http://a.corp:6379/"])
      expect(fetched(url)).toMatchObject({ code: "BAD_REQUEST", message: expect.stringContaining("dial()") });
    expect(fetched("http://orders-db:5432/", others)).toMatchObject({ code: "UNKNOWN_SERVICE" });
    expect(fetched("http://http.corp:6379/")).toMatchObject({ allow: true });
  });

  it("passes on what the connector needs", () => {
    expect(decideTcp(policy, us, "orders-db")).toMatchObject({
      ...{ service: "Orders-DB", startTls: "postgres", idleTimeoutMs: 1000 },
      ...{ maxConnections: 7, connectTimeoutMs: 50 },
    });
  });
});
