import { describe, expect, it } from "vitest";
import { problemsOf } from "../problems.ts";
import { servicesFileSchema } from "./services-file.ts";

const configurations = [{ project: "my-project", accessibleBy: ["production"] }];
const service = { name: "payments-api-prod", endpoint: "http://payments.internal:8080", configurations };

function problems(file: unknown): string[] {
  const result = servicesFileSchema.safeParse(file);
  return result.success ? [] : problemsOf(result.error).map(({ path, message }) => `${path}: ${message}`);
}

describe("servicesFileSchema", () => {
  it("accepts a file of only version and services unchanged", () => {
    const file = { version: 1, services: [service] };
    expect(servicesFileSchema.parse(file)).toEqual(file);
  });

  it("takes networks, limits and accessibleBy as a string or a list", () => {
    const file = {
      version: 1,
      services: [
        { ...service, connectTimeoutMs: 500, responseTimeoutMs: 2000, maxBodyBytes: 1024, retry: true },
        {
          ...{ ...service, name: "slow-reports", connectTimeoutMs: 600_000 },
          ...{ responseTimeoutMs: 3_600_000, stallTimeoutMs: 3_600_000 },
        },
        { ...service, name: "endpoint-host", hostHeader: "endpoint" },
        { ...service, name: "public-host", hostHeader: "public" },
        { ...service, name: "named-host", hostHeader: "api.example.com:8443" },
        { ...service, name: "Other", configurations: [{ project: "p", accessibleBy: "working-copy" }] },
      ],
      networks: [
        { hosts: ["external-api.local:8080", "*.corp.internal:443", "[fd00::1]:80", "db"], configurations },
      ],
    };
    expect(servicesFileSchema.parse(file)).toEqual(file);
  });

  it.each([
    ["another version", { version: 2, services: [] }, "version"],
    ["no services", { version: 1 }, "services"],
    ["an unknown key", { version: 1, services: [], extra: 1 }, "extra: unknown key"],
    [
      "an unknown key in a service",
      { version: 1, services: [{ ...service, url: "x" }] },
      "services[0].url: unknown key",
    ],
    [
      "an environment that is no name",
      { version: 1, services: [{ ...service, configurations: [{ project: "p", accessibleBy: ["*"] }] }] },
      "services[0].configurations[0].accessibleBy",
    ],
    [
      "names that differ in case alone",
      { version: 1, services: [service, { ...service, name: "PAYMENTS-API-PROD" }] },
      "services[1].name",
    ],
    [
      "a network without hosts",
      { version: 1, services: [], networks: [{ hosts: [], configurations }] },
      "networks[0].hosts",
    ],
    [
      "a Host that can be none",
      { version: 1, services: [{ ...service, hostHeader: "https://api.example.com" }] },
      "services[0].hostHeader",
    ],
    [
      "a Host for a network, whose hosts have their own",
      { version: 1, services: [], networks: [{ hosts: ["db"], configurations, hostHeader: "public" }] },
      "networks[0].hostHeader: unknown key",
    ],
    [
      "a wait for an answer of more than an hour",
      { version: 1, services: [{ ...service, responseTimeoutMs: 3_600_001 }] },
      "services[0].responseTimeoutMs",
    ],
    [
      "a stall limit of more than an hour",
      { version: 1, services: [], networks: [{ hosts: ["db"], configurations, stallTimeoutMs: 3_600_001 }] },
      "networks[0].stallTimeoutMs",
    ],
    [
      "an endpoint with a path over 2 KiB once it is encoded",
      { version: 1, services: [{ ...service, endpoint: `http://db/${"é".repeat(400)}` }] },
      "services[0].endpoint",
    ],
    [
      "a timeout of zero",
      { version: 1, services: [{ ...service, connectTimeoutMs: 0 }] },
      "services[0].connectTimeoutMs",
    ],
  ])("refuses %s, naming the place", (_, file, expected) => {
    expect(problems(file)).toEqual([expect.stringContaining(expected)]);
  });

  it.each(["/", "/v1/charges", "/v1/", "/a.b/c-d_e~f", "/...", "/x@y,z:1"])(
    "takes %s as a path rule",
    (path) => {
      const access = { project: "p", accessibleBy: "production", paths: [path] };
      expect(problems({ version: 1, services: [{ ...service, configurations: [access] }] })).toEqual([]);
    },
  );

  it.each([
    "",
    "v1",
    "//",
    "/a//b",
    "/a/../b",
    "/..",
    "/./a",
    "/a%2fb",
    "/a?b",
    "/a#b",
    "/a;b",
    "/a\\b",
    "/a b",
    "/é",
  ])("refuses %j as a path rule", (path) => {
    const access = { project: "p", accessibleBy: "production", paths: [path] };
    expect(problems({ version: 1, services: [{ ...service, configurations: [access] }] })).toEqual([
      expect.stringContaining("services[0].configurations[0].paths[0]"),
    ]);
  });

  it.each([
    ["tcp://db.internal:5432", {}],
    ["TLS://Cache.internal:6380/", {}],
    ["tcp://[fd00::1]:5432", { startTls: "postgres", idleTimeoutMs: 60_000, maxConnections: 20 }],
    ["tcp://db:80", { healthCheck: { intervalSeconds: 5 }, stallTimeoutMs: 1000, connectTimeoutMs: 1000 }],
  ])("takes the TCP endpoint %s", (endpoint, more) => {
    expect(problems({ version: 1, services: [{ ...service, endpoint, ...more }] })).toEqual([]);
  });

  it.each([
    "tcp://db",
    "tcp://db:0",
    "tcp://db:65536",
    "tcp://db:1/x",
    "tcp://u@db:1",
    "tcp://db:1?x",
    "tcp://:1",
  ])("refuses the TCP endpoint %s", (endpoint) => {
    expect(problems({ version: 1, services: [{ ...service, endpoint }] })).toEqual([
      expect.stringContaining("services[0].endpoint"),
    ]);
  });

  const tcp = { ...service, endpoint: "tcp://db:5432" };
  const [access] = configurations;
  it.each([
    ["a path rule", { ...tcp, configurations: [{ ...access, paths: ["/v1"] }] }, "configurations[0].paths"],
    ["a path to check", { ...tcp, healthCheck: { path: "/" } }, "healthCheck.path"],
    ["a limit of bodies", { ...tcp, maxBodyBytes: 1 }, "maxBodyBytes"],
    ["a Host", { ...tcp, hostHeader: "x" }, "hostHeader"],
    ["startTls behind tls://", { ...tcp, endpoint: "tls://db:5432", startTls: "postgres" }, "startTls"],
    ["startTls of HTTP", { ...service, startTls: "postgres" }, "startTls"],
    ["an idle time of HTTP", { ...service, idleTimeoutMs: 1 }, "idleTimeoutMs"],
  ])("refuses %s, which would have no effect there", (_what, wrong, place) => {
    expect(problems({ version: 1, services: [wrong] })).toEqual([
      expect.stringContaining(`services[0].${place}`),
    ]);
  });

  it("takes networks of TCP, whose hosts name their ports", () => {
    const network = (hosts: string[]) => ({ protocol: "tcp", hosts, configurations, maxConnections: 5 });
    expect(problems({ version: 1, services: [], networks: [network(["db:5432", "*.corp:6379"])] })).toEqual(
      [],
    );
    expect(problems({ version: 1, services: [], networks: [network(["db"])] })).toEqual([
      expect.stringContaining("networks[0].hosts[0]"),
    ]);
  });

  it("reports every problem at once", () => {
    expect(problems({ version: 3, services: [{ ...service, name: "a", endpoint: "ftp://x" }] })).toHaveLength(
      3,
    );
  });

  it.each([
    "ab",
    "a".repeat(25),
    "has space",
    "dot.ted",
    "under_score",
    "12345",
    "0x1f",
    "xn--abc",
    "na\nme",
  ])("refuses the service name %j", (name) => {
    expect(problems({ version: 1, services: [{ ...service, name }] })).toEqual([
      expect.stringContaining("services[0].name"),
    ]);
  });

  it.each([
    "payments.internal:8080",
    "ftp://payments.internal",
    "http://user:secret@payments.internal",
    "http://payments.internal/?a=1",
    "http://payments.internal/#a",
    "http://payments.internal\\@evil.example",
    "http://payments internal",
    "http://payments.internal:99999",
    "http://",
  ])("refuses the endpoint %s without repeating it", (endpoint) => {
    const found = problems({ version: 1, services: [{ ...service, endpoint }] });
    expect(found).toEqual([expect.stringContaining("services[0].endpoint: must be")]);
    expect(found.join()).not.toContain("secret");
  });

  it.each([
    "*",
    "*:443",
    "*.10.0.0.1:80",
    "http://host:80",
    "host:0",
    "host:65536",
    "host:port",
    "a b",
    "*.*.x",
    "u@h",
    "h/p",
    "h.",
  ])("refuses the host pattern %s", (host) => {
    expect(problems({ version: 1, services: [], networks: [{ hosts: [host], configurations }] })).toEqual([
      expect.stringContaining("networks[0].hosts[0]"),
    ]);
  });
});
