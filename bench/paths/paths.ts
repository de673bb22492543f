import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { spreadOf } from "../report/statistics.ts";
import { digits, table } from "../report/tables.ts";
import type { Results } from "../report/results.ts";
import { runRounds, startTools, warmUp } from "../runner.ts";
import { startCulvert } from "../subjects/culvert.ts";
import { direct } from "../subjects/plain.ts";
import { startDelayProxy, startServer } from "../subjects/start-server.ts";
import type { Cleanups, Subject } from "../subjects/subject.ts";
import { bulkJob, MIB, sizeName, type Workload } from "../workloads.ts";

const ROUND_TRIPS_MS = [20, 80, 200];
const SIZES = [MIB, 16 * MIB, 256 * MIB];
const QUICK_SIZES = [MIB, 16 * MIB, 64 * MIB];
/** Longer than a TCP connection remembers the state of the path. */
const PAUSE_MS = 600;
const WARM_UP_MS = 3_000;
const AT_ONCE = 8;
const AT_ONCE_BYTES = 32 * MIB;
const MAX_OVER_DIRECT = 1.1;
const MIN_SLOWEST_OVER_MEAN = 0.8;

type Model = "slow start" | "delay";

/** `null` means no delay at all. */
interface Path {
  name: string;
  model: Model | null;
  roundTripMs: number | null;
}

const PATHS: readonly Path[] = [
  { name: "0 ms", model: null, roundTripMs: null },
  ...(["slow start", "delay"] as const).flatMap((model) =>
    ROUND_TRIPS_MS.map((roundTripMs) => ({ name: `+${roundTripMs} ms, ${model}`, model, roundTripMs })),
  ),
];

/**
 * `npm run bench -- paths`: transfers over long paths through the tunnel, compared with the same transfers over HTTP/1.1
 * directly from the upstream over the same path.
 */
export async function pathRows(
  root: string,
  options: { only: string; rounds: number; quick: boolean },
  cleanups: Cleanups,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "culvert-paths-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const paths = PATHS.filter(({ name, model }) => model === null || name.includes(options.only));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const control = direct(upstream);
  const subjects: Subject[] = [];
  for (const { name, model, roundTripMs } of paths) {
    const slowStart = model === "slow start";
    const origin =
      roundTripMs === null
        ? control.origin
        : await startDelayProxy({ of: control.origin, roundTripMs, slowStart }, cleanups);
    subjects.push({ ...control, name: `direct ${name}`, origin });
  }
  const plans = paths.map(({ name, model, roundTripMs }) => ({
    ...{ name: `culvert ${name}`, connectors: 1, roundTripMs, slowStart: model === "slow start" },
  }));
  subjects.push(
    ...(await startCulvert(
      { root, directory: join(directory, "culvert"), upstreamUrl: upstream.url, plans },
      cleanups,
    )),
  );
  const names = subjects.map(({ name }) => name);
  const workloads = [
    ...(options.quick ? QUICK_SIZES : SIZES).flatMap((bytes) => [
      transfers("down", bytes, 1, names),
      transfers("up", bytes, 1, names),
    ]),
    transfers("down", AT_ONCE_BYTES, AT_ONCE, names),
    transfers("up", AT_ONCE_BYTES, AT_ONCE, names),
  ];
  const tools = startTools(control, cleanups);
  await warmUp(subjects, workloads, tools, WARM_UP_MS);
  const results = await runRounds({ rounds: options.rounds, workloads, subjects, tools });
  const rows = rowsOf(results, paths, workloads);
  console.log(`\n${table(cellsOf(rows))}\n`);
  const resultsDir = join(root, "bench/results");
  mkdirSync(resultsDir, { recursive: true });
  const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version };
  const report = { at: new Date().toISOString(), machine, rounds: options.rounds, rows };
  writeFileSync(join(resultsDir, "paths.json"), `${JSON.stringify(report, null, 1)}\n`);
}

