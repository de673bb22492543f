import { describe, expect, it } from "vitest";
import type { Caller, ServicesFile } from "../../../shared/services/services-file.ts";
import { servicesFileSchema } from "../../../shared/services/services-file.ts";
import { compilePolicy, decide } from "./access-policy.ts";
import { rawPath } from "../../exchange/request-head.ts";

const PROJECTS = ["alpha", "beta", "stranger"];
const ENVIRONMENTS = ["production", "preview", "working-copy"];
const callers = PROJECTS.flatMap((project) => ENVIRONMENTS.map((environment) => ({ project, environment })));

const file = servicesFileSchema.parse({
  version: 1,
  services: [
    {
      name: "Payments-API",
      endpoint: "http://payments.internal:8080/v2/",
      configurations: [
        { project: "alpha", accessibleBy: "production" },
        { project: "beta", accessibleBy: ["preview", "working-copy"] },
      ],
      connectTimeoutMs: 100,
      responseTimeoutMs: 200,
      stallTimeoutMs: 250,
      maxBodyBytes: 300,
      retry: true,
    },
    { name: "closed", endpoint: "https://closed.internal", configurations: [] },
  ],
  networks: [
    {
      hosts: ["db.corp.internal:5000", "payments-api:80", "payments-api:8080"],
      configurations: [{ project: "stranger", accessibleBy: "production" }],
    },
    {
      hosts: ["*.corp.internal:443", "*.corp.internal:5000"],
      configurations: [{ project: "alpha", accessibleBy: ["production", "preview"] }],
      responseTimeoutMs: 900,
    },
    { hosts: ["Plain.Local"], configurations: [{ project: "beta", accessibleBy: "preview" }] },
  ],
});

function ask(caller: Caller, url: string, services: ServicesFile = file) {
  const policy = compilePolicy({ services: services.services, networks: services.networks ?? [] });
  return decide(policy, caller, new URL(url), rawPath(url));
}

function outcome(caller: Caller, url: string): string {
  const decision = ask(caller, url);
  return decision.allow ? decision.target : decision.code;
}

