import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import type { Sample } from "./measure.ts";
import { runRounds, startTools, warmUp } from "./runner.ts";
import { startCulvert } from "./subjects/culvert.ts";
import { startFloors } from "./subjects/floor.ts";
import { direct } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import type { Cleanups } from "./subjects/subject.ts";
import type { Metric, Results } from "./report/results.ts";
import { table, withSpread } from "./report/tables.ts";
import { quickPlan } from "./plans.ts";

const help = `npm run bench:compare BASE [-- options]

Compares the tunnel at revision BASE, or in directory BASE, with the tunnel in this directory, round by round.

  --rounds N     how often to measure everything (default 5)
  --only TEXT    workloads whose name contains TEXT
  -h, --help     this text

A revision is checked out in a temporary worktree and uses the packages installed here.`;

const root = join(import.meta.dirname, "..");
const MEASURE_MS = 1500;
const WARM_UP_MS = 10_000;
const MEASURES: readonly { what: string; metric: Metric }[] = [
  { what: "relay µs CPU", metric: ({ cpuUs }) => cpuUs["relay"] ?? NaN },
  { what: "connector µs CPU", metric: ({ cpuUs }) => cpuUs["connector"] ?? NaN },
  { what: "p50 ms", metric: ({ p50Ms }: Sample) => p50Ms },
  { what: "p99 ms", metric: ({ p99Ms }: Sample) => p99Ms },
  { what: "per second", metric: ({ perSecond }: Sample) => perSecond },
  { what: "MiB/s", metric: ({ mibPerSecond }: Sample) => mibPerSecond },
];

function sourceOf(revision: string, cleanups: Cleanups): string {
  if (existsSync(join(revision, "package.json"))) return resolve(revision);
  const directory = join(mkdtempSync(join(tmpdir(), "culvert-base-")), "tree");
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  git("worktree", "add", "--detach", directory, revision);
  cleanups.add(() => git("worktree", "remove", "--force", directory));
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  return directory;
}

function report(results: Results): string {
  const rows = results.workloads.flatMap((workload) =>
    MEASURES.map(({ what, metric }) => {
      const of = (subject: string) => ({ workload, subject, metric });
      const floor = results.spread(workload, "floor", metric);
      return [
        workload,
        what,
        floor.rounds === 0 ? "-" : withSpread(floor),
        withSpread(results.spread(workload, "base", metric)),
        withSpread(results.spread(workload, "here", metric)),
        withSpread(results.ratio(of("here"), of("base"))),
      ];
    }),
  );
  return table([["workload", "", "floor", "base", "here", "here over base"], ...rows]);
}

async function main(cleanups: Cleanups): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string", default: "" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [revision] = positionals;
  if (values.help || revision === undefined) return console.log(help);
  const workloads = quickPlan(MEASURE_MS).filter(
    ({ name, subjects }) => name.includes(values.only) && subjects.includes("culvert x1"),
  );

  const directory = mkdtempSync(join(tmpdir(), "culvert-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const { floor } = await startFloors(directory, upstream.url, cleanups);
  const revisions = [];
  for (const [name, at] of Object.entries({ base: sourceOf(revision, cleanups), here: root })) {
    const plans = [{ name, connectors: 1, roundTripMs: null }];
    const options = { root: at, directory: join(directory, name), upstreamUrl: upstream.url, plans };
    revisions.push(...(await startCulvert(options, cleanups)));
  }
  const control = direct(upstream);
  const subjects = [control, floor, ...revisions];
  const tools = startTools(control, cleanups);
  const known = workloads.map((workload) => ({
    ...workload,
    subjects: [...workload.subjects, "base", "here"],
  }));
  await warmUp(subjects, known, tools, WARM_UP_MS);
  const results = await runRounds({ rounds: Number(values.rounds), workloads: known, subjects, tools });
  console.log(report(results));
}

await runCommand(main);
