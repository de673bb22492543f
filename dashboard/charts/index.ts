/*
 * Charts of a tunnel's traffic: drawing, axes, and the range of time.
 *
 * Missing values are gaps and never zeros. The last step is left out, because it is not over yet and would look like a drop
 * in traffic. Everything that works with a pointer also works with the keyboard.
 *
 * Begin with `charts.tsx` and `chart.tsx`; `plot.ts` is the only file that knows the drawing library.
 * docs/dashboard.md#what-is-there; decision 0017 says where the figures come from.
 */
export { chartData } from "./chart-data.ts";
export { Charts } from "./charts.tsx";
export { errorRows } from "./error-rows.ts";
export { Sparkline } from "./sparkline.tsx";
export { rangeOfClocks, stepFilter, type TimeRange } from "./time-range.ts";
