import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "./command.ts";
import type { LoadJob } from "./load/job.ts";
import type { Tools } from "./measure.ts";
import { type Cost, type Counts, costOf, perMillion } from "./report/prices.ts";
import { telemetryLoad } from "./report/quiet-load.ts";
import { cpuMs } from "./instruments/process-usage.ts";
import { startTools } from "./runner.ts";
import { type CulvertSubject, startCulvert } from "./subjects/culvert.ts";
import { direct } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import type { Cleanups } from "./subjects/subject.ts";
import { digits, table } from "./report/tables.ts";
import { chattyWebSockets, get, idleWebSockets, KIB, MIB, post } from "./workloads.ts";

/**
 * `npm run bench:cost`: counts what Cloudflare bills for each workload, and calculates the price of a million requests.
 * Prints the tables of docs/cost.md and writes bench/results/cost.json.
 */

const root = join(import.meta.dirname, "..");
const DURATIONS = { warmUpMs: 500, measureMs: 4000 };
const SOCKETS = 100;
const IDLE_MS = 25_000;
/** Requests per second for which the price of a million is calculated. */
const RATES = [0.01, 0.1, 1, 10, 100, 1000];
/** Numbers of objects that share a tunnel's requests. */
const OBJECTS = [1, 4, 32];

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
  // Messages of a gateway's WebSocket are inbound messages too.
  const ownMessages = perMessage ? result.count : 0;
  const counts = {
    requests: result.count,
    inboundMessages: inboundMessages + ownMessages,
    activeSeconds: result.elapsedMs / 1000,
  };
  return { workload: workload.name, counts };
}

/** Idle WebSockets, from their opening until some time after the object has gone to sleep. */
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

  const priced: (Counted & { cost: Cost })[] = [];
  for (const { workload, counts } of counted) {
    const load = await loadAt(counts.requests / counts.activeSeconds);
    priced.push({ workload, counts, cost: costOf(perMillion(counts), load) });
  }
  console.log(`\n${countsTable([...counted, chatty])}\n\n${idle}\n`);
  console.log(`${costTable(priced.map(({ workload, cost }) => ({ name: workload, cost })))}\n`);
  const [single] = counted;
  const byRate: { name: string; cost: Cost }[] = [];
  const byObjects: { perSecond: number; totals: number[] }[] = [];
  if (single === undefined) throw new Error("nothing was counted");
  for (const perSecond of RATES) {
    const costs: Cost[] = [];
    for (const objects of OBJECTS) costs.push(await atRate(single.counts, perSecond / objects));
    const [alone] = costs;
    if (alone !== undefined) byRate.push({ name: `${perSecond} a second`, cost: alone });
    byObjects.push({ perSecond, totals: costs.map(({ total }) => total) });
  }
  console.log(`${costTable(byRate)}\n`);
  console.log(`${objectsTable(byObjects)}\n`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  writeFileSync(
    join(root, "bench/results/cost.json"),
    `${JSON.stringify({ at: new Date().toISOString(), priced, chatty, idle, byRate, byObjects }, null, 1)}\n`,
  );
}

/** The calls and rows of a million requests at this rate. */
async function loadAt(perSecond: number) {
  // Enough requests for several batches, whatever the rate.
  return perMillion(await telemetryLoad(perSecond, Math.max(3_000, Math.ceil(60 * perSecond))));
}

/** Requests at even intervals to one object. It sleeps between two of them, except while their events wait for a batch. */
async function atRate(counts: Counts, perSecond: number): Promise<Cost> {
  const load = await loadAt(perSecond);
  const each = perMillion(counts);
  const activeSeconds = Math.min(1e6 / perSecond, each.activeSeconds + load.gatherSeconds);
  return costOf({ ...each, activeSeconds }, load);
}

function objectsTable(rows: readonly { perSecond: number; totals: readonly number[] }[]): string {
  const head = [
    "$ per million requests",
    ...OBJECTS.map((count) => `on ${count} object${count === 1 ? "" : "s"}`),
  ];
  const cells = rows.map(({ perSecond, totals }) => [
    `${perSecond} a second`,
    ...totals.map((dollars) => dollars.toFixed(3)),
  ]);
  return table([head, ...cells]);
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
    ...[
      cost.objectRequests,
      cost.inboundMessages,
      cost.activeTime,
      cost.telemetry,
      cost.total,
      cost.history,
    ].map((dollars) => dollars.toFixed(3)),
  ]);
  const head = [
    "$ per million requests",
    "object requests",
    "messages",
    "active time",
    "telemetry",
    "total",
    "history besides",
  ];
  return table([head, ...cells]);
}

await runCommand(main);
