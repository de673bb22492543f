import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "./command.ts";
import type { LoadJob } from "./load/job.ts";
import type { Tools } from "./measure.ts";
import { BATCH_SECONDS, type Cost, type Counts, costOf, perMillion } from "./report/prices.ts";
import { cpuMs } from "./instruments/process-usage.ts";
import { startTools } from "./runner.ts";
import { type CulvertSubject, startCulvert } from "./subjects/culvert.ts";
import { direct } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import type { Cleanups } from "./subjects/subject.ts";
import { digits, table } from "./report/tables.ts";
import { chattyWebSockets, get, idleWebSockets, KIB, MIB, post } from "./workloads.ts";

/**
 * `npm run bench:cost`: counts what Cloudflare bills while the relay carries each workload, and prices a million
 * requests of it. Prints the tables of docs/cost.md and writes bench/results/cost.json.
 */

const root = join(import.meta.dirname, "..");
const DURATIONS = { warmUpMs: 500, measureMs: 4000 };
const SOCKETS = 100;
const IDLE_MS = 25_000;
/** After a request its event waits for others, by a timer: until the batch has left, an object cannot sleep. */
const TAIL_SECONDS = BATCH_SECONDS;
/** Requests per second at which a million of them are priced. */
const RATES = [0.01, 0.1, 1, 10, 100, 1000];

interface Counted {
  workload: string;
  counts: Counts;
}

async function count(
  subject: CulvertSubject,
  { load }: Tools,
  workload: { name: string; job(subject: CulvertSubject): LoadJob },
  perMessage: boolean,
): Promise<Counted> {
  let before: Promise<number> | undefined;
  const result = await load.run(workload.job(subject), () => {
    before = subject.relayMessages();
  });
  const inboundMessages = (await subject.relayMessages()) - ((await before) ?? 0);
  // What a gateway's WebSocket says is an inbound message as well.
  const ownMessages = perMessage ? result.count : 0;
  const counts = {
    requests: result.count,
    inboundMessages: inboundMessages + ownMessages,
    activeSeconds: result.elapsedMs / 1000,
  };
  return { workload: workload.name, counts };
}

/** WebSockets that say nothing, until the object sleeps, and some time beyond. */
async function countIdle(subject: CulvertSubject, { load }: Tools): Promise<string> {
  let before = { cpu: 0, messages: 0 };
  let settled = Promise.resolve();
  const observe = async () => ({ cpu: cpuMs(subject.workerdPid), messages: await subject.relayMessages() });
  const settleMs = 15_000;
  await load.run(idleWebSockets(SOCKETS, settleMs + IDLE_MS).job(subject), () => {
    settled = sleep(settleMs).then(async () => void (before = await observe()));
  });
  await settled;
  const after = await observe();
  const [cpu, messages] = [after.cpu - before.cpu, after.messages - before.messages];
  return `${SOCKETS} WebSockets that were idle for ${IDLE_MS / 1000} s: ${messages} messages, ${cpu} ms CPU of the whole relay`;
}

async function main(cleanups: Cleanups): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "culvert-cost-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const plans = [{ name: "culvert x1", connectors: 1, roundTripMs: null }];
  const options = { root, directory, upstreamUrl: upstream.url, plans };
  const [subject] = await startCulvert(options, cleanups);
  if (subject === undefined) throw new Error("no tunnel");
  const tools = startTools(direct(upstream), cleanups);
  const workloads = [
    ...[1, 16, 64].map((concurrency) => get(KIB, concurrency, DURATIONS)),
    get(MIB, 4, DURATIONS),
    post(KIB, 16, DURATIONS),
    post(MIB, 4, DURATIONS),
  ];
  const counted: Counted[] = [];
  for (const workload of workloads) counted.push(await count(subject, tools, workload, false));
  const chatty = await count(subject, tools, chattyWebSockets(SOCKETS, DURATIONS.measureMs), true);
  const idle = await countIdle(subject, tools);

  const priced = counted.map(({ workload, counts }) => ({
    workload,
    counts,
    cost: costOf(perMillion(counts)),
  }));
  console.log(`\n${countsTable([...counted, chatty])}\n\n${idle}\n`);
  console.log(`${costTable(priced.map(({ workload, cost }) => ({ name: workload, cost })))}\n`);
  const [single] = counted;
  const byRate = single === undefined ? [] : RATES.map((perSecond) => atRate(single.counts, perSecond));
  console.log(`${costTable(byRate)}\n`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  writeFileSync(
    join(root, "bench/results/cost.json"),
    `${JSON.stringify({ at: new Date().toISOString(), priced, chatty, idle, byRate }, null, 1)}\n`,
  );
}

/** Requests that come evenly, each by itself: between two of them the object stays awake for the tail, or sleeps. */
function atRate(counts: Counts, perSecond: number): { name: string; cost: Cost } {
  const activeSeconds = Math.min(1 / perSecond, counts.activeSeconds / counts.requests + TAIL_SECONDS);
  const each = { ...perMillion(counts), activeSeconds: 1e6 * activeSeconds };
  return { name: `${perSecond} a second`, cost: costOf(each) };
}

function countsTable(counted: readonly Counted[]): string {
  const rows = counted.map(({ workload, counts: { requests, inboundMessages, activeSeconds } }) => [
    workload,
    String(requests),
    digits(inboundMessages / requests),
    digits((activeSeconds * 1000) / requests),
  ]);
  return table([["workload", "requests", "inbound messages each", "active ms each"], ...rows]);
}

function costTable(rows: readonly { name: string; cost: Cost }[]): string {
  const cells = rows.map(({ name, cost }) => [
    name,
    ...[cost.objectRequests, cost.inboundMessages, cost.activeTime, cost.telemetry, cost.total].map(
      (dollars) => dollars.toFixed(3),
    ),
  ]);
  const head = ["$ per million requests", "object requests", "messages", "active time", "telemetry", "total"];
  return table([head, ...cells]);
}

await runCommand(main);
