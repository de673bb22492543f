import { describe, expect, it } from "vitest";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { enforceLimits, limitsFor, type ServiceLimits } from "./service-limits.ts";

const payments: ServiceLimits = {
  name: "Payments",
  methods: ["GET", "POST"],
  paths: ["/v1/charges"],
  maxBodyBytes: 100,
};
const others: ServiceLimits = { name: "*", methods: ["GET"], paths: null, maxBodyBytes: null };
const head = (open: Partial<OpenHead>): OpenHead => ({
  ...{ kind: "http", target: "http://x", service: "payments", method: "GET", path: "/v1/charges/1?a=/.." },
  ...{ project: "p", environment: "e", requestId: "r", fields: [] },
  ...open,
});

describe("a service's limits", () => {
  it("are found whatever the case of its name, else those of all others, else none", () => {
    const limits = new Map([
      ["payments", payments],
      ["*", others],
    ]);
    expect(limitsFor(limits, "PAYMENTS")).toBe(payments);
    expect(limitsFor(limits, "api.internal:8080")).toBe(others);
    expect(() =>
      enforceLimits(limitsFor(new Map(), "x"), head({ method: "PURGE", path: "//" })),
    ).not.toThrow();
  });

  it.each([
    [
      { method: "DELETE" },
      "UPSTREAM_NOT_ALLOWED",
      "method DELETE; to permit it, add it to services.Payments.methods",
    ],
    [
      { path: "/v1/refunds" },
      "UPSTREAM_NOT_ALLOWED",
      "this path; to permit it, add it to services.Payments.paths",
    ],
    [{ path: "/v1/charges/../refunds" }, "UPSTREAM_NOT_ALLOWED", "services.Payments.paths"],
    [{ path: "/v1/charges/%2e%2e/refunds" }, "UPSTREAM_NOT_ALLOWED", "services.Payments.paths"],
    [
      { fields: [["content-length", "101"]] as const },
      "BODY_TOO_LARGE",
      "raise services.Payments.maxBodyBytes",
    ],
  ] as const)("refuse %j as %s, and say what to change", (open, code, message) => {
    let thrown: unknown;
    try {
      enforceLimits(payments, head(open));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, notProcessed: true, message: expect.stringContaining(message) });
  });

  it("let the rest pass", () => {
    expect(() => enforceLimits(payments, head({ fields: [["content-length", "100"]] }))).not.toThrow();
  });
});
