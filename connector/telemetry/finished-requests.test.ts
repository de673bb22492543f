import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FinishedRequests } from "./finished-requests.ts";
import type { RequestSummary } from "./request-summary.ts";

const summaryOf = (requestId: string): RequestSummary => ({
  ...{ kind: "http", requestId, traceId: null, project: "p", environment: "e", service: "s", method: "GET" },
  ...{ path: "/", status: 200, code: null, requestBytes: 0, responseBytes: 2, waitMs: 1, durationMs: 2 },
});

function start() {
  const clock = new FakeClock();
  const seen: string[] = [];
  const faults: unknown[] = [];
  const finished = new FinishedRequests(
    clock,
    ({ requestId }) => {
      seen.push(requestId);
      if (requestId === "bad") throw new Error("the log is broken");
    },
    (thrown) => faults.push(thrown),
  );
  return { clock, seen, faults, add: (id: string) => finished.add(summaryOf(id), null), finished };
}

it("hands each request on once, in order, together with those that ended in the same 10 ms", () => {
  const { clock, seen, add } = start();
  add("a");
  clock.advance(5);
  add("b");
  expect(seen).toEqual([]);
  clock.advance(5);
  expect(seen.splice(0)).toEqual(["a", "b"]);
  add("c");
  clock.advance(10);
  expect([seen, clock.pendingTimers]).toEqual([["c"], 0]);
});

it("keeps no more than 32 waiting", () => {
  const { clock, seen, add } = start();
  for (let count = 0; count < 33; count++) add(String(count));
  expect(seen.length).toBe(32);
  clock.advance(10);
  expect([seen.length, clock.pendingTimers]).toEqual([33, 0]);
});

it("hands on at once what waits, when it is asked to", () => {
  const { clock, seen, add, finished } = start();
  add("a");
  finished.flush();
  expect([seen, clock.pendingTimers]).toEqual([["a"], 0]);
  finished.flush();
  clock.advance(10);
  expect(seen).toEqual(["a"]);
});

it("reports a failure, and hands the others on", () => {
  const { clock, seen, faults, add } = start();
  for (const id of ["a", "bad", "c"]) add(id);
  clock.advance(10);
  expect([seen, faults.length]).toEqual([["a", "bad", "c"], 1]);
});
