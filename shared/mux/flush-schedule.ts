import type { Clock } from "../time/clock.ts";
import { GATHER_MS_PER_STREAM, MIN_GATHER_MS } from "../protocol/index.ts";

/**
 * When a connection sends: at the end of the turn in which there is something to send. Under load it sends later, by a little for
 * each stream, so that frames share a message. See docs/protocol.md, "Order of sending".
 */
export class FlushSchedule {
  readonly #clock: Clock;
  /** 0: send at the end of the turn. */
  readonly #maxGatherMs: number;
  readonly #flush: () => void;
  #isScheduled = false;
  #cancelGather: (() => void) | null = null;
  #lastFlushMs = -Infinity;

  constructor(clock: Clock, maxGatherMs: number, flush: () => void) {
    this.#clock = clock;
    this.#maxGatherMs = maxGatherMs;
    this.#flush = flush;
  }

  get isGathering(): boolean {
    return this.#cancelGather !== null;
  }

  get isScheduled(): boolean {
    return this.#isScheduled;
  }

  /** `streamCount`: the number of active streams. */
  schedule(streamCount: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const gatherMs = Math.min(streamCount * GATHER_MS_PER_STREAM, this.#maxGatherMs);
    const elapsedMs = this.#clock.nowMs() - this.#lastFlushMs;
    if (gatherMs >= MIN_GATHER_MS && elapsedMs < gatherMs) {
      this.#cancelGather = this.#clock.after(gatherMs - elapsedMs, this.#flush);
    } else {
      this.#clock.soon(() => {
        if (this.#isScheduled) this.#flush();
      });
    }
  }

  flushed(nowMs: number): void {
    this.cancel();
    this.#lastFlushMs = nowMs;
  }

  cancel(): void {
    this.#isScheduled = false;
    this.#cancelGather?.();
    this.#cancelGather = null;
  }
}
