import { expect, it } from "vitest";
import { describeMachine, parseCpuTicks, problemOf, sharesBetween } from "./machine-state.ts";

const stat = (user: number, idle: number, steal: number) =>
  `cpu  ${user} 0 0 ${idle} 0 0 0 ${steal} 5 0\ncpu0 1 2 3 4 5 6 7 8 9 0\nintr 1 2\n`;

it("reads what the kernel counts, and counts guests only once", () => {
  expect(parseCpuTicks(stat(100, 800, 50))).toEqual({ idle: 800, steal: 50, total: 950 });
});

it("says how much other processes take, and refuses to publish such a run", () => {
  const quiet = sharesBetween(parseCpuTicks(stat(0, 0, 0)), parseCpuTicks(stat(10, 985, 5)));
  expect(quiet).toEqual({ busyShare: expect.closeTo(0.01) as number, stealShare: 0.005 });
  expect(problemOf(quiet)).toBeNull();
  const busy = sharesBetween(parseCpuTicks(stat(0, 0, 0)), parseCpuTicks(stat(300, 700, 0)));
  expect(problemOf(busy)).toBe("other processes take 30.0% of the machine");
  const robbed = sharesBetween(parseCpuTicks(stat(0, 0, 0)), parseCpuTicks(stat(10, 900, 90)));
  expect(problemOf(robbed)).toBe("the hypervisor takes 9.0% of the machine");
  expect(describeMachine({ ...quiet, load: 0.25, clockMhz: 2_450 })).toBe(
    "98.5% idle before the run, 0.5% steal, load 0.3, 2450 MHz",
  );
});
