/** Each bound is 4% above the one before, and a percentile is the middle of its bucket, so it is at most 2% off. 1 ms to two minutes. */
const GROWTH = 1.04;
const LAST_INDEX = Math.ceil(Math.log(120_000) / Math.log(GROWTH));
/** Numbers below it are buckets of version 0.1, each a fifth above the one before: rows of the day before an update. */
const FIRST_BUCKET = 1_000;
const COARSE_GROWTH = 1.2;

/** Counts of requests by bucket of latency, without the empty ones. */
export type LatencyHistogram = Map<number, number>;

export function countLatency(histogram: LatencyHistogram, latencyMs: number): void {
  const bucket = bucketOf(latencyMs);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

export function mergeLatencies(into: LatencyHistogram, from: LatencyHistogram): void {
  for (const [bucket, count] of from) into.set(bucket, (into.get(bucket) ?? 0) + count);
}

/** In milliseconds, 2% off at most; null where nothing was counted. `share` is 0.5 for the median. */
export function percentileMs(histogram: LatencyHistogram, share: number): number | null {
  const counts = Array.from(histogram, ([bucket, count]) => ({ valueMs: middleMs(bucket), count }));
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  let rest = Math.max(1, Math.ceil(share * total));
  for (const { valueMs, count } of counts.sort((a, b) => a.valueMs - b.valueMs)) {
    rest -= count;
    if (rest <= 0) return Number(valueMs.toPrecision(4));
  }
  return null;
}

function middleMs(bucket: number): number {
  const isCoarse = bucket < FIRST_BUCKET;
  const growth = isCoarse ? COARSE_GROWTH : GROWTH;
  const index = isCoarse ? bucket : bucket - FIRST_BUCKET;
  return index === 0 ? 1 : growth ** (index - 0.5);
}

/** The first bucket holds up to 1 ms, the last one everything over two minutes. */
function bucketOf(latencyMs: number): number {
  if (latencyMs <= 1) return FIRST_BUCKET;
  // Without the margin a value on a bound falls above or below it by rounding.
  const index = Math.ceil(Math.log(latencyMs) / Math.log(GROWTH) - 1e-9);
  return FIRST_BUCKET + Math.min(LAST_INDEX, index);
}
