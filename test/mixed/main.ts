import { parseArgs } from "node:util";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { HOSTILE_KINDS } from "./hostile.ts";
import { grown, runMixed } from "./mixed.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000_007) },
    seconds: { type: "string", default: "600" },
    kinds: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const names = HOSTILE_KINDS.map(({ name }) => name);
const kinds = values.kinds?.split(",") ?? null;
const unknown = (kinds ?? []).filter((name) => !names.includes(name));
if (values.help || unknown.length > 0) {
  console.log(`npm run mixed -- [--seconds 600] [--seed N] [--kinds NAMES]

Runs hostile callers beside honest ones on one tunnel. Kinds, with commas between them: ${names.join(", ")}`);
  process.exit(values.help ? 0 : 2);
}
const seed = Number(values.seed);
console.log(`mixed: seed ${seed}, ${values.seconds} s`);
await Promise.all([bundleRelay(), bundleCulvert()]);
const report = await runMixed({
  ...{ seed, seconds: Number(values.seconds), kinds },
  say: (line) => console.log(line),
});
console.log(JSON.stringify({ ...report, problems: report.problems.slice(0, 20) }, null, 2));
const failures = [
  ...(report.problems.length === 0 ? [] : [`honest callers lost ${report.problems.length}`]),
  ...(report.openStreams + report.openAtUpstreams === 0 ? [] : ["streams are open"]),
  ...grown(report),
];
console.log(
  failures.length === 0
    ? "mixed: nobody took anything from the others"
    : `mixed: FAILED: ${failures.join("; ")}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
