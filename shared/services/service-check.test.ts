import { describe, expect, it } from "vitest";
import { defaultCheck, parseServiceChecks } from "./service-check.ts";
import { servicesFileSchema } from "./services-file.ts";

const service = { name: "orders-api", endpoint: "http://orders.internal", configurations: [] };
const accepts = (healthCheck: unknown) =>
  servicesFileSchema.safeParse({ version: 1, services: [{ ...service, healthCheck }] }).success;

describe("healthCheck of a service", () => {
  it.each([
    [{}],
    [false],
    [{ path: "/" }],
    [{ path: "/healthz?deep=1&x=%2F" }],
    [{ intervalSeconds: 1, timeoutSeconds: 60, healthyThreshold: 1, unhealthyThreshold: 10 }],
  ])("may be %j", (healthCheck) => {
    expect(accepts(healthCheck)).toBe(true);
  });

  it.each([
    [true],
    [null],
    ["/healthz"],
    [{ path: "healthz" }],
    [{ path: "/a b" }],
    [{ path: "/a#b" }],
    [{ path: "/ä" }],
    [{ path: "/\r\nx: y" }],
    [{ path: `/${"a".repeat(1024)}` }],
    [{ intervalSeconds: 0 }],
    [{ intervalSeconds: 1.5 }],
    [{ timeoutSeconds: 61 }],
    [{ unhealthyThreshold: 11 }],
    [{ interval: 10 }],
  ])("may not be %j", (healthCheck) => {
    expect(accepts(healthCheck)).toBe(false);
  });

  it("is not allowed in a network, whose hosts are patterns", () => {
    const networks = [{ hosts: ["db.internal:80"], configurations: [], healthCheck: {} }];
    expect(servicesFileSchema.safeParse({ version: 1, services: [], networks }).success).toBe(false);
  });
});

describe("a list of checks as a connector reads it", () => {
  it("fills in defaults and ignores what it does not know", () => {
    const list = [{ service: "orders-api", target: "http://orders.internal", expects: "something new" }];
    expect(parseServiceChecks(JSON.stringify(list), 1)).toEqual([
      defaultCheck("orders-api", "http://orders.internal", null),
    ]);
  });

  it.each(["", "null", "{}", "5", '"x"'])("is not %j", (json) => {
    expect(parseServiceChecks(json, 10)).toBe(null);
  });

  it.each([
    ["{}"],
    ["[]"],
    ["null"],
    ['{"service":"b","target":"t","path":1}'],
    ['{"service":"b","target":"t","intervalSeconds":86400}'],
    ['{"service":"b","target":"t","timeoutSeconds":0.5}'],
    ['{"service":"b","target":"t","unhealthyThreshold":100}'],
  ])("keeps its other checks if one is %s", (entry) => {
    const [a, c] = [defaultCheck("a", "http://a", null), defaultCheck("c", "http://c", null)];
    const json = `[${JSON.stringify(a)},${entry},${JSON.stringify(c)}]`;
    expect(parseServiceChecks(json, 10)).toEqual([a, null, c]);
  });

  it("is cut at its maximum length", () => {
    const list = [defaultCheck("a", "http://a", null), defaultCheck("b", "http://b", null)];
    expect(parseServiceChecks(JSON.stringify(list), 2)).toEqual(list);
    expect(parseServiceChecks(JSON.stringify(list), 1)).toEqual(list.slice(0, 1));
  });
});
