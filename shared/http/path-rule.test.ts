import { describe, expect, it } from "vitest";
import { judgePath } from "./path-rule.ts";

const rule = ["/v1/charges", "/files/"];

describe("judgePath", () => {
  it.each([
    "/v1/charges",
    "/v1/charges?next=/../admin//%2e%2e",
    "/v1/charges/17",
    "/v1/charges/a%20b",
    "/v1/charges/%C3%A9",
    "/v1/%63harges/17",
    "/v1/charges/a..b/...",
    "/files/",
    "/files/x",
  ])("allows %s", (path) => {
    expect(judgePath(rule, path)).toBe("allowed");
  });

  it.each([
    "/",
    "/v1",
    "/v1/chargesX",
    "/V1/charges",
    "/v1/charges;x=1",
    "/files",
    "/admin",
    "/admin?/v1/charges",
    "*",
  ])("denies %s", (path) => {
    expect(judgePath(rule, path)).toBe("denied");
  });

  it.each([
    "/v1/charges/../admin",
    "/v1/charges/..",
    "/v1/charges/./x",
    "/v1/charges/%2e%2e/admin",
    "/v1/charges/.%2E/admin",
    "/v1/charges/%252e%252e/admin",
    "/v1/charges/..;/admin",
    "/v1/charges/..%3bx/admin",
    "/v1/charges/..%2fadmin",
    "/v1/charges/..\\admin",
    "/v1/charges/..%20/admin",
    "/v1/charges/..%c2%a0/admin",
    "/v1/charges/..%23/admin",
    "/v1/charges/..%3f/admin",
    "/v1/charges/..+/admin",
    "/v1/charges/.%20./admin",
    "/v1/charges/%ef%bc%8e%ef%bc%8e/admin",
    "/v1/charges/\uff0e\uff0e/admin",
    "/v1/charges/%e2%80%a5/admin",
    "/v1/charges/x%ef%bc%8f..%ef%bc%8fadmin",
    "/v1/charges/%5c..%5cadmin",
    "/v1/charges//admin",
    "//admin/v1/charges",
    "/v1/charges%2f17",
    "/v1/charges/%00",
    "/v1/charges/%0d%0a",
    "/v1/charges/%",
    "/v1/charges/%ff",
  ])("finds %s ambiguous", (path) => {
    expect(judgePath(rule, path)).toBe("ambiguous");
  });

  it("allows every path where there is no rule", () => {
    expect(judgePath(null, "/a//../%2e%2e\\")).toBe("allowed");
    expect(judgePath([], "/")).toBe("denied");
  });
});
