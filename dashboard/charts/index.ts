/*
 * Charts of a tunnel's traffic: drawing, axes, the part of the time that is shown.
 *
 * Missing values are gaps and never zeros. The last step that is not over yet is left out, because it would look like a fall. Whatever
 * a pointer can do can be done by keyboard too.
 *
 * Begin with `charts.tsx` and `chart.tsx`; `plot.ts` is the only file that knows the drawing library. docs/dashboard.md#what-is-there;
 * decision 0017 says where the figures come from.
 */
export { chartData } from "./chart-data.ts";
export { Charts } from "./charts.tsx";
export { errorRows } from "./error-rows.ts";
export { Sparkline } from "./sparkline.tsx";
export { rangeOfClocks, stepFilter, type TimeRange } from "./time-range.ts";
