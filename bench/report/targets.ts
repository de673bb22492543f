import type { Sample } from "../measure.ts";
import type { ConnectorStart } from "../start/connector-start.ts";
import type { Waking } from "../start/waking.ts";
import { ASKING, ROUND_TRIPS, STEADY, TAILS } from "../workloads.ts";
import type { Results } from "./results.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** A target for the tunnel: a ratio within one run. */
export interface Target {
  what: string;
  goal: number;
  atMost: boolean;
  /** Has no rounds if it was not measured in this run. */
  reached: Spread;
}

/** Measurements that belong to no workload; null if not measured in this run. */
export interface Facts {
  start: ConnectorStart | null;
  waking: Waking | null;
  memory: MemoryFacts | null;
}

interface MemoryFacts {
  connectorPeakBytes: number;
  relayBeforeBytes: number;
  relayAfterBytes: number;
}

const relayCpu = (sample: Sample): number => sample.cpuUs["relay"] ?? NaN;
const rate = (sample: Sample): number => sample.perSecond;
const p50 = (sample: Sample): number => sample.p50Ms;
const throughput = (sample: Sample): number => sample.mibPerSecond;
const MIB = 1024 * 1024;
const NOT_MEASURED = spreadOf([]);

export function targetsOf(results: Results, { start, memory }: Facts, subject = "culvert x1"): Target[] {
  const same = (workload: string, other: string, metric: (sample: Sample) => number): Spread =>
    results.ratio({ workload, subject, metric }, { workload, subject: other, metric });
  // Both go through the delaying proxy, because the proxy takes CPU time itself.
  const delayed = (workload: string): Spread =>
    results.ratio(
      { workload, subject: "culvert +80 ms", metric: throughput },
      { workload, subject: "culvert +0 ms", metric: throughput },
    );
  const kept = (value: (facts: MemoryFacts) => number): Spread => spreadOf(memory ? [value(memory)] : []);
  return [
    atMost(
      "relay CPU per small GET, c=32, over the floor's",
      1.35,
      same("GET 1 KiB c=32", "floor", relayCpu),
    ),
    atMost(
      "connector CPU per small GET over the node floor's at the same rate",
      1.5,
      results.ratio(
        { workload: "GET 1 KiB c=32", subject, metric: (sample) => sample.cpuUs["connector"] ?? NaN },
        {
          workload: "GET 1 KiB c=32, at the tunnel's rate",
          subject: "node floor",
          metric: (sample) => sample.cpuUs["proxy"] ?? NaN,
        },
      ),
    ),
    atMost(
      "p50 of a small GET at c=1, minus direct, over the floor's p50",
      2.0,
      addedLatency(results, subject),
    ),
    atMost("p50 of a small GET at c=1 over the bare relay's", 1.25, same("GET 1 KiB c=1", "bare relay", p50)),
    atLeast(
      "requests per second at c=16 over localtunnel's",
      2.5,
      same("GET 1 KiB c=16", "localtunnel", rate),
    ),
    atLeast(
      "64 MiB down over the object's own limit",
      0.85,
      same("64 MiB down", "object's limit", throughput),
    ),
    atLeast("64 MiB up over the object's own limit", 0.85, same("64 MiB up", "object's limit", throughput)),
    atMost(
      "relay CPU per MiB up over that of the object's own limit",
      1.1,
      same("64 MiB up", "object's limit", relayCpu),
    ),
    atLeast("64 MiB down at 80 ms over 0 ms", 0.7, delayed("64 MiB down")),
    atLeast("64 MiB up at 80 ms over 0 ms", 0.7, delayed("64 MiB up")),
    atMost(
      "p99 of small GETs beside 4 downloads over their p99 alone",
      3,
      tails(results, subject, TAILS.besideDownloads, TAILS.alone),
    ),
    atMost(
      "p99 of small GETs beside 4 downloads over their p99 while 4 go past",
      1.3,
      tails(results, subject, TAILS.besideDownloads, TAILS.whileDownloadsGoPast),
    ),
    atMost(
      "p99 of small GETs beside 8 uploads over their p99 while 8 go past",
      1.3,
      tails(results, subject, TAILS.besideUploads, TAILS.whileUploadsGoPast),
    ),
    atMost(
      "relay CPU per small GET at 500/s beside 1,000 slow event streams over alone",
      1.15,
      results.ratio(
        { workload: STEADY.besideStreams, subject: "culvert x2", metric: relayCpu },
        { workload: STEADY.alone, subject: "culvert x2", metric: relayCpu },
      ),
    ),
    atMost(
      "messages toward the relay per small GET at c=64",
      0.3,
      results.spread("GET 1 KiB c=64", subject, (sample) => sample.messagesPerRequest ?? NaN),
    ),
    atMost("a connector from its exec to ready, ms", 250, start?.readyMs ?? NOT_MEASURED),
    atMost("a connector's memory when it is ready, MB", 70, start?.residentMib ?? NOT_MEASURED),
    atMost(
      "peak memory of a connector, MB",
      200,
      kept(({ connectorPeakBytes }) => connectorPeakBytes / MIB),
    ),
    atMost(
      "what the relay keeps after rounds of all kinds over before",
      1.1,
      kept(({ relayAfterBytes, relayBeforeBytes }) => relayAfterBytes / relayBeforeBytes),
    ),
  ];
}

