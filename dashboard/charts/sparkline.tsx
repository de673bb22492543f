import { chartScale } from "./chart-scale.ts";

const WIDTH = 64;
const HEIGHT = 18;

/** A small chart without axes. The number is shown beside it. */
export function Sparkline({ values }: { values: readonly number[] }) {
  if (!values.some((value) => value > 0)) return null;
  // Cuts off peaks, as the charts do.
  const { top } = chartScale([values], false);
  const place = (value: number, index: number) =>
    `${((index / Math.max(1, values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 1 - (Math.min(value, top) / top) * (HEIGHT - 2)).toFixed(1)}`;
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      aria-hidden="true"
    >
      <polyline points={values.map(place).join(" ")} />
    </svg>
  );
}
