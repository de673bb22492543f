import { addTraffic, noTraffic, trafficBreakdown, trafficPoint } from "./traffic.ts";
import type { Step } from "./traffic-series.ts";

/** Few enough points for a chart. */
const STEPS = [
  { maxWindowMinutes: 60, stepSeconds: 10, readSeconds: 10 },
  { maxWindowMinutes: 360, stepSeconds: 60, readSeconds: 60 },
  { maxWindowMinutes: 1440, stepSeconds: 300, readSeconds: 60 },
] as const;

/** Which steps a window is read in, and which it is shown in. */
export function windowSteps(windowMinutes: number): { stepSeconds: number; readSeconds: 10 | 60 } {
  return STEPS.find(({ maxWindowMinutes }) => windowMinutes <= maxWindowMinutes) ?? STEPS[2];
}

/** One point for each step of the window, those without traffic too; the last one is not over yet. */
export function trafficView(steps: readonly Step[], windowMinutes: number, nowMs: number) {
  const { stepSeconds } = windowSteps(windowMinutes);
  const stepMs = stepSeconds * 1000;
  const lastMs = nowMs - (nowMs % stepMs);
  const byStart = Map.groupBy(steps, ({ atMs }) => atMs - (atMs % stepMs));
  const total = noTraffic();
  const points = Array.from({ length: (windowMinutes * 60) / stepSeconds }, (_, index) => {
    const atMs = lastMs - ((windowMinutes * 60) / stepSeconds - 1 - index) * stepMs;
    const traffic = noTraffic();
    for (const step of byStart.get(atMs) ?? []) addTraffic(traffic, step.traffic);
    addTraffic(total, traffic);
    return trafficPoint(atMs, traffic);
  });
  return { stepSeconds, points, ...trafficBreakdown(total) };
}
