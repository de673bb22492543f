import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import { CpuProfiler, selfTimes } from "./instruments/cpu-profiler.ts";
import { measure, type Tools } from "./measure.ts";
import { NativeProfiler } from "./instruments/native-profile.ts";
import { startTools, warmUp } from "./runner.ts";
import { startCulvert, type TunnelPlan } from "./subjects/culvert.ts";
import { startFloors } from "./subjects/floor.ts";
import { direct } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import { spreadOf } from "./report/statistics.ts";
import type { Cleanups, Subject } from "./subjects/subject.ts";
import { digits, table } from "./report/tables.ts";
import { bulk, get, KIB, MIB, type Workload } from "./workloads.ts";

const help = `npm run bench:profile [-- options]

Shows where relay and connector spend their time under one load, by V8's sampling profiler.

  --load get|down|up   small GETs (the default), or large transfers
  --concurrency N      GETs at once (default 32)
  --seconds N          how long to profile (default 5)
  --rtt MS             round trip between the connector and the relay (default 0)
  --top N              lines per table (default 40)
  --objects N          run the tunnel on N objects; with --native, compare with one object
  --native             also profile the relay's native code, compared with the floor and the bare relay,
                       by kind of work, in rounds; needs Linux's perf (apt-get install linux-perf)
  -h, --help           this text

Writes bench/results/relay.cpuprofile and connector.cpuprofile for the developer tools of a browser.`;

const root = join(import.meta.dirname, "..");
const WARM_UP_MS = 10_000;
const NATIVE_ROUNDS = 5;

async function main(cleanups: Cleanups): Promise<void> {
  const { values } = parseArgs({
    options: {
      load: { type: "string", default: "get" },
      concurrency: { type: "string", default: "32" },
      seconds: { type: "string", default: "5" },
      rtt: { type: "string", default: "0" },
      top: { type: "string", default: "40" },
      objects: { type: "string", default: "1" },
      native: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(help);
  if (values.native && !(await NativeProfiler.isThere()))
    throw new Error("perf is not installed (apt-get install linux-perf)");
  const directory = mkdtempSync(join(tmpdir(), "culvert-profile-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const tools = startTools(direct(upstream), cleanups);
  const measureMs = Number(values.seconds) * 1000;
  const requests = get(KIB, Number(values.concurrency), { warmUpMs: 0, measureMs });
  const plans: TunnelPlan[] = [
    { name: "culvert", connectors: 1, roundTripMs: values.rtt === "0" ? null : Number(values.rtt) },
  ];
  const objects = Number(values.objects);
  if (!values.native && plans[0] !== undefined) plans[0].objects = objects;
  else if (objects > 1)
    plans.push({ connectors: 1, roundTripMs: null, name: `culvert, ${objects} objects`, objects });
  const options = { root, directory, upstreamUrl: upstream.url, plans, inspect: !values.native };
  const [subject, ...more] = await startCulvert(options, cleanups);
  if (subject === undefined) throw new Error("no tunnel");
  const transfer = bulk(values.load === "up" ? "up" : "down", 64 * MIB);
  if (values.native) {
    const { floor, relay, limit } = await startFloors(directory, upstream.url, cleanups);
    const isOfRequests = values.load === "get";
    const subjects = [...(isOfRequests ? [floor, relay] : [limit]), subject, ...more];
    const workload = { ...(isOfRequests ? requests : transfer), subjects: subjects.map(({ name }) => name) };
    await warmUp(subjects, [workload], tools, WARM_UP_MS);
    return console.log(await nativeTable(subjects, workload, tools, directory));
  }
  const workload = { ...(values.load === "get" ? requests : transfer), subjects: [subject.name] };
  await warmUp([subject], [workload], tools, WARM_UP_MS);

  const profilers = await Promise.all(
    Object.entries(subject.inspectorUrls).map(async ([part, url]) => ({
      part,
      profiler: await CpuProfiler.start(url, subject.origin),
    })),
  );
  if (values.load === "get") {
    await tools.load.run(requests.job(subject));
  } else {
    const endMs = performance.now() + measureMs;
    while (performance.now() < endMs) await tools.load.run(transfer.job(subject));
  }
  const resultsDir = join(root, "bench/results");
  mkdirSync(resultsDir, { recursive: true });
  for (const { part, profiler } of profilers) {
    const profile = await profiler.stop();
    writeFileSync(join(resultsDir, `${part}.cpuprofile`), JSON.stringify(profile));
    const rows = selfTimes(profile)
      .slice(0, Number(values.top))
      .map(({ name, share }) => [name, `${(share * 100).toFixed(1)} %`]);
    console.log(`\n${table([[part, "self"], ...rows])}`);
  }
}

/** What each subject's relay does for a request or a MiB, in µs of CPU time by kind. */
async function nativeTable(
  subjects: readonly Subject[],
  workload: Workload,
  tools: Tools,
  directory: string,
): Promise<string> {
  const costs = new Map<string, Map<string, number[]>>();
  for (let round = 0; round < NATIVE_ROUNDS; round += 1) {
    for (const subject of subjects) {
      const pids = subject.pids()["relay"] ?? [];
      const profiler = NativeProfiler.start(pids, join(directory, "perf.data"));
      const { cpuUs } = await measure(workload, subject, round, tools);
      for (const [kind, share] of await profiler.stop()) {
        const ofKind = costs.get(kind) ?? new Map<string, number[]>();
        costs.set(kind, ofKind);
        ofKind.set(subject.name, [...(ofKind.get(subject.name) ?? []), share * (cpuUs["relay"] ?? NaN)]);
      }
    }
  }
  const median = (kind: string, { name }: Subject) => spreadOf(costs.get(kind)?.get(name) ?? [0]).median;
  const last = subjects.at(-1);
  const kinds = [...costs.keys()].sort((a, b) => (last ? median(b, last) - median(a, last) : 0));
  const rows = kinds.map((kind) => [kind, ...subjects.map((subject) => digits(median(kind, subject)))]);
  const sums = subjects.map((subject) => digits(kinds.reduce((sum, kind) => sum + median(kind, subject), 0)));
  const unit = workload.name.startsWith("GET") ? "request" : "MiB";
  return table([[`relay's µs per ${unit}`, ...subjects.map(({ name }) => name)], ...rows, ["sum", ...sums]]);
}

await runCommand(main);
