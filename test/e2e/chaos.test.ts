import { expect, it } from "vitest";
import { runChaos } from "../chaos/chaos.ts";

/** The short form; `npm run chaos` is the long form. The seed is fixed, so that a failure can be repeated. */
it("a few hundred requests of every kind while things break", { timeout: 240_000 }, async () => {
  const lines: string[] = [];
  const report = await runChaos({
    seed: 20_261_123,
    requests: 1_000,
    requestsPerFault: 100,
    say: (line) => lines.push(line),
  });
  expect(report.problems, lines.join("\n")).toEqual([]);
  expect(report.results["ok"]).toBeGreaterThan(0);
  expect([report.openStreams, report.openAtUpstream]).toEqual([0, 0]);
});
