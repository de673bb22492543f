import { expect, it } from "vitest";
import { grown, runMixed } from "../mixed/mixed.ts";

/** The short form; `npm run mixed` is the long form. */
it("honest callers lose nothing because of hostile ones", { timeout: 400_000 }, async () => {
  const lines: string[] = [];
  const report = await runMixed({
    seed: 20_261_129,
    seconds: 20,
    kinds: null,
    say: (line) => lines.push(line),
  });
  expect(report.problems, lines.join("\n")).toEqual([]);
  expect(report.honest["ok"]).toBeGreaterThan(0);
  expect([report.openStreams, report.openAtUpstreams]).toEqual([0, 0]);
  expect(grown(report), lines.join("\n")).toEqual([]);
});
