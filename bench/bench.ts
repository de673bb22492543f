import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import { objectRows } from "./objects/objects.ts";
import { memoryRows } from "./memory/memory.ts";
import { plot } from "./report/plot.ts";
import { publish } from "./report/publish.ts";
import {
  cpuTicks,
  describeMachine,
  machineState,
  problemOf,
  sharesBetween,
} from "./instruments/machine-state.ts";
import { residentBytes } from "./instruments/process-usage.ts";
import { relayMemory } from "./instruments/relay-memory.ts";
import { runRounds, startTools, warmUp } from "./runner.ts";
import { overTcp, startCulvert } from "./subjects/culvert.ts";
import { startFloors } from "./subjects/floor.ts";
import { startLocaltunnel, startSsh, startWstunnel } from "./subjects/peers.ts";
import { direct, nodeFloor } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import type { Cleanups } from "./subjects/subject.ts";
import { comparisonTable, targetTable, workloadTables } from "./report/tables.ts";
import { comparisonsOf, targetsOf } from "./report/targets.ts";
import { fullPlan, QUICK_SUBJECTS, quickPlan } from "./workloads.ts";

const help = `npm run bench [-- options]

Measures the tunnel beside what bounds it and beside its peers, on this machine, in one run.

  --quick        only what the targets need, about two minutes
  --rounds N     how often everything is measured (default 2 with --quick, else 5; in full, what no
                 target speaks of is measured once)
  --only TEXT    workloads whose name contains TEXT
  memory         instead of all that: what relay and connectors keep in memory when callers hold them
                 up in every way (--only as above; --scale 0.1 shortens each)
  objects        instead of all that: a tunnel on several objects, growing and shrinking under load, its
                 balance and what it costs (--only growth or cpu; --rounds of each CPU row)
  --publish      puts the targets and the plot into docs/performance.md; refused on a busy machine
  -h, --help     this text

Prints tables; writes bench/results/latest.json and latest.svg.`;

const root = join(import.meta.dirname, "..");
const PLANS = [
  { name: "culvert x1", connectors: 1, roundTripMs: null },
  { name: "culvert x2", connectors: 2, roundTripMs: null },
  { name: "culvert +0 ms", connectors: 1, roundTripMs: 0 },
  { name: "culvert +20 ms", connectors: 1, roundTripMs: 20 },
  { name: "culvert +80 ms", connectors: 1, roundTripMs: 80 },
];
/** At most, for each subject; enough for V8 on all but a slow machine. */
const WARM_UP_MS = 10_000;
const QUICK_WARM_UP_MS = 5_000;

async function main(cleanups: Cleanups): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string", default: "" },
      publish: { type: "boolean", default: false },
      scale: { type: "string", default: "1" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(help);
  if (positionals[0] === "memory") return memoryRows(values.only, Number(values.scale));
  if (positionals[0] === "objects")
    return objectRows(root, { only: values.only, rounds: Number(values.rounds ?? 5) }, cleanups);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  const workloads = (values.quick ? quickPlan() : fullPlan()).filter(({ name }) =>
    name.includes(values.only),
  );
  const takesPart = ({ name }: { name: string }) => !values.quick || QUICK_SUBJECTS.has(name);
  const before = await machineState();
  console.log(`machine: ${describeMachine(before)}`);
  const busy = problemOf(before);
  if (busy !== null && values.publish) throw new Error(`${busy}: publish a run of an idle one`);
  if (busy !== null) console.log(`${busy}: these numbers say little`);
  const ticksBefore = cpuTicks();
  const startedMs = performance.now();

  const directory = mkdtempSync(join(tmpdir(), "culvert-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const { url: tcpUpstreamUrl } = await startServer("tcp-upstream.ts", [], cleanups);
  const control = direct(upstream);
  const { floor, rich, relay, limit } = await startFloors(directory, cleanups);
  const culvert = await startCulvert(
    {
      root,
      directory: join(directory, "culvert"),
      ...{ upstreamUrl: upstream.url, tcpUpstreamUrl },
      plans: PLANS.filter(takesPart),
    },
    cleanups,
  );
  const installDir = join(root, "node_modules/.cache/culvert-bench-peers");
  const peers = values.quick
    ? [await startLocaltunnel(upstream.url, installDir, cleanups)]
    : [
        await startSsh(upstream.url, directory, cleanups),
        await startLocaltunnel(upstream.url, installDir, cleanups),
        await startWstunnel(upstream.url, installDir, cleanups),
      ];
  for (const peer of peers) if (typeof peer === "string") console.log(`left out, ${peer}`);
  const subjects = [
    control,
    await nodeFloor(upstream.url, cleanups),
    floor,
    rich,
    relay,
    limit,
    ...peers.filter((peer) => typeof peer !== "string"),
    ...culvert,
    ...culvert.slice(0, 1).map(overTcp),
  ].filter(takesPart);

  // Beside the measured one, which nothing inspects.
  const [inspected] = await startCulvert(
    {
      ...{ root, upstreamUrl: upstream.url, inspect: true },
      directory: join(directory, "inspected"),
      plans: [{ name: "inspected", connectors: 1, roundTripMs: null }],
    },
    cleanups,
  );
  const [first] = culvert;
  if (first === undefined || inspected === undefined) throw new Error("no tunnel");
  const tools = startTools(control, cleanups);
  await warmUp(subjects, workloads, tools, values.quick ? QUICK_WARM_UP_MS : WARM_UP_MS);
  const results = await runRounds({ rounds, workloads, subjects, tools });
  const kept = await relayMemory(inspected, tools.load);
  const memory = {
    connectorPeakBytes: Math.max(
      ...culvert.flatMap(({ connectorPids }) => connectorPids.map((pid) => residentBytes(pid).peak)),
    ),
    relayBeforeBytes: kept.beforeBytes,
    relayAfterBytes: kept.afterBytes,
    relayPeakResidentBytes: residentBytes(first.workerdPid).peak,
  };

  const names = subjects.map(({ name }) => name);
  const targets = targetsOf(results, memory);
  const comparisons = comparisonsOf(results);
  const tables = [workloadTables(results, names), targetTable(targets), comparisonTable(comparisons)];
  console.log(`\n${tables.join("\n\n")}\n`);
  const resultsDir = join(root, "bench/results");
  mkdirSync(resultsDir, { recursive: true });
  const { stealShare } = sharesBetween(ticksBefore, cpuTicks());
  const machine = {
    ...{ cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version },
    ...{ before, stealShare, state: describeMachine(before) },
  };
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const report = {
    at: new Date().toISOString(),
    machine,
    rounds,
    seconds,
    memory,
    targets,
    comparisons,
    samples: results.samples,
  };
  writeFileSync(join(resultsDir, "latest.json"), `${JSON.stringify(report, null, 1)}\n`);
  const picture = plot(results, names);
  writeFileSync(join(resultsDir, "latest.svg"), picture);
  const robbed = problemOf({ busyShare: 0, stealShare });
  if (robbed !== null) console.log(`${robbed} while it ran: nothing is published`);
  else if (values.publish) publish(root, { picture, targets, comparisons, at: report.at, machine, rounds });
  console.log(
    `${rounds} rounds in ${seconds} s on ${machine.cores} cores (${machine.cpu}); bench/results/latest.json`,
  );
}

await runCommand(main);