/** Ratios without a target. They explain where the rest of some others comes from. */
export function comparisonsOf(results: Results, { waking }: Facts, subject = "culvert x1"): Comparison[] {
  const flooded = "GET 1 KiB c=32";
  const paced = `${flooded}, at the tunnel's rate`;
  const connectorCpu = (sample: Sample): number => sample.cpuUs["connector"] ?? NaN;
  const proxyCpu = (sample: Sample): number => sample.cpuUs["proxy"] ?? NaN;
  const ours = (metric: (sample: Sample) => number) => ({ workload: flooded, subject, metric });
  const other = (workload: string, name: string, metric: (sample: Sample) => number) => ({
    workload,
    subject: name,
    metric,
  });
  return [
    {
      what: "relay CPU per small GET over the floor's at the tunnel's rate",
      reached: results.ratio(ours(relayCpu), other(paced, "floor", relayCpu)),
    },
    {
      what: "relay CPU per small GET over the rich floor's at the tunnel's rate",
      reached: results.ratio(ours(relayCpu), other(paced, "rich floor", relayCpu)),
    },
    {
      what: "the rich floor's CPU over the floor's, both flooded",
      reached: results.ratio(other(flooded, "rich floor", relayCpu), other(flooded, "floor", relayCpu)),
    },
    {
      what: "relay CPU per small GET over the bare relay's, both flooded",
      reached: results.ratio(ours(relayCpu), other(flooded, "bare relay", relayCpu)),
    },
    {
      what: "the bare relay's CPU over the floor's, both flooded",
      reached: results.ratio(other(flooded, "bare relay", relayCpu), other(flooded, "floor", relayCpu)),
    },
    {
      what: "connector CPU per small GET over the node floor's, both flooded",
      reached: results.ratio(ours(connectorCpu), other(flooded, "node floor", proxyCpu)),
    },
    {
      what: "the bare relay's p50 at c=1 over the floor's",
      reached: results.ratio(other("GET 1 KiB c=1", "bare relay", p50), other("GET 1 KiB c=1", "floor", p50)),
    },
    {
      what: "the bare relay's p50 at c=1 with an upstream over without",
      reached: results.ratio(other("GET 1 KiB c=1", ASKING, p50), other("GET 1 KiB c=1", "bare relay", p50)),
    },
    ...["64 MiB down", "64 MiB up"].map((workload) => ({
      what: `${workload} over TCP over the same by HTTP`,
      reached: results.ratio(
        other(workload, `${subject}, TCP`, throughput),
        other(workload, subject, throughput),
      ),
    })),
    {
      what: "echoes of a byte over TCP per second over the floor's small requests, one after the other",
      reached: results.ratio(other(ROUND_TRIPS, `${subject}, TCP`, rate), other(ROUND_TRIPS, "floor", rate)),
    },
    {
      what: "small requests by HTTP per second over the floor's, one after the other",
      reached: results.ratio(other(ROUND_TRIPS, subject, rate), other(ROUND_TRIPS, "floor", rate)),
    },
    {
      what: "the floor's requests per second over localtunnel's, c=16",
      reached: results.ratio(
        other("GET 1 KiB c=16", "floor", rate),
        other("GET 1 KiB c=16", "localtunnel", rate),
      ),
    },
    ...(["down", "up"] as const).map((direction) => ({
      what: `1 GiB ${direction} at 80 ms over 0 ms`,
      reached: results.ratio(
        other(`1 GiB ${direction}`, "culvert +80 ms", throughput),
        other(`1 GiB ${direction}`, "culvert +0 ms", throughput),
      ),
    })),
    {
      what: "p99 of small GETs beside 4 downloads over their p99 alone: node floor",
      reached: tails(results, "node floor", TAILS.besideDownloads, TAILS.alone),
    },
    {
      what: "p99 of small GETs beside 4 downloads over their p99 alone: localtunnel",
      reached: tails(results, "localtunnel", TAILS.besideDownloads, TAILS.alone),
    },
    ...[subject, "floor"].map((name) => ({
      what: `first request to a sleeping object, ms more than the second: ${name}`,
      reached: waking?.[name] ?? NOT_MEASURED,
    })),
  ];
}

export interface Comparison {
  what: string;
  reached: Spread;
}

export function isMet({ goal, atMost, reached }: Target): boolean {
  return atMost ? reached.median <= goal : reached.median >= goal;
}

function atMost(what: string, goal: number, reached: Spread): Target {
  return { what, goal, atMost: true, reached };
}

function atLeast(what: string, goal: number, reached: Spread): Target {
  return { what, goal, atMost: false, reached };
}

function addedLatency(results: Results, subject: string): Spread {
  const workload = "GET 1 KiB c=1";
  const direct = results.spread(workload, "direct", ({ p50Ms }) => p50Ms).median;
  return results.ratio(
    { workload, subject, metric: ({ p50Ms }) => p50Ms - direct },
    { workload, subject: "floor", metric: ({ p50Ms }) => p50Ms },
  );
}

function tails(results: Results, subject: string, workload: string, other: string): Spread {
  const metric = ({ p99Ms }: Sample): number => p99Ms;
  return results.ratio({ workload, subject, metric }, { workload: other, subject, metric });
}
