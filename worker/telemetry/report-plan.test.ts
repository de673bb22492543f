import { describe, expect, it } from "vitest";
import { noReportPlan, planReport } from "./report-plan.ts";

const EVERY_MS = 15_000;
const one = { requests: 1, urgent: false };
const urgent = { requests: 1, urgent: true };

describe("a report", () => {
  it("is sent at once after the first request, and then once a minute for few requests", () => {
    const first = planReport(noReportPlan(), one, 1_000_000, EVERY_MS);
    expect(first.dueMs).toBe(1_000_000);
    const second = planReport(first, one, 1_010_000, EVERY_MS);
    expect(second.dueMs).toBe(1_060_000);
    expect(planReport(second, one, 1_020_000, EVERY_MS).dueMs).toBe(1_060_000);
    // Nothing for an hour.
    expect(planReport(second, one, 4_660_000, EVERY_MS).dueMs).toBe(4_660_000);
  });

  it("is sent sooner for failures and for many requests", () => {
    const first = planReport(noReportPlan(), one, 1_000_000, EVERY_MS);
    const second = planReport(first, one, 1_010_000, EVERY_MS);
    expect(planReport(second, urgent, 1_011_000, EVERY_MS).dueMs).toBe(1_015_000);
    expect(planReport(second, urgent, 1_030_000, EVERY_MS).dueMs).toBe(1_030_000);
    expect(planReport(second, { requests: 99, urgent: false }, 1_011_000, EVERY_MS).dueMs).toBe(1_015_000);
  });

  it("that is due soon is never delayed", () => {
    const told = { toldAtMs: 1_002_000, dueMs: null, untold: 0 };
    const failed = planReport(told, urgent, 1_003_000, EVERY_MS);
    expect(failed.dueMs).toBe(1_017_000);
    expect(planReport(failed, one, 1_004_000, EVERY_MS).dueMs).toBe(1_017_000);
    // Its alarm has yet to fire.
    expect(planReport(failed, one, 1_018_000, EVERY_MS).dueMs).toBe(1_017_000);
  });
});
