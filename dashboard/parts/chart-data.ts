import type { Traffic } from "../api-types.ts";

/** Columns as the charts take them, one value per step; null is a gap in a line. */
export interface ChartData {
  /** Seconds since 1970. */
  at: number[];
  requestsPerSecond: number[];
  errorsPerSecond: number[];
  /** Of the requests that ended in the step; null where there were none. */
  errorShare: (number | null)[];
  p50Ms: (number | null)[];
  p90Ms: (number | null)[];
  p99Ms: (number | null)[];
}

/** The last step is left out: it is not over yet, and would look like a fall. */
export function chartData({ stepSeconds, points }: Traffic): ChartData {
  const steps = points.slice(0, -1);
  return {
    at: steps.map(({ at }) => Date.parse(at) / 1000),
    requestsPerSecond: steps.map(({ requests }) => requests / stepSeconds),
    errorsPerSecond: steps.map(({ errors }) => errors / stepSeconds),
    errorShare: steps.map(({ requests, errors }) => (requests === 0 ? null : errors / requests)),
    p50Ms: steps.map(({ p50Ms }) => p50Ms),
    p90Ms: steps.map(({ p90Ms }) => p90Ms),
    p99Ms: steps.map(({ p99Ms }) => p99Ms),
  };
}

/** Of the last step; null where nothing happened in it: an older value would stand beside a rate of 0. */
export function latest(values: readonly (number | null)[]): number | null {
  return values.at(-1) ?? null;
}
