import type { LoadJob, LoadResult } from "./load/job.ts";
import type { LoadGenerator } from "./load/load-generator.ts";
import { cpuMs, residentBytes } from "./instruments/process-usage.ts";
import type { Subject } from "./subjects/subject.ts";
import type { Workload } from "./workloads.ts";

/** One measurement of one workload on one subject. */
export interface Sample {
  workload: string;
  subject: string;
  round: number;
  isBulk: boolean;
  count: number;
  perSecond: number;
  mibPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** For transfers or requests: 1 if all took the same time. */
  slowestOverMean: number;
  /** CPU time by part, in µs: for each request, or for each MiB of large transfers. */
  cpuUs: Readonly<Record<string, number>>;
  /** Messages toward the relay for each request; null if the subject has none. */
  messagesPerRequest: number | null;
  residentBytes: Readonly<Record<string, number>>;
}

export interface Tools {
  load: LoadGenerator;
  background: LoadGenerator;
  /** The upstream itself, as a subject without a tunnel. */
  upstream: Subject;
}

const MIB = 1024 * 1024;

export async function measure(
  workload: Workload,
  subject: Subject,
  round: number,
  { load, background, upstream }: Tools,
  perSecond?: number,
): Promise<Sample> {
  const job = { ...workload.job(subject), ...(perSecond === undefined ? {} : { perSecond }) };
  const parts = (): Record<string, readonly number[]> => ({
    ...subject.pids(),
    load: [load.pid],
    ...upstream.pids(),
  });
  const cpuNow = () => mapValues(parts(), (pids) => sum(pids.map(cpuMs)));
  let before: Record<string, number> = {};
  let messagesBefore: Promise<number> | undefined;

  const besides = workload.background?.(subject, upstream);
  const besidesDone = besides === undefined ? null : await startedJob(background, besides);
  const result = await load.run(job, () => {
    before = cpuNow();
    messagesBefore = subject.relayMessages?.();
  });
  const after = cpuNow();
  const messages = (await subject.relayMessages?.()) ?? NaN;
  if (besidesDone !== null) {
    background.stopJob();
    await besidesDone.result;
  }

  const units = job.kind === "bulk" ? result.bytes / MIB : result.count;
  return {
    workload: workload.name,
    subject: subject.name,
    round,
    isBulk: job.kind === "bulk",
    count: result.count,
    perSecond: (result.count * 1000) / result.elapsedMs,
    mibPerSecond: (bytesOf(job, result) * 1000) / MIB / result.elapsedMs,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    slowestOverMean: result.slowestOverMean,
    cpuUs: mapValues(after, (ms, part) => ((ms - (before[part] ?? ms)) * 1000) / units),
    messagesPerRequest:
      messagesBefore === undefined ? null : (messages - (await messagesBefore)) / result.count,
    residentBytes: mapValues(subject.pids(), (pids) => sum(pids.map((pid) => residentBytes(pid).now))),
  };
}

/** A job that is running with all its connections established. */
async function startedJob(load: LoadGenerator, job: LoadJob): Promise<{ result: Promise<LoadResult> }> {
  const started = Promise.withResolvers<void>();
  const result = load.run(job, started.resolve);
  // This job's result is needed only after it was stopped.
  result.catch(started.reject);
  await started.promise;
  return { result };
}

function bytesOf(job: ReturnType<Workload["job"]>, result: { count: number; bytes: number }): number {
  return job.kind === "requests" ? result.count * (job.sendBytes ?? job.expectBytes) : result.bytes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => number) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
