import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import { handlerRows } from "./handlers/handlers.ts";
import { objectRows } from "./objects/objects.ts";
import { memoryRows } from "./memory/memory.ts";
import { pathRows } from "./paths/paths.ts";
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
import { fullPlan, quickPlan } from "./plans.ts";
import { Results } from "./report/results.ts";
import { runRounds, startTools, warmUp } from "./runner.ts";
import { connectorStarts } from "./start/connector-start.ts";
import { wakings } from "./start/waking.ts";
import { startCulvert } from "./subjects/culvert.ts";
import { startSubjects, type Subjects } from "./subjects/start-subjects.ts";
import type { Cleanups } from "./subjects/subject.ts";
import { comparisonTable, targetTable, workloadTables } from "./report/tables.ts";
import { comparisonsOf, type Facts, targetsOf } from "./report/targets.ts";
import type { Tools } from "./measure.ts";

/** Measured outside of the workloads, with the subjects that each needs. */
const FACTS = { start: ["culvert x1"], waking: ["floor", "culvert x1"], kept: ["culvert x1"] };

const help = `npm run bench [-- options]

Measures the tunnel, its floor and its peers on this machine, in one run.

  --quick        only what the targets need; takes about three minutes
  --rounds N     how often to measure everything (default 2 with --quick, else 5; a full run measures
                 once what has no target)
  --only TEXT    workloads whose name contains TEXT, or one of: ${Object.keys(FACTS).join(", ")} (a connector's
                 start; the first request to an object that slept; what the relay keeps in memory)
  memory         only memory: what relay and connectors keep when callers stall them in every way
                 (--only as above; --scale 0.1 shortens each row)
  objects        only a tunnel on several objects: growth and shrinking under load, balance and cost
                 (--only orderly, killed, busy, relay, same-rate, connector,
                 balance, bare: one or several, with commas; --rounds of each CPU row)
  handlers       only the CPU time of each handler that a request passes, and what a million requests
                 a minute would need (--rounds)
  paths          only transfers over 20, 80 and 200 ms, compared with HTTP/1.1 on the same path without
                 a tunnel, and eight at once (--only "+80 ms" or "slow start"; --quick without 256 MiB)
  --publish      write the targets and the plot into docs/performance.md; refused on a busy machine
  -h, --help     this text

Prints tables; writes bench/results/latest.json, and after a whole run latest.svg.`;

const root = join(import.meta.dirname, "..");
/** The longest warm-up of a subject. Enough for V8 on all but a slow machine. */
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
  const { only } = values;
  if (values.help) return console.log(help);
  if (positionals[0] === "memory") return memoryRows(only, Number(values.scale));
  if (positionals[0] === "objects")
    return objectRows(root, { only, rounds: Number(values.rounds ?? 5) }, cleanups);
  if (positionals[0] === "paths") {
    const plan = { only, rounds: Number(values.rounds ?? (values.quick ? 1 : 3)), quick: values.quick };
    return pathRows(root, plan, cleanups);
  }
  if (values.publish && (values.quick || only !== "")) throw new Error("only a whole run is published");
  if (positionals[0] === "handlers")
    return handlerRows(root, { rounds: Number(values.rounds ?? 5) }, cleanups);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  const workloads = (values.quick ? quickPlan() : fullPlan()).filter(({ name }) => name.includes(only));
  const facts = Object.entries(FACTS).filter(([name]) => name.includes(only));
  if (workloads.length + facts.length === 0) throw new Error(`nothing is named ${only}`);
  const before = await machineState();
  console.log(`machine: ${describeMachine(before)}`);
  const busy = problemOf(before);
  if (busy !== null && values.publish) throw new Error(`${busy}: publish a run of an idle one`);
  if (busy !== null) console.log(`${busy}: these numbers say little`);
  const ticksBefore = cpuTicks();
  const startedMs = performance.now();

  const directory = mkdtempSync(join(tmpdir(), "culvert-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const needed = new Set([
    ...workloads.flatMap(({ subjects, pace }) => [...subjects, ...(pace ? [pace.subject] : [])]),
    ...facts.flatMap(([, names]) => names),
  ]);
  const subjects = await startSubjects(needed, { root, directory }, cleanups);
  const tools = startTools(subjects.upstream, cleanups);
  await warmUp(subjects.all, workloads, tools, values.quick ? QUICK_WARM_UP_MS : WARM_UP_MS);
  const results =
    workloads.length === 0
      ? new Results()
      : await runRounds({ rounds, workloads, subjects: subjects.all, tools });
  const measured = await factsOf(
    new Set(facts.map(([name]) => name)),
    { subjects, tools, directory },
    cleanups,
  );

  const names = subjects.all.map(({ name }) => name);
  const targets = targetsOf(results, measured);
  const comparisons = comparisonsOf(results, measured);
  // With only a few rows, targets that were not measured are left out.
  const worthALine = ({ reached }: { reached: { rounds: number } }) => only === "" || reached.rounds > 0;
  const tables = [
    workloadTables(results, names),
    targetTable(targets.filter(worthALine)),
    comparisonTable(comparisons.filter(worthALine)),
  ];
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
    ...{ machine, rounds, seconds, facts: measured, targets, comparisons },
    samples: results.samples,
  };
  writeFileSync(join(resultsDir, "latest.json"), `${JSON.stringify(report, null, 1)}\n`);
  const picture = plot(results, names);
  if (only === "") writeFileSync(join(resultsDir, "latest.svg"), picture);
  const robbed = problemOf({ busyShare: 0, stealShare });
  if (robbed !== null) console.log(`${robbed} while it ran: nothing is published`);
  else if (values.publish) publish(root, { picture, targets, comparisons, at: report.at, machine, rounds });
  console.log(
    `${rounds} rounds in ${seconds} s on ${machine.cores} cores (${machine.cpu}); bench/results/latest.json`,
  );
}

/** Measurements that belong to no workload. */
async function factsOf(
  wanted: ReadonlySet<string>,
  { subjects, tools, directory }: { subjects: Subjects; tools: Tools; directory: string },
  cleanups: Cleanups,
): Promise<Facts> {
  const { all, culvert, upstreamUrl } = subjects;
  const [first] = culvert;
  const connectorPeakBytes =
    first === undefined
      ? NaN
      : Math.max(
          ...culvert.flatMap(({ connectorPids }) => connectorPids.map((pid) => residentBytes(pid).peak)),
        );
  return {
    start: wanted.has("start") && first !== undefined ? await connectorStarts(first) : null,
    waking: wanted.has("waking")
      ? await wakings(all.filter(({ name }) => FACTS.waking.includes(name)))
      : null,
    memory: wanted.has("kept")
      ? { connectorPeakBytes, ...(await relayKept({ upstreamUrl, directory, tools }, cleanups)) }
      : null,
  };
}

/** Uses a relay of its own with an inspector, because an inspector would disturb the measured one. */
async function relayKept(
  { upstreamUrl, directory, tools }: { upstreamUrl: string; directory: string; tools: Tools },
  cleanups: Cleanups,
): Promise<{ relayBeforeBytes: number; relayAfterBytes: number }> {
  const [inspected] = await startCulvert(
    {
      ...{ root, upstreamUrl, inspect: true },
      directory: join(directory, "inspected"),
      plans: [{ name: "inspected", connectors: 1, roundTripMs: null }],
    },
    cleanups,
  );
  if (inspected === undefined) throw new Error("no tunnel");
  const { beforeBytes, afterBytes } = await relayMemory(inspected, tools.load);
  return { relayBeforeBytes: beforeBytes, relayAfterBytes: afterBytes };
}

await runCommand(main);
