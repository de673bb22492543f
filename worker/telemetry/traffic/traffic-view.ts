import { addTraffic, noTraffic, trafficBreakdown, trafficPoint } from "./traffic.ts";
import type { TrafficStep } from "./traffic-series.ts";

/** Steps of ten seconds are kept for an hour; the oldest gives way to the one that is open. */
const FINE_MS = 59 * 60_000;
/** From this window on, steps are at least a minute long. */
const COARSE_MINUTES = 61;

/** Few enough points for a chart. */
const STEPS = [
  { maxWindowMinutes: 60, stepSeconds: 10, readSeconds: 10 },
  { maxWindowMinutes: 360, stepSeconds: 60, readSeconds: 60 },
  { maxWindowMinutes: 1440, stepSeconds: 300, readSeconds: 60 },
] as const;

/** The length of the steps that are read for a window, and of those that are shown. */
export function windowSteps(windowMinutes: number): { stepSeconds: number; readSeconds: 10 | 60 } {
  return STEPS.find(({ maxWindowMinutes }) => windowMinutes <= maxWindowMinutes) ?? STEPS[2];
}

/** The time that is shown, and its steps. */
export interface TrafficWindow {
  fromMs: number;
  steps: number;
  stepSeconds: number;
  readSeconds: 10 | 60;
}

/** Up to now: the last step is not over yet. */
export function lastMinutes(windowMinutes: number, nowMs: number): TrafficWindow {
  const { stepSeconds, readSeconds } = windowSteps(windowMinutes);
  const stepMs = stepSeconds * 1000;
  const steps = (windowMinutes * 60) / stepSeconds;
  return { fromMs: nowMs - (nowMs % stepMs) - (steps - 1) * stepMs, steps, stepSeconds, readSeconds };
}

/** The steps for the time between these two, as fine as they are still stored. */
export function timesBetween(sinceMs: number, untilMs: number, nowMs: number): TrafficWindow {
  const minutes = Math.ceil((untilMs - sinceMs) / 60_000);
  const { stepSeconds } = windowSteps(
    nowMs - sinceMs > FINE_MS ? Math.max(minutes, COARSE_MINUTES) : minutes,
  );
  const stepMs = stepSeconds * 1000;
  const fromMs = sinceMs - (sinceMs % stepMs);
  const steps = Math.max(1, Math.ceil((untilMs - fromMs) / stepMs));
  return { fromMs, steps, stepSeconds, readSeconds: stepSeconds === 10 ? 10 : 60 };
}

/** One point for each step of the window, those without traffic too. */
export function trafficView(taken: readonly TrafficStep[], { fromMs, steps, stepSeconds }: TrafficWindow) {
  const stepMs = stepSeconds * 1000;
  const byStart = Map.groupBy(taken, ({ atMs }) => atMs - (atMs % stepMs));
  const total = noTraffic();
  const all = Array.from({ length: steps }, (_, index) => {
    const atMs = fromMs + index * stepMs;
    const traffic = noTraffic();
    for (const step of byStart.get(atMs) ?? []) addTraffic(traffic, step.traffic);
    addTraffic(total, traffic);
    return { atMs, traffic };
  });
  return {
    stepSeconds,
    points: all.map(({ atMs, traffic }) => trafficPoint(atMs, traffic)),
    ...trafficBreakdown(total),
    connectors: Array.from(total.connectors ?? [], ([connector, requests]) => ({
      connector,
      requests,
      perStep: all.map(({ traffic }) => traffic.connectors?.get(connector) ?? 0),
    })).sort((a, b) => b.requests - a.requests),
  };
}
