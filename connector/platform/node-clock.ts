import type { Clock } from "../../shared/time/clock.ts";

/** Real time. `soon` waits until the event loop's poll phase ends, so that results from many sockets are sent together. */
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
