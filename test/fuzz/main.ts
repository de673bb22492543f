import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "../..");
/**
 * These share the time: the two ends of the mux, the relay's socket, broken upstreams, and the codec with the simulation.
 */
const SHARES = 5;
/** Roughly how many sequences the simulation and the codec run in a second. */
const SEQUENCES_PER_SECOND = 200;
const MESSAGES_PER_SECOND = 10_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_007) },
  },
});
const seconds = (Number(values.minutes) * 60) / SHARES;
console.log(`fuzz: seed ${values.seed}, ${values.minutes} minutes`);
const files = [
  "test/fuzz",
  "test/simulation/any-sequence.test.ts",
  "shared/protocol/codec-properties.test.ts",
];
const run = spawn(
  join(root, "node_modules/.bin/vitest"),
  ["run", "--project", "unit", "--no-file-parallelism", `--testTimeout=${(seconds + 600) * 1_000}`, ...files],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      CULVERT_FUZZ_SECONDS: String(seconds),
      CULVERT_FUZZ_SEED: values.seed,
      CULVERT_SIMULATION_RUNS: String(Math.round(seconds * SEQUENCES_PER_SECOND)),
      CULVERT_CODEC_RUNS: String(Math.round(seconds * MESSAGES_PER_SECOND)),
    },
  },
);
const [code] = (await once(run, "close")) as [number | null];
process.exitCode = code ?? 1;
