import { parseArgs } from "node:util";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { runChaos } from "./chaos.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000_007) },
    requests: { type: "string", default: "100000" },
  },
});
const seed = Number(values.seed);
const requests = Number(values.requests);
console.log(`chaos: seed ${seed}, ${requests} requests`);
await Promise.all([bundleRelay(), bundleCulvert()]);
const startedMs = performance.now();
const report = await runChaos({ seed, requests, requestsPerFault: 400, say: (line) => console.log(line) });
console.log(JSON.stringify(report, null, 2));
console.log(`chaos: seed ${seed}, ${Math.round((performance.now() - startedMs) / 1000)} s`);
const { early, late } = report.residentMiB;
const nothingKept = report.openStreams === 0 && report.openAtUpstream === 0 && late < 2 * early + 100;
const whole = report.problems.length === 0 && nothingKept;
console.log(whole ? "chaos: nothing lost that could be kept" : "chaos: FAILED");
process.exitCode = whole ? 0 : 1;
