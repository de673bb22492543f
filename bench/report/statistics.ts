/** The values of one measurement over the rounds of a run. */
export interface Spread {
  median: number;
  /** The first and third quartile: half of the rounds are between them. */
  low: number;
  high: number;
  rounds: number;
}

/** The value below which `share` (0 to 1) of the sorted values are, interpolated. NaN without values. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share;
  const lower = sorted[Math.floor(at)] ?? NaN;
  const upper = sorted[Math.ceil(at)] ?? NaN;
  return lower + (upper - lower) * (at - Math.floor(at));
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    rounds: sorted.length,
  };
}