/** Transfers one after the other on each connection, each after a pause. */
function transfers(direction: "down" | "up", bytes: number, atOnce: number, subjects: string[]): Workload {
  const count = atOnce === 1 ? "" : `${atOnce} × `;
  const times = atOnce > 1 || bytes > 16 * MIB ? 1 : 3;
  return {
    name: `${count}${sizeName(bytes)} ${direction}`,
    subjects,
    job: (subject) => ({
      ...bulkJob(subject, direction, bytes, atOnce),
      ...{ transfers: times, pauseMs: PAUSE_MS },
    }),
  };
}

interface PathRow {
  workload: string;
  path: string;
  directMs: number;
  tunnelMs: number;
  overDirect: number;
  /** The time relative to the tunnel's own limit: its time without delay plus what the path adds to the direct transfer. */
  overOwnLimit: number;
  /** For several transfers at once. */
  directSlowestOverMean: number | null;
  slowestOverMean: number | null;
}

function rowsOf(results: Results, paths: readonly Path[], workloads: readonly Workload[]): PathRow[] {
  const p50 = (workload: string, subject: string): number =>
    results.spread(workload, subject, (sample) => sample.p50Ms).median;
  const fairness = (workload: string, subject: string): number | null =>
    workload.startsWith(`${AT_ONCE} ×`)
      ? results.spread(workload, subject, (sample) => sample.slowestOverMean).median
      : null;
  return paths.flatMap(({ name }) =>
    workloads.map((workload) => {
      const timesOf = (subject: string, path: string): number[] =>
        results.samples
          .filter((sample) => sample.workload === workload.name && sample.subject === `${subject} ${path}`)
          .map((sample) => sample.p50Ms);
      const [direct, tunnel] = [timesOf("direct", name), timesOf("culvert", name)];
      const [directNear, tunnelNear] = [timesOf("direct", "0 ms"), timesOf("culvert", "0 ms")];
      const each = (ratio: (round: number) => number): number =>
        spreadOf(tunnel.map((_, round) => ratio(round))).median;
      const at = (times: readonly number[], round: number): number => times[round] ?? NaN;
      return {
        workload: workload.name,
        path: name,
        directMs: p50(workload.name, `direct ${name}`),
        tunnelMs: p50(workload.name, `culvert ${name}`),
        overDirect: each((round) => at(tunnel, round) / at(direct, round)),
        overOwnLimit: each(
          (round) => at(tunnel, round) / (at(tunnelNear, round) + at(direct, round) - at(directNear, round)),
        ),
        directSlowestOverMean: fairness(workload.name, `direct ${name}`),
        slowestOverMean: fairness(workload.name, `culvert ${name}`),
      };
    }),
  );
}

function cellsOf(rows: readonly PathRow[]): string[][] {
  const head = [
    "transfer",
    "path",
    "direct ms",
    "tunnel ms",
    "over direct",
    "over own limit",
    "slowest over mean",
  ];
  return [
    [...head, ""],
    ...rows.map((row) => [
      ...[row.workload, row.path, digits(row.directMs), digits(row.tunnelMs)],
      ...[row.overDirect.toFixed(2), row.overOwnLimit.toFixed(2)],
      row.slowestOverMean === null
        ? ""
        : `${row.slowestOverMean.toFixed(2)} (direct ${(row.directSlowestOverMean ?? NaN).toFixed(2)})`,
      verdictOf(row),
    ]),
  ];
}

function verdictOf({ path, overDirect, overOwnLimit, slowestOverMean }: PathRow): string {
  if (path === "0 ms") return "";
  // Several direct transfers have a connection each, and therefore a slow start each, so their time is no measure.
  if (slowestOverMean !== null) return slowestOverMean >= MIN_SLOWEST_OVER_MEAN ? "PASS" : "FAIL";
  if (overDirect <= MAX_OVER_DIRECT) return "PASS";
  return overOwnLimit <= MAX_OVER_DIRECT ? "FAIL, but for its own limit" : "FAIL";
}
