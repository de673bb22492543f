import type { Traffic } from "../api-types.ts";

/** The columns that the charts draw, one value per step; null is a gap in a line. */
export interface ChartData {
  /** When each step begins, in seconds since 1970. */
  at: number[];
  requestsPerSecond: number[];
  errorsPerSecond: number[];
  /** The share of errors among the requests that ended in the step; null if there were none. */
  errorShare: (number | null)[];
  p50Ms: (number | null)[];
  p90Ms: (number | null)[];
  p99Ms: (number | null)[];
  /** The busiest connectors, and one entry for all others. */
  connectors: { name: string; requestsPerSecond: number[] }[];
}

/** With more lines than this they are hard to tell apart. */
const MAX_CONNECTORS = 5;

/** Leaves out the last step, because it is not over yet and would look like a drop in traffic. */
export function chartData(
  { stepSeconds, points, connectors }: Traffic,
  isOver: boolean,
  nameOf: (connector: string) => string,
): ChartData {
  const steps = isOver ? points : points.slice(0, -1);
  const rates = (counts: readonly number[]) =>
    counts.slice(0, steps.length).map((requests) => requests / stepSeconds);
  const shown = connectors.length > MAX_CONNECTORS + 1 ? connectors.slice(0, MAX_CONNECTORS) : connectors;
  const others = connectors.slice(shown.length);
  return {
    at: steps.map(({ at }) => Date.parse(at) / 1000),
    requestsPerSecond: rates(steps.map(({ requests }) => requests)),
    errorsPerSecond: rates(steps.map(({ errors }) => errors)),
    errorShare: steps.map(({ requests, errors }) => (requests === 0 ? null : errors / requests)),
    p50Ms: steps.map(({ p50Ms }) => p50Ms),
    p90Ms: steps.map(({ p90Ms }) => p90Ms),
    p99Ms: steps.map(({ p99Ms }) => p99Ms),
    connectors: [
      ...shown.map(({ connector, perStep }) => ({
        name: nameOf(connector),
        requestsPerSecond: rates(perStep),
      })),
      ...(others.length === 0
        ? []
        : [{ name: `${others.length} others`, requestsPerSecond: rates(sums(others)) }]),
    ],
  };
}

function sums(connectors: readonly { perStep: readonly number[] }[]): number[] {
  const [first] = connectors;
  return (first?.perStep ?? []).map((_, index) =>
    connectors.reduce((sum, { perStep }) => sum + (perStep[index] ?? 0), 0),
  );
}

/** The last step's value. Null if nothing happened in that step: an older value would be misleading beside a rate of 0. */
export function latest(values: readonly (number | null)[]): number | null {
  return values.at(-1) ?? null;
}
