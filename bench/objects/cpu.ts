import { join } from "node:path";
import { measure, type Sample } from "../measure.ts";
import { spreadOf } from "../report/statistics.ts";
import { startTools, warmUp } from "../runner.ts";
import { type CulvertSubject, startCulvert } from "../subjects/culvert.ts";
import { direct } from "../subjects/plain.ts";
import { startServer } from "../subjects/start-server.ts";
import type { Cleanups } from "../subjects/subject.ts";
import { get, KIB } from "../workloads.ts";
import type { Row } from "./row.ts";

/** At a time, over all objects. */
const AT_ONCE = 64;
const OBJECTS = 8;
const WARM_UP_MS = 15_000;
const MAX_OVER_MEAN = 1.2;
const RELAY_CPU = 1.15;
const CONNECTOR_CPU = 1.1;

const ONE = "1 object";
const MANY = "8 objects";
const MANY_TWICE = "8 objects, 2 links each";

/** What a small GET costs on eight objects, beside one; and how evenly they share 64 at a time. */
export async function cpuRows(
  options: { root: string; directory: string; rounds: number },
  cleanups: Cleanups,
): Promise<Row[]> {
  const { root, directory, rounds } = options;
  const upstream = await startServer("upstream.ts", [], cleanups);
  const plan = { connectors: 1, roundTripMs: null };
  const subjects = await startCulvert(
    {
      ...{ root, directory: join(directory, "cpu"), upstreamUrl: upstream.url },
      plans: [
        { ...plan, name: ONE },
        { ...plan, name: MANY, objects: OBJECTS },
        { ...plan, name: MANY_TWICE, objects: OBJECTS, connections: 2 },
      ],
    },
    cleanups,
  );
  const tools = startTools(direct(upstream), cleanups);
  const all = {
    ...get(KIB, AT_ONCE, { warmUpMs: 500, measureMs: 4_000 }),
    subjects: [ONE, MANY, MANY_TWICE],
  };
  await warmUp(subjects, [all], tools, WARM_UP_MS);

  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    // Nobody is always first, so that a slow minute of the machine hits all alike.
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(turn + round) % subjects.length];
      if (subject !== undefined) samples.push(await measure(all, subject, round, tools));
    }
  }
  const over = (part: string, name: string) =>
    medianOf(
      Array.from(
        { length: rounds },
        (_, round) => cpuOf(samples, name, round, part) / cpuOf(samples, ONE, round, part),
      ),
    );
  const relay = over("relay", MANY);
  const connector = over("connector", MANY_TWICE);
  return [
    {
      name: "relay's CPU for a small GET, 8 objects over 1",
      measured: relay.toFixed(2),
      wanted: `<= ${RELAY_CPU}`,
      passed: relay <= RELAY_CPU,
      detail: partsOf(samples, "relay", rounds),
    },
    {
      name: "connector's CPU for a small GET, 8 × 2 links over 1",
      measured: connector.toFixed(2),
      wanted: `<= ${CONNECTOR_CPU}`,
      passed: connector <= CONNECTOR_CPU,
      detail: partsOf(samples, "connector", rounds),
    },
    await balanceRow(subjects, tools.load.run.bind(tools.load)),
  ];
}

function cpuOf(samples: readonly Sample[], subject: string, round: number, part: string): number {
  return samples.find((sample) => sample.subject === subject && sample.round === round)?.cpuUs[part] ?? NaN;
}

function partsOf(samples: readonly Sample[], part: string, rounds: number): string {
  return [ONE, MANY, MANY_TWICE]
    .map((name) => {
      const each = Array.from({ length: rounds }, (_, round) => cpuOf(samples, name, round, part));
      const rates = samples.filter(({ subject }) => subject === name).map(({ perSecond }) => perSecond);
      return `${name}: ${Math.round(medianOf(each))} µs at ${Math.round(medianOf(rates))}/s`;
    })
    .join(", ");
}

/** By the rates that the objects themselves have counted. */
async function balanceRow(
  subjects: readonly CulvertSubject[],
  run: (job: ReturnType<ReturnType<typeof get>["job"]>) => Promise<{ count: number }>,
): Promise<Row> {
  const subject = subjects.find(({ name }) => name === MANY);
  if (subject === undefined) throw new Error(`no ${MANY}`);
  // A rate is of the last ten seconds.
  const job = get(KIB, AT_ONCE, { warmUpMs: 0, measureMs: 15_000 }).job(subject);
  const { count } = await run(job);
  const rates = (await subject.admin.objects(subject.tunnelId)).map(
    ({ requestsPerSecond }) => requestsPerSecond,
  );
  const busiest = (Math.max(...rates) * rates.length) / rates.reduce((sum, rate) => sum + rate, 0);
  return {
    name: "busiest of 8 objects over the mean, 64 at a time",
    measured: busiest.toFixed(3),
    wanted: `<= ${MAX_OVER_MEAN}`,
    passed: rates.length === OBJECTS && busiest <= MAX_OVER_MEAN,
    detail: `${count} requests`,
  };
}

function medianOf(values: readonly number[]): number {
  return spreadOf(values).median;
}
