import {
  ASKING,
  atTunnelsRate,
  bulk,
  chattyWebSockets,
  get,
  getDelayed,
  getWithHeaders,
  GIB,
  idleWebSockets,
  KIB,
  LIMIT,
  MIB,
  mixed,
  mixedAlone,
  post,
  roundTrips,
  STEADY,
  steady,
  steadyBesideStreams,
  TAILS,
  TCP,
  type Workload,
} from "./workloads.ts";

/** The subjects that the targets need. */
const QUICK_SUBJECTS: ReadonlySet<string> = new Set([
  "direct",
  "node floor",
  "floor",
  "bare relay",
  LIMIT,
  "culvert x1",
  TCP,
  "culvert +0 ms",
  "culvert +80 ms",
]);

/** Enough to check the targets, in under two minutes. */
export function quickPlan(measureMs = 500): Workload[] {
  return targetsPlan(measureMs).map((workload) => {
    const subjects =
      QUICK_ALONE[workload.name] ?? workload.subjects.filter((name) => QUICK_SUBJECTS.has(name));
    return { ...workload, subjects };
  });
}

/** Workloads for which only these subjects are needed. */
const QUICK_ALONE: Readonly<Record<string, readonly string[]>> = {
  "GET 1 KiB c=1": ["direct", "floor", "bare relay", ASKING, "culvert x1"],
  "GET 1 KiB c=16": ["direct", "floor", "localtunnel", "culvert x1"],
  "GET 1 KiB c=64": ["culvert x1"],
  ...Object.fromEntries(Object.values(TAILS).map((name) => [name, ["culvert x1"]])),
  ...Object.fromEntries(Object.values(STEADY).map((name) => [name, ["culvert x2"]])),
};

/** The workloads of the targets. */
function targetsPlan(measureMs: number): Workload[] {
  const durations = { warmUpMs: 300, measureMs };
  // A p99 of a few hundred requests depends on three of them.
  const forTails = { warmUpMs: 300, measureMs: 3 * measureMs };
  const ours = { subjects: ["culvert x1"] };
  return [
    withAsking(get(KIB, 1, durations)),
    get(KIB, 16, durations),
    get(KIB, 32, durations),
    atTunnelsRate(32, durations),
    get(KIB, 64, durations),
    bulk("down", 64 * MIB),
    bulk("up", 64 * MIB),
    roundTrips(durations),
    mixedAlone(forTails),
    mixed(TAILS.besideDownloads, "down", "through", forTails),
    { ...mixed(TAILS.whileDownloadsGoPast, "down", "past", forTails), ...ours },
    { ...mixed(TAILS.besideUploads, "up", "through", forTails), ...ours },
    { ...mixed(TAILS.whileUploadsGoPast, "up", "past", forTails), ...ours },
    steady(forTails),
    steadyBesideStreams(forTails),
  ];
}

/** Workloads of targets run in each round. The others run only in the first, because the whole would take half an hour. */
export function fullPlan(): Workload[] {
  const durations = { warmUpMs: 300, measureMs: 1000 };
  const others = [
    get(0, 1, durations),
    get(KIB, 256, durations),
    ...[1, 16, 64, 256].map((concurrency) => get(64 * KIB, concurrency, durations)),
    ...[16, 64, 256].map((concurrency) => get(0, concurrency, durations)),
    getWithHeaders(32, durations),
    post(KIB, 16, durations),
    post(MIB, 16, durations),
    getDelayed(1, durations),
    getDelayed(64, durations),
    few(bulk("down", GIB)),
    few(bulk("up", GIB)),
    chattyWebSockets(100, 1500),
    idleWebSockets(1000, 2000),
  ];
  return [...targetsPlan(1200), ...others.map((workload) => ({ ...workload, rounds: 1 }))];
}

/** For what happens to one request by itself. */
function withAsking(workload: Workload): Workload {
  return { ...workload, subjects: [...workload.subjects, ASKING] };
}

/** For workloads that take seconds each. */
function few(workload: Workload): Workload {
  return {
    ...workload,
    subjects: ["direct", "node floor", LIMIT, "culvert x1", "culvert +0 ms", "culvert +80 ms"],
  };
}
