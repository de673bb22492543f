import { parseArgs } from "node:util";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { runBattery, SERVER_NAMES } from "./battery.ts";

const HELP = `npm run battery -- [options]

Asks real servers the same requests directly and through the tunnel, and compares.

  --only NAMES       only these servers, with commas between them: ${SERVER_NAMES.join(", ")}
  --requests N       requests for each number of lanes (default 3000)
  --quick            150 requests instead
  --seed N           seed for sizes and kinds (default 1)
  --help             this text

Skips servers that are not installed, and names them. Exits with 1 for any difference that
test/battery/differences.ts does not list.`;

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
    console.error(`no such server: ${unknown.join(", ")}. Known servers: ${SERVER_NAMES.join(", ")}`);
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
  console.log(
    problems.length === 0
      ? "battery: everything arrived as it was sent"
      : `battery: ${problems.length} problems`,
  );
  return problems.length === 0 ? 0 : 1;
}

// All processes and the temporary folder must disappear with this process, however it ends.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main();
