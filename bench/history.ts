import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import type { Metric } from "./report/results.ts";
import { digits, table, withSpread } from "./report/tables.ts";
import { runRounds, startTools, warmUp } from "./runner.ts";
import { type CulvertSubject, startCulvert } from "./subjects/culvert.ts";
import { direct } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import type { Cleanups, Subject } from "./subjects/subject.ts";
import { get, KIB } from "./workloads.ts";

const help = `npm run bench:history [-- options]

What the history costs: the relay's CPU time of a small GET with the history, over that of a relay with HISTORY_EVENTS=0,
round by round. A third relay, also without history, shows how much two equal relays differ.

  --rounds N       how often to measure everything (default 40)
  --per-second N   requests per second at most; 0 for as many as possible (default 0)
  -h, --help       this text`;

const root = join(import.meta.dirname, "..");
const WARM_UP_MS = 10_000;
/** Long enough for several batches of events and, at full speed, several chunks of history. */
const DURATIONS = { warmUpMs: 300, measureMs: 3_000 };
const CONCURRENCY = 16;
/** The highest allowed cost of a request with history, relative to one without. */
const TARGET = 1.03;
const WITHOUT = { HISTORY_EVENTS: "0" };
const relayCpu: Metric = ({ cpuUs }) => cpuUs["relay"] ?? NaN;

async function main(cleanups: Cleanups): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "40" },
      "per-second": { type: "string", default: "0" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(help);
  const directory = mkdtempSync(join(tmpdir(), "culvert-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const subjects: CulvertSubject[] = [];
  for (const [name, vars] of Object.entries({ without: WITHOUT, history: {}, again: WITHOUT })) {
    const plans = [{ name, connectors: 1, roundTripMs: null }];
    const options = { root, directory: join(directory, name), upstreamUrl: upstream.url, plans, vars };
    subjects.push(...(await startCulvert(options, cleanups)));
  }
  const tools = startTools(direct(upstream), cleanups);
  const perSecond = Number(values["per-second"]);
  const plain = get(KIB, CONCURRENCY, DURATIONS);
  const workload = {
    ...plain,
    subjects: subjects.map(({ name }) => name),
    job: (subject: Subject) => ({
      ...plain.job(subject),
      ...(perSecond === 0 ? {} : { perSecond }),
    }),
  };
  await warmUp(subjects, [workload], tools, WARM_UP_MS);
  const results = await runRounds({
    ...{ rounds: Number(values.rounds), workloads: [workload], subjects, tools },
  });
  const of = (subject: string) => ({ workload: workload.name, subject, metric: relayCpu });
  const ratio = (subject: string) => results.ratio(of(subject), of("without"));
  /** A slow round has fewer requests, and therefore less weight. */
  const pooled = (subject: string): number => {
    const samples = results.samples.filter((sample) => sample.subject === subject);
    const cpu = samples.reduce((sum, sample) => sum + relayCpu(sample) * sample.count, 0);
    return cpu / samples.reduce((sum, sample) => sum + sample.count, 0);
  };
  const rows = ["without", "history", "again"].map((subject) => [
    subject,
    withSpread(results.spread(workload.name, subject, relayCpu)),
    withSpread(results.spread(workload.name, subject, ({ perSecond: rate }) => rate)),
    subject === "without" ? "" : withSpread(ratio(subject)),
    subject === "without" ? "" : digits(pooled(subject) / pooled("without")),
  ]);
  console.log(
    table([["relay", "µs CPU a request", "per second", "over without", "all rounds together"], ...rows]),
  );
  const { median } = ratio("history");
  console.log(
    `\n${digits(median)} × without; the target is ${TARGET}: ${median <= TARGET ? "met" : "missed"}`,
  );
}

await runCommand(main);
