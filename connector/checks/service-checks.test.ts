import { pino } from "pino";
import { expect, it } from "vitest";
import { type CheckOutcome, type HealthReport, outcomeAt } from "../../shared/protocol/service-checks.ts";
import type { ServiceCheck } from "../../shared/services/service-check.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { type CheckResult, ServiceChecks } from "./service-checks.ts";

function setUp() {
  const clock = new FakeClock();
  const reports: HealthReport[] = [];
  /** The checks under way: answered by hand. */
  const running = new Map<string, { check: ServiceCheck; done: (result: CheckResult) => void }>();
  const started: string[] = [];
  const checks = new ServiceChecks({
    run: (check, done) => {
      started.push(check.service);
      running.set(check.service, { check, done });
      return () => running.delete(check.service);
    },
    clock,
    random: () => 0,
    log: pino({ level: "silent" }),
    onReport: (report) => reports.push(report),
  });
  const answer = (service: string, outcome: CheckOutcome) => {
    const under = running.get(service);
    if (under === undefined) throw new Error(`no check of ${service} is under way`);
    running.delete(service);
    under.done({ outcome, reason: null });
  };
  const lastReport = () => {
    const report = reports.at(-1);
    return report && [report.revision, ...Array.from(report.codes, (_, at) => outcomeAt(report, at))];
  };
  return { clock, checks, reports, running, started, answer, lastReport };
}

const list = (revision: string, ...services: (string | object)[]) => ({
  revision,
  json: JSON.stringify(
    services.map((service) => ({
      target: "http://a",
      ...(typeof service === "string" ? { service } : service),
    })),
  ),
});

it("repeats the checks of the list, and reports in the list's order", () => {
  const { clock, checks, started, answer, lastReport } = setUp();
  checks.apply(list("00000001", "one", { service: "two", intervalSeconds: 3 }));
  clock.advance(0);
  expect(lastReport()).toEqual(["00000001", "PENDING", "PENDING"]);
  answer("two", "UPSTREAM_REFUSED");
  answer("one", "PASSING");
  clock.advance(1_000);
  expect(lastReport()).toEqual(["00000001", "PASSING", "UPSTREAM_REFUSED"]);
  clock.advance(2_000);
  expect(started).toEqual(["one", "two", "two"]);
  clock.advance(7_000);
  expect(started).toEqual(["one", "two", "two", "one"]);
});

it("reports changes, at most once a second", () => {
  const { clock, checks, reports, answer } = setUp();
  checks.apply(
    list("00000001", { service: "one", intervalSeconds: 1, healthyThreshold: 1, unhealthyThreshold: 1 }),
  );
  clock.advance(0);
  expect(reports).toHaveLength(1);
  for (let second = 0; second < 10; second++) {
    answer("one", "PASSING");
    clock.advance(1_000);
  }
  expect(reports).toHaveLength(2);
  for (let second = 0; second < 10; second++) {
    answer("one", second % 2 === 0 ? "UPSTREAM_DNS" : "PASSING");
    clock.advance(1_000);
  }
  expect(reports).toHaveLength(12);
});

it("keeps the checks that a new list still has, and stops the others", () => {
  const { clock, checks, running, answer, lastReport } = setUp();
  checks.apply(list("00000001", "kept", "changed", "gone"));
  clock.advance(0);
  for (const service of ["kept", "changed", "gone"]) answer(service, "PASSING");
  clock.advance(9_999);
  checks.apply(list("00000002", "new", { service: "changed", target: "http://b" }, "kept"));
  clock.advance(0);
  expect(lastReport()).toEqual(["00000002", "PENDING", "PENDING", "PASSING"]);
  clock.advance(1);
  expect([...running.keys()].sort()).toEqual(["changed", "kept", "new"]);
});

it("repeats its report when the same list comes again, without new checks", () => {
  const { clock, checks, reports, started, answer } = setUp();
  checks.apply(list("00000001", "one"));
  clock.advance(0);
  answer("one", "PASSING");
  clock.advance(5_000);
  const before = reports.length;
  checks.apply(list("00000001", "one"));
  clock.advance(0);
  expect(reports).toHaveLength(before + 1);
  expect(reports.at(-1)).toEqual(reports.at(-2));
  expect(started).toEqual(["one"]);
});

it("stops when the list is empty, and when the connector stops", () => {
  const { clock, checks, running } = setUp();
  checks.apply(list("00000001", "one"));
  clock.advance(0);
  checks.apply(list("00000002"));
  clock.advance(1_000);
  expect(running.size).toBe(0);
  checks.apply(list("00000003", "one"));
  checks.stop();
  clock.advance(60_000);
  expect([running.size, clock.pendingTimers]).toEqual([0, 0]);
});

it("leaves out a check that it cannot make, and reports the others in their places", () => {
  const { clock, checks, answer, lastReport, started } = setUp();
  checks.apply(list("00000001", "one", { service: "two", intervalSeconds: 86_400 }, "three"));
  clock.advance(0);
  expect(started).toEqual(["one", "three"]);
  answer("one", "PASSING");
  answer("three", "UPSTREAM_DNS");
  clock.advance(1_000);
  expect(lastReport()).toEqual(["00000001", "PASSING", "PENDING", "UPSTREAM_DNS"]);
  expect(checks.states.map(({ service }) => service)).toEqual(["one", "three"]);
  checks.apply(list("00000002", "three"));
  clock.advance(1_000);
  expect(lastReport()).toEqual(["00000002", "UPSTREAM_DNS"]);
});

it.each([
  ["no JSON", "{"],
  ["no list", "{}"],
])("treats a list that is %s as a violation", (_what, json) => {
  const { checks } = setUp();
  expect(() => checks.apply({ revision: "00000001", json })).toThrow(
    expect.objectContaining({ code: "PROTOCOL_ERROR", scope: "connection" }),
  );
});
