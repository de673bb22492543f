/** Each bound is a fifth above the one before, so a percentile is at most that far off. 1 ms to two minutes. */
const GROWTH = 1.2;
const LAST_INDEX = Math.ceil(Math.log(120_000) / Math.log(GROWTH));

/** How many requests had which latency: counts by bucket, the empty ones left out. */
export type LatencyHistogram = Map<number, number>;

export function countLatency(histogram: LatencyHistogram, latencyMs: number): void {
  const index = bucketOf(latencyMs);
  histogram.set(index, (histogram.get(index) ?? 0) + 1);
}

export function mergeLatencies(into: LatencyHistogram, from: LatencyHistogram): void {
  for (const [index, count] of from) into.set(index, (into.get(index) ?? 0) + count);
}

/** In milliseconds, within a fifth of the true one; null where nothing was counted. `share` is 0.5 for the median. */
export function percentileMs(histogram: LatencyHistogram, share: number): number | null {
  const total = [...histogram.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = share * total;
  for (const [index, count] of [...histogram].sort(([a], [b]) => a - b)) {
    if (rest > count) {
      rest -= count;
      continue;
    }
    const lowerMs = index === 0 ? 0 : GROWTH ** (index - 1);
    const valueMs = lowerMs + (GROWTH ** index - lowerMs) * (rest / count);
    return Math.round(valueMs * 10) / 10;
  }
  return Math.round(GROWTH ** LAST_INDEX);
}

/** Bucket 0 holds up to 1 ms, the last one everything over two minutes. */
function bucketOf(latencyMs: number): number {
  if (latencyMs <= 1) return 0;
  // Without the margin a value on a bound falls above or below it by rounding.
  return Math.min(LAST_INDEX, Math.ceil(Math.log(latencyMs) / Math.log(GROWTH) - 1e-9));
}
