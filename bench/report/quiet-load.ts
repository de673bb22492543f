import { FakeClock } from "../../test/support/fake-clock.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { noReportPlan, planReport } from "../../worker/telemetry/report-plan.ts";

/** What the events of evenly spaced requests cause, by the relay's own rules and a simulated clock. */
export interface TelemetryLoad {
  requests: number;
  /** Calls of the Telemetry object. */
  batches: number;
  /** The Telemetry object's reports to the Registry. */
  reports: number;
  /** Minutes with traffic. */
  minutes: number;
  /** How long events that waited for others kept the tunnel's object awake. */
  gatherSeconds: number;
}

/** The default of `METRICS_INTERVAL_SECONDS`. */
const REPORT_EVERY_MS = 15_000;
const EPOCH_MS = 1_000_000_000;

/** Simulates this many requests at `perSecond`, all answered. */
export async function telemetryLoad(perSecond: number, requests: number): Promise<TelemetryLoad> {
  const clock = new FakeClock();
  const load: TelemetryLoad = { requests, batches: 0, reports: 0, minutes: 0, gatherSeconds: 0 };
  let firstMs: number | null = null;
  let plan = noReportPlan();
  let minute = -1;
  const outbox = new EventOutbox({
    clock,
    memory: memoryOf(),
    sender: "cost",
    send: (batch) => {
      const nowMs = EPOCH_MS + clock.nowMs();
      load.batches++;
      if (firstMs !== null) load.gatherSeconds += (clock.nowMs() - firstMs) / 1000;
      firstMs = null;
      if (Math.floor(nowMs / 60_000) !== minute) load.minutes++;
      minute = Math.floor(nowMs / 60_000);
      // By now, everything that was due has been reported.
      if (plan.dueMs !== null && plan.dueMs <= nowMs) {
        load.reports++;
        plan = { toldAtMs: plan.dueMs, dueMs: null, untold: 0 };
      }
      plan = planReport(plan, { requests: batch.count, urgent: false }, nowMs, REPORT_EVERY_MS);
      return Promise.resolve();
    },
    facts: () => ({ destinationsRevision: 0, connectors: 1 }),
  });
  for (let index = 0; index < requests; index++) {
    firstMs ??= clock.nowMs();
    outbox.add("x".repeat(400));
    // A batch that was sent arrives before the next request.
    await settled();
    await advance(clock, 1000 / perSecond);
  }
  return load;
}

async function advance(clock: FakeClock, byMs: number): Promise<void> {
  clock.advance(byMs);
  await settled();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
}
