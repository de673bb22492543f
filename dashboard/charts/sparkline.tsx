const WIDTH = 64;
const HEIGHT = 18;

/** The shape of what happened; the number stands beside it. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const top = Math.max(...values);
  if (!(top > 0)) return null;
  const place = (value: number, index: number) =>
    `${((index / Math.max(1, values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1)}`;
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
