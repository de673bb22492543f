import type { Clock } from "../../shared/time/clock.ts";

/** Real time. `soon` waits for the event loop's poll phase to end, so that what many sockets brought leaves together. */
export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  soon(run) {
    setImmediate(run);
  },
};
