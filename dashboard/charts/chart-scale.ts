/** A peak this many times higher than usual values would make all others unreadable. */
const PEAK_FACTOR = 4;
/** With fewer values than this, none counts as usual. */
const MIN_VALUES = 8;
/** Usual values are those that this share of the steps with traffic does not exceed. */
const USUAL_SHARE = 0.9;
const HEADROOM = 1.1;

export interface ChartScale {
  /** The highest value on the axis. */
  top: number;
  /** The highest value, if it is cut off at `top`; else null. */
  cutPeak: number | null;
}

/** Chooses the height of the axis. Cuts off a few peaks so that the other values stay readable, except if `isWhole`. */
export function chartScale(lines: readonly (readonly (number | null)[])[], isWhole: boolean): ChartScale {
  // Only the highest line of each step matters, because the others are below it.
  const steps = lines[0]?.map((_, index) => Math.max(0, ...lines.map((values) => values[index] ?? 0))) ?? [];
  const sorted = steps.filter((value) => value > 0).sort((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return { top: 1, cutPeak: null };
  const usual = sorted[Math.floor((sorted.length - 1) * USUAL_SHARE)] ?? max;
  if (isWhole || sorted.length < MIN_VALUES || max <= usual * PEAK_FACTOR)
    return { top: max * HEADROOM, cutPeak: null };
  return { top: usual * 2, cutPeak: max };
}
