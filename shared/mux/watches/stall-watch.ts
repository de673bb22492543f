import type { Clock } from "../../time/clock.ts";
import {
  type ErrorCode,
  STALL_CHECK_MS,
  STALL_TIMEOUT_MS,
  connectionError,
  type TunnelError,
} from "../../protocol/index.ts";
import { STANDSTILL } from "./standstill.ts";

/** A stream, as far as its stalling goes. */
interface Stalling {
  readonly stallTimeoutMs: number;
  reset(code: ErrorCode, detail: string): void;
}

export interface StallWatchOptions {
  clock: Clock;
  /** The peer leaves the connection itself without what it owes. */
  fail(error: TunnelError): void;
  /** Does anything still wait for the connection's credit? */
  isWaiting(): boolean;
}

/**
 * Ends what the peer lets stand: a stream whose window stays shut, a connection whose credit does not come back, a reset
 * that is never answered. Looks in steps, so that no stream has a timer of its own. See docs/protocol.md, "Stalls".
 * Its times leave out those in which this process stood still.
 */
export class StallWatch<S extends Stalling> {
  readonly #options: StallWatchOptions;
  /** Streams with something to send and a shut window, since when. */
  readonly #stalled = new Map<S, number>();
  /** Streams reset from this end whose peer has not ended its half yet, since when. */
  readonly #tearingDown = new Map<S, number>();
  /** Since when data waits for the connection's credit alone. */
  #creditAwaitedSinceMs: number | null = null;
  #cancelCheck: (() => void) | null = null;
  #checkAtMs = Infinity;
  #stoodStillMs = 0;

  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  /** Its window is shut. False: that is known. */
  stalled(stream: S): boolean {
    if (this.#stalled.has(stream)) return false;
    this.#stalled.set(stream, this.#ownMs());
    this.#schedule(stream.stallTimeoutMs);
    return true;
  }

  /** Its window has opened, or nothing waits for it any more. */
  moved(stream: S): void {
    this.#stalled.delete(stream);
  }

  /** A peer that leaves RESETs unanswered would fill the table with streams that nobody uses. */
  awaitTeardown(stream: S): void {
    if (this.#tearingDown.has(stream)) return;
    this.#tearingDown.set(stream, this.#ownMs());
    this.#schedule();
  }

  awaitCredit(): void {
    this.#creditAwaitedSinceMs ??= this.#ownMs();
    this.#schedule();
  }

  creditCame(): void {
    this.#creditAwaitedSinceMs = null;
  }

  forget(stream: S): void {
    this.#stalled.delete(stream);
    this.#tearingDown.delete(stream);
  }

  /** Until something stalls again. */
  stop(): void {
    this.#cancel();
    this.#creditAwaitedSinceMs = null;
  }

  /** A service's limit may be shorter than the steps in which the others are looked at. */
  #schedule(limitMs = STALL_CHECK_MS): void {
    const { clock } = this.#options;
    const delayMs = Math.min(limitMs, STALL_CHECK_MS);
    const atMs = clock.nowMs() + delayMs;
    if (this.#checkAtMs <= atMs) return;
    this.#cancelCheck?.();
    this.#checkAtMs = atMs;
    this.#cancelCheck = clock.after(delayMs, () => this.#check());
  }

  #cancel(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = null;
    this.#checkAtMs = Infinity;
  }

  #ownMs(): number {
    return this.#options.clock.nowMs() - this.#stoodStillMs;
  }

  #check(): void {
    const lateMs = this.#options.clock.nowMs() - this.#checkAtMs;
    if (lateMs > STANDSTILL.lateMs) this.#stoodStillMs += lateMs;
    this.#cancel();
    const nowMs = this.#ownMs();
    const nextMs = this.#checkStreams(nowMs);
    // The oldest comes first.
    const [teardownSinceMs = nowMs] = this.#tearingDown.values();
    if (nowMs - teardownSinceMs >= STALL_TIMEOUT_MS) {
      return this.#options.fail(connectionError("STALLED", "the peer does not answer RESET"));
    }
    if (!this.#options.isWaiting()) this.#creditAwaitedSinceMs = null;
    const sinceMs = this.#creditAwaitedSinceMs;
    if (sinceMs !== null && nowMs - sinceMs >= STALL_TIMEOUT_MS) {
      return this.#options.fail(connectionError("STALLED", "the peer returns no connection credit"));
    }
    if (this.#stalled.size > 0 || this.#tearingDown.size > 0 || sinceMs !== null) this.#schedule(nextMs);
  }

  /** Gives how long to wait for the next one at most. */
  #checkStreams(nowMs: number): number {
    let nextMs = STALL_CHECK_MS;
    for (const [stream, sinceMs] of this.#stalled) {
      const timeoutMs = stream.stallTimeoutMs;
      const leftMs = sinceMs + timeoutMs - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else stream.reset("STALLED", `the peer read nothing for ${timeoutMs / 1000} s`);
    }
    return nextMs;
  }
}
