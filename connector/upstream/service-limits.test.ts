import { describe, expect, it } from "vitest";
import { enforceLimits, enforceNamedPath, limitsFor, type ServiceLimits } from "./service-limits.ts";

const payments: ServiceLimits = {
  name: "Payments",
  methods: ["GET", "POST"],
  paths: ["/v1/charges"],
  maxBodyBytes: 100,
};
const others: ServiceLimits = { name: "*", methods: ["GET"], paths: null, maxBodyBytes: null };

describe("a service's limits", () => {
  it("are found whatever the case of its name; otherwise those for all others apply, or none", () => {
    const limits = new Map([
      ["payments", payments],
      ["*", others],
    ]);
    expect(limitsFor(limits, "PAYMENTS")).toBe(payments);
    expect(limitsFor(limits, "api.internal:8080")).toBe(others);
    expect(() => enforceLimits(limitsFor(new Map(), "x"), "PURGE", "//")).not.toThrow();
  });

  it.each([
    ["DELETE", "/v1/charges", "method DELETE; to permit it, add it to services.Payments.methods"],
    ["GET", "/v1/refunds", "this path; to permit it, add it to services.Payments.paths"],
    ["GET", "/v1/charges/../refunds", "services.Payments.paths"],
    ["GET", "/v1/charges/%2e%2e/refunds", "services.Payments.paths"],
  ])("refuse %s %s, and say what to change", (method, path, message) => {
    let thrown: unknown;
    try {
      enforceLimits(payments, method, path);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      ...{ code: "UPSTREAM_NOT_ALLOWED", notProcessed: true },
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["destination", "http://api.internal/v1/refunds/1"],
    ["destination", "/v1/charges/../refunds"],
    ["x-amz-copy-source", "v1/refunds/1"],
    ["x-amz-copy-source", "v1%2Fcharges%2F1"],
  ])("refuse a second path, in %s: %s", (name, value) => {
    expect(() => enforceNamedPath(payments, name, value)).toThrow(
      `the path in ${name}; to permit it, add it to services.Payments.paths`,
    );
  });

  it("let the rest pass", () => {
    expect(() => enforceNamedPath(payments, "destination", "http://x/v1/charges/2?a")).not.toThrow();
    expect(() => enforceNamedPath(payments, "referer", "http://x/v1/refunds")).not.toThrow();
    expect(() => enforceNamedPath(others, "destination", "/anything")).not.toThrow();

    expect(() => enforceLimits(payments, "GET", "/v1/charges/1?a=/..")).not.toThrow();
  });
});
