import type { Clock } from "../../shared/time/clock.ts";
import type { TunnelError } from "../../shared/protocol/index.ts";
import type { OnFault } from "../platform/index.ts";
import type { OnFinished, RequestSummary } from "./request-summary.ts";

/** How long an ended request waits for others. Its log line and its metrics are this much late. */
const GATHER_MS = 10;
/** So many wait at most, so that no turn of the event loop gets long. */
const MAX_WAITING = 32;

/**
 * Hands ended requests on a little later, several at a time. Done at once, the log line and the metrics of one request would delay
 * the next one, and by themselves they take twice as long as one after the other.
 */
export class FinishedRequests {
  readonly #clock: Clock;
  readonly #handOn: OnFinished;
  readonly #onFault: OnFault;
  readonly #waiting: [RequestSummary, TunnelError | null][] = [];
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, handOn: OnFinished, onFault: OnFault) {
    this.#clock = clock;
    this.#handOn = handOn;
    this.#onFault = onFault;
  }

  add(summary: RequestSummary, error: TunnelError | null): void {
    this.#waiting.push([summary, error]);
    if (this.#waiting.length >= MAX_WAITING) this.flush();
    else this.#cancelTimer ??= this.#clock.after(GATHER_MS, () => this.flush());
  }

  /** Call it before metrics are read, and at the end. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const [summary, error] of this.#waiting.splice(0)) {
      try {
        this.#handOn(summary, error);
      } catch (thrown) {
        this.#onFault(thrown);
      }
    }
  }
}
