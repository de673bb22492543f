import { parseArgs } from "node:util";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { runBattery, SERVER_NAMES } from "./battery.ts";

const HELP = `npm run battery -- [options]

Asks real servers the same requests directly and through the tunnel, and compares.

  --only NAMES       of these alone, by commas: ${SERVER_NAMES.join(", ")}
  --requests N       at each number of lanes (3000)
  --quick            150 requests
  --seed N           of sizes and kinds (1)
  --help

A server that is not installed is named as skipped. Exits with 1 if anything differs that
test/battery/differences.ts does not have.`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    requests: { type: "string" },
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const only = values.only?.split(",") ?? null;
  const unknown = (only ?? []).filter((name) => !SERVER_NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`no such server: ${unknown.join(", ")}. There are ${SERVER_NAMES.join(", ")}`);
    return 2;
  }
  await Promise.all([bundleRelay(), bundleCulvert()]);
  const startedMs = performance.now();
  const { problems, skipped, played } = await runBattery({
    only,
    requests: Number(values.requests ?? (values.quick ? 150 : 3_000)),
    seed: Number(values.seed),
    say: (line) => console.log(line),
  });
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  console.log(`battery: ${played.length} endpoints, ${skipped.length} servers skipped, ${seconds} s`);
  console.log(problems.length === 0 ? "battery: all as it was sent" : `battery: ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

// What was started ends with this process whatever ends it; so does the temporary folder then.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main();
