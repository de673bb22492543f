/** A peak so many times over what is usual would press everything else flat. */
const PEAK_FACTOR = 4;
/** Of fewer values none can be called usual. */
const MIN_VALUES = 8;
/** What is usual: the value that so many of the steps with traffic do not exceed. */
const USUAL_SHARE = 0.9;
const HEADROOM = 1.1;

export interface ChartScale {
  /** Where the axis ends. */
  top: number;
  /** The highest value, where it does not fit under `top`. */
  cutPeak: number | null;
}

/** How high the axis goes: a few peaks are cut off, so that the rest can still be read; all of it where `isWhole`. */
export function chartScale(lines: readonly (readonly (number | null)[])[], isWhole: boolean): ChartScale {
  // At each step the highest line counts: others lie under it.
  const steps = lines[0]?.map((_, index) => Math.max(0, ...lines.map((values) => values[index] ?? 0))) ?? [];
  const sorted = steps.filter((value) => value > 0).sort((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return { top: 1, cutPeak: null };
  const usual = sorted[Math.floor((sorted.length - 1) * USUAL_SHARE)] ?? max;
  if (isWhole || sorted.length < MIN_VALUES || max <= usual * PEAK_FACTOR)
    return { top: max * HEADROOM, cutPeak: null };
  return { top: usual * 2, cutPeak: max };
}
