import { describe, expect, it } from "vitest";
import { enforceLimits, limitsFor, type ServiceLimits } from "./service-limits.ts";

const payments: ServiceLimits = {
  name: "Payments",
  methods: ["GET", "POST"],
  paths: ["/v1/charges"],
  maxBodyBytes: 100,
};
const others: ServiceLimits = { name: "*", methods: ["GET"], paths: null, maxBodyBytes: null };

describe("a service's limits", () => {
  it("are found whatever the case of its name, else those of all others, else none", () => {
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

  it("let the rest pass", () => {
    expect(() => enforceLimits(payments, "GET", "/v1/charges/1?a=/..")).not.toThrow();
  });
});
