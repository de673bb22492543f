import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testEvent } from "../../worker/log-delivery/test-event.ts";
import {
  addRequest,
  noTraffic,
  trafficBreakdown,
  trafficPoint,
} from "../../worker/telemetry/traffic/traffic.ts";
import { errorRows } from "./error-rows.ts";

describe("the rows of errors", () => {
  it("add up to the number of errors, whatever happened", () => {
    const kinds = fc.constantFrom(
      { outcome: "answered", status: 200, code: null },
      { outcome: "answered", status: 503, code: null },
      { outcome: "cancelled", status: 499, code: null },
      { outcome: "aborted", status: 200, code: "UPSTREAM_PROTOCOL" },
      ...["A", "B", "C", "D", "E", "F", "G"].map((code) => ({ outcome: "failed", status: 502, code })),
    );
    fc.assert(
      fc.property(fc.array(kinds), (changes) => {
        const traffic = noTraffic();
        for (const change of changes) addRequest(traffic, { ...testEvent(0), ...(change as object) });
        const { codes } = trafficBreakdown(traffic);
        const rows = errorRows({ points: [trafficPoint(0, traffic)], codes });
        expect(rows.reduce((total, { count }) => total + count, 0)).toBe(traffic.errors);
      }),
    );
  });
});
