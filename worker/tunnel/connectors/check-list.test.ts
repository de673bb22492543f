import { describe, expect, it } from "vitest";
import { decodeSettings } from "../../../shared/protocol/handshake.ts";
import { MAX_CHECKS } from "../../../shared/protocol/limits.ts";
import { CheckListReader, healthReport } from "../../../shared/protocol/service-checks.ts";
import { parseServiceChecks } from "../../../shared/services/service-check.ts";
import type { Service } from "../../../shared/services/services-file.ts";
import { checkListOf, outcomesOf } from "./check-list.ts";

const service = (name: string, more: Partial<Service> = {}): Service => ({
  name,
  endpoint: "http://payments.internal:8080/base/",
  configurations: [],
  ...more,
});

/** As a connector reads it. */
function sent(services: readonly Service[]) {
  const reader = new CheckListReader();
  const list = checkListOf(services)
    .settings.map((payload) => reader.read(decodeSettings(payload)))
    .at(-1);
  return parseServiceChecks(list?.json ?? "", MAX_CHECKS);
}

describe("what connectors are told to check", () => {
  it("is every service, by a connection unless a path is given, under the endpoint's own path", () => {
    const healthCheck = { path: "/healthz?deep=1", intervalSeconds: 30, timeoutSeconds: 2 };
    expect(sent([service("plain"), service("asked", { healthCheck })])).toEqual([
      {
        service: "plain",
        target: "http://payments.internal:8080",
        startTls: null,
        path: null,
        intervalSeconds: 10,
        timeoutSeconds: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
      expect.objectContaining({
        service: "asked",
        path: "/base/healthz?deep=1",
        intervalSeconds: 30,
        timeoutSeconds: 2,
      }),
    ]);
  });

  it("leaves out services with healthCheck: false", () => {
    expect(sent([service("off", { healthCheck: false })])).toEqual([]);
  });

  it("fits a thousand services of common length, and leaves the last ones out where it does not fit", () => {
    const thousand = Array.from({ length: 1000 }, (_, i) =>
      service(`svc-${i}`, { endpoint: `http://s${i}.in:80` }),
    );
    expect(sent(thousand)).toHaveLength(1000);
    const long = thousand.map(({ name }) =>
      service(name, { endpoint: `http://${"a".repeat(60)}.${name}.internal` }),
    );
    const checked = sent(long);
    expect(checked?.length).toBeGreaterThan(400);
    expect(checked?.map((check) => check?.service)).toEqual(checkListOf(long).services);
  });

  it("has a different revision for each content, and the same for equal content", () => {
    const revision = (...services: Service[]) => checkListOf(services).revision;
    expect(revision(service("one"))).toBe(revision(service("one", { configurations: [], retry: true })));
    const others = [
      revision(),
      revision(service("two")),
      revision(service("one", { healthCheck: { path: "/" } })),
    ];
    expect(new Set([revision(service("one")), ...others]).size).toBe(4);
  });
});

describe("what a report says", () => {
  const list = checkListOf([service("one"), service("two")]);

  it("is read in the list's order", () => {
    const report = healthReport(list.revision, ["PASSING", "UPSTREAM_DNS"]);
    expect([...outcomesOf(list, report)]).toEqual([
      ["one", "PASSING"],
      ["two", "UPSTREAM_DNS"],
    ]);
  });

  it("is ignored if it is about another list, or if none came", () => {
    const other = healthReport("00000000", ["UPSTREAM_DNS", "UPSTREAM_DNS"]);
    for (const report of [other, null]) {
      expect([...outcomesOf(list, report).values()]).toEqual(["PENDING", "PENDING"]);
    }
  });
});
