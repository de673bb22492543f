import { join } from "node:path";
import { measure, type Sample } from "../measure.ts";
import { spreadOf } from "../report/statistics.ts";
import { startTools, warmUp } from "../runner.ts";
import { type CulvertSubject, startCulvert } from "../subjects/culvert.ts";
import { direct } from "../subjects/plain.ts";
import { startServer } from "../subjects/start-server.ts";
import { startFloors } from "../subjects/floor.ts";
import type { Cleanups, Subject } from "../subjects/subject.ts";
import { get, KIB } from "../workloads.ts";
import type { Row } from "./row.ts";

/** Requests at a time, over all objects. */
const AT_ONCE = 64;
const OBJECTS = 8;
/** The rate for comparisons at equal load: the platform's own figure for one object. */
const REQUESTS_PER_SECOND = 1_000;
const WARM_UP_MS = 15_000;
const MAX_OVER_MEAN = 1.2;
const RELAY_CPU = 1.15;
const CONNECTOR_CPU = 1.1;

const ONE = "1 object";
const MANY = "8 objects";
const MANY_TWICE = "8 objects, 2 links each";

export const CPU_ROWS = ["relay", "same-rate", "connector", "balance", "bare"] as const;
export type CpuRow = (typeof CPU_ROWS)[number];

/**
 * The cost of a small GET on eight objects compared with one, and how evenly the objects share 64 requests at a time. The
 * same on the bare relay shows how much of it is the platform's.
 */
export async function cpuRows(
  wanted: readonly CpuRow[],
  options: { root: string; directory: string; rounds: number },
  cleanups: Cleanups,
): Promise<Row[]> {
  const { root, directory, rounds } = options;
  const upstream = await startServer("upstream.ts", [], cleanups);
  const plan = { connectors: 1, roundTripMs: null };
  const plans = [
    { ...plan, name: ONE },
    { ...plan, name: MANY, objects: OBJECTS },
    ...(wanted.includes("connector")
      ? [{ ...plan, name: MANY_TWICE, objects: OBJECTS, connections: 2 }]
      : []),
  ];
  const culvert = await startCulvert(
    { root, directory: join(directory, "cpu"), upstreamUrl: upstream.url, plans },
    cleanups,
  );
  const floors = wanted.includes("bare") ? await startFloors(directory, upstream.url, cleanups) : null;
  const subjects: Subject[] = [...culvert, ...(floors === null ? [] : [floors.relay, floors.relays])];
  const tools = startTools(direct(upstream), cleanups);
  const all = {
    ...get(KIB, AT_ONCE, { warmUpMs: 500, measureMs: 4_000 }),
    subjects: subjects.map(({ name }) => name),
  };
  await warmUp(subjects, [all], tools, WARM_UP_MS);

  const samples: Sample[] = [];
  const paced: Sample[] = [];
  const isFlooded = wanted.some((row) => row === "relay" || row === "bare");
  // At full speed, one object combines answers into larger messages, and the comparison would measure that.
  const isPaced = wanted.some((row) => row === "same-rate" || row === "connector");
  for (let round = 0; round < rounds; round++) {
    // The order rotates, so that a slow minute of the machine affects all alike.
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(turn + round) % subjects.length];
      if (subject === undefined) continue;
      if (isFlooded) samples.push(await measure(all, subject, round, tools));
      if (!isPaced) continue;
      paced.push(await measure(all, subject, round, tools, REQUESTS_PER_SECOND));
    }
  }
  const over = (part: string, name: string, base: string, of = samples) =>
    medianOf(
      Array.from(
        { length: rounds },
        (_, round) => cpuOf(of, name, round, part) / cpuOf(of, base, round, part),
      ),
    );
  const measures: Record<CpuRow, () => Row | Promise<Row>> = {
    relay: () =>
      ratioRow("relay's CPU for a small GET, 8 objects over 1", over("relay", MANY, ONE), RELAY_CPU, [
        partOf(samples, ONE, "relay"),
        partOf(samples, MANY, "relay"),
      ]),
    "same-rate": () =>
      ratioRow("the same, both at the same rate", over("relay", MANY, ONE, paced), RELAY_CPU, [
        partOf(paced, ONE, "relay"),
        partOf(paced, MANY, "relay"),
      ]),
    connector: () =>
      ratioRow(
        "connector's CPU for a small GET, 8 × 2 links over 1, both at the same rate",
        over("connector", MANY_TWICE, ONE, paced),
        CONNECTOR_CPU,
        [partOf(paced, ONE, "connector"), partOf(paced, MANY_TWICE, "connector")],
      ),
    balance: () => balanceRow(culvert, tools.load.run.bind(tools.load)),
    bare: () => {
      const [one = "", many = ""] = [floors?.relay.name, floors?.relays.name];
      return ratioRow(
        "the bare relay's CPU for a small GET, 8 objects over 1",
        over("relay", many, one),
        null,
        [partOf(samples, one, "relay"), partOf(samples, many, "relay")],
      );
    },
  };
  const rows: Row[] = [];
  for (const row of wanted) rows.push(await measures[row]());
  return rows;
}

/** `most` is null if there is no target. */
function ratioRow(name: string, ratio: number, most: number | null, details: readonly string[]): Row {
  return {
    name,
    measured: ratio.toFixed(2),
    wanted: most === null ? "–" : `<= ${most}`,
    passed: most === null || ratio <= most,
    detail: details.join(", "),
  };
}

function cpuOf(samples: readonly Sample[], subject: string, round: number, part: string): number {
  return samples.find((sample) => sample.subject === subject && sample.round === round)?.cpuUs[part] ?? NaN;
}

function partOf(samples: readonly Sample[], name: string, part: string): string {
  const own = samples.filter(({ subject }) => subject === name);
  const cpuUs = medianOf(own.map((sample) => sample.cpuUs[part] ?? NaN));
  const rate = medianOf(own.map(({ perSecond }) => perSecond));
  const messages = medianOf(own.map(({ messagesPerRequest }) => messagesPerRequest ?? NaN));
  const gathered = Number.isNaN(messages) ? "" : `, ${messages.toFixed(2)} messages each`;
  return `${name}: ${Math.round(cpuUs)} µs at ${Math.round(rate)}/s${gathered}`;
}

/** Uses the rates that the objects counted themselves. */
async function balanceRow(
  subjects: readonly CulvertSubject[],
  run: (job: ReturnType<ReturnType<typeof get>["job"]>) => Promise<{ count: number }>,
): Promise<Row> {
  const subject = subjects.find(({ name }) => name === MANY);
  if (subject === undefined) throw new Error(`no ${MANY}`);
  // The objects' rate covers the last ten seconds.
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