/** For each URL: who gets through, and what all others hear. */
const matrix: { url: string; target?: string; allowed: string[]; otherwise: string }[] = [
  {
    url: "http://payments-api/x",
    target: "http://payments.internal:8080",
    allowed: ["alpha/production", "beta/preview", "beta/working-copy"],
    otherwise: "ACCESS_DENIED",
  },
  {
    url: "https://PAYMENTS-api/x",
    target: "http://payments.internal:8080",
    allowed: ["alpha/production", "beta/preview", "beta/working-copy"],
    otherwise: "ACCESS_DENIED",
  },
  { url: "http://closed/", allowed: [], otherwise: "ACCESS_DENIED" },
  { url: "http://nothing/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "http://payments.internal:8080/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  {
    url: "http://payments-api:8080/",
    target: "http://payments-api:8080",
    allowed: ["stranger/production"],
    otherwise: "ACCESS_DENIED",
  },
  {
    url: "http://db.corp.internal:5000/",
    target: "http://db.corp.internal:5000",
    allowed: ["stranger/production", "alpha/production", "alpha/preview"],
    otherwise: "ACCESS_DENIED",
  },
  {
    url: "https://a.b.corp.internal/",
    target: "https://a.b.corp.internal",
    allowed: ["alpha/production", "alpha/preview"],
    otherwise: "ACCESS_DENIED",
  },
  { url: "https://corp.internal/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "https://evilcorp.internal/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "https://a.corp.internal:444/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "http://a.corp.internal/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "https://a.corp.internal./", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  {
    url: "http://plain.local/",
    target: "http://plain.local",
    allowed: ["beta/preview"],
    otherwise: "ACCESS_DENIED",
  },
  {
    url: "https://plain.local/",
    target: "https://plain.local",
    allowed: ["beta/preview"],
    otherwise: "ACCESS_DENIED",
  },
  { url: "http://plain.local:8080/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "ftp://db.corp.internal:5000/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
  { url: "http://payments-api@nothing/", allowed: [], otherwise: "UNKNOWN_SERVICE" },
];

describe("decide", () => {
  it.each(
    matrix.flatMap(({ url, target, allowed, otherwise }) =>
      callers.map((caller) => {
        const name = `${caller.project}/${caller.environment}`;
        return { url, caller, name, expected: allowed.includes(name) ? (target ?? "") : otherwise };
      }),
    ),
  )("$name asking for $url gets $expected", ({ url, caller, expected }) => {
    expect(outcome(caller, url)).toBe(expected);
  });

  it("passes on the service's settings from the services file", () => {
    expect(ask({ project: "alpha", environment: "production" }, "http://PAYMENTS-API/")).toEqual({
      allow: true,
      service: "Payments-API",
      target: "http://payments.internal:8080",
      pathPrefix: "/v2",
      hasPathRule: true,
      connectTimeoutMs: 100,
      responseTimeoutMs: 200,
      stallTimeoutMs: 250,
      maxBodyBytes: 300,
      retry: true,
      via: false,
      requestId: false,
      connectorWaitMs: 5_000,
    });
  });

  it("names the host, with its port, as the service of a network rule", () => {
    const decision = ask({ project: "alpha", environment: "preview" }, "https://X.corp.internal:5000/");
    expect(decision).toMatchObject({
      service: "x.corp.internal:5000",
      pathPrefix: "",
      hasPathRule: false,
      responseTimeoutMs: 900,
      retry: undefined,
    });
  });

  it("distinguishes callers by exact spelling, however their two names are combined", () => {
    for (const caller of [
      { project: "Alpha", environment: "production" },
      { project: "alpha", environment: "Production" },
      { project: "alpha\nproduction", environment: "" },
      { project: "", environment: "alpha\nproduction" },
      { project: "alphaproduction", environment: "" },
    ]) {
      expect(ask(caller, "http://payments-api/").allow, JSON.stringify(caller)).toBe(false);
    }
  });

  it("limits a caller to the paths of all its configurations", () => {
    const limited = servicesFileSchema.parse({
      version: 1,
      services: [
        {
          name: "ledger",
          endpoint: "http://ledger.internal",
          configurations: [
            { project: "alpha", accessibleBy: ["production", "preview"], paths: ["/v1/charges"] },
            { project: "alpha", accessibleBy: "preview", paths: ["/v1/refunds"] },
            { project: "beta", accessibleBy: "production", paths: ["/v1/charges"] },
            { project: "beta", accessibleBy: "production" },
          ],
        },
      ],
    });
    const heard = (project: string, environment: string, path: string) => {
      const decision = ask({ project, environment }, `http://ledger${path}`, limited);
      return decision.allow ? "allowed" : decision.code;
    };
    expect(heard("alpha", "production", "/v1/charges/1?a=/../b")).toBe("allowed");
    expect(heard("alpha", "production", "/v1/refunds")).toBe("ACCESS_DENIED");
    expect(heard("alpha", "production", "/v1/charges/%2e%2e/refunds")).toBe("BAD_REQUEST");
    expect(heard("alpha", "preview", "/v1/charges")).toBe("allowed");
    expect(heard("alpha", "preview", "/v1/refunds")).toBe("allowed");
    expect(heard("beta", "production", "/anything/%2F/../at//all")).toBe("allowed");
    expect(heard("beta", "preview", "/v1/charges")).toBe("ACCESS_DENIED");
  });

  it("lets no path leave the endpoint's path", () => {
    const caller = { project: "alpha", environment: "production" };
    expect(ask(caller, "http://payments-api/../admin")).toMatchObject({ allow: false, code: "BAD_REQUEST" });
    expect(ask(caller, "http://payments-api/%2e%2e%2fadmin")).toMatchObject({
      allow: false,
      code: "BAD_REQUEST",
    });
    expect(ask(caller, "http://payments-api/group%2Fproject//x")).toMatchObject({ allow: true });
  });

  it("never finds properties that every object inherits", () => {
    for (const url of ["http://constructor/", "http://__proto__/", "http://tostring/"]) {
      expect(outcome({ project: "alpha", environment: "production" }, url)).toBe("UNKNOWN_SERVICE");
    }
  });

  it("denies everything on a tunnel without rules", () => {
    const empty: ServicesFile = { version: 1, services: [] };
    for (const caller of callers) {
      expect(ask(caller, "http://payments-api/", empty)).toMatchObject({
        allow: false,
        code: "UNKNOWN_SERVICE",
      });
    }
  });
});
