import type { Clock } from "../../time/clock.ts";
import {
  type ErrorCode,
  MAX_BEHIND_MS,
  MAX_TEARDOWNS,
  STALL_CHECK_MS,
  STALL_PING_GAP_MS,
  STALL_TIMEOUT_MS,
  connectionError,
  type TunnelError,
} from "../../protocol/index.ts";
import { STANDSTILL } from "./standstill.ts";

/** The part of a stream that matters here. */
interface Stalling {
  readonly stallTimeoutMs: number;
  reset(code: ErrorCode, detail: string): void;
}

export interface StallWatchOptions {
  clock: Clock;
  /** Sends a PING with this id. `answered` must be called with the id of its answer. */
  ask(id: number): void;
  /** The peer owes something to the whole connection and does not send it. */
  fail(error: TunnelError): void;
  /** True while anything waits for the connection's credit. */
  isWaiting(): boolean;
}

/** When something began to wait, on two clocks: time that PINGs have confirmed, and time in which this process ran. */
interface Since {
  askedMs: number;
  ranMs: number;
}

/** A clock that runs in steps. A step that took longer than the interval of checks counts as one interval: something stood still meanwhile. */
class StepTime {
  #passedMs = 0;
  #stepSinceMs = 0;

  start(nowMs: number): void {
    this.#stepSinceMs = nowMs;
  }

  step(nowMs: number): number {
    this.#passedMs = this.at(nowMs);
    this.#stepSinceMs = nowMs;
    return this.#passedMs;
  }

  at(nowMs: number): number {
    return this.#passedMs + Math.min(this.ofStepMs(nowMs), STANDSTILL.stepMs);
  }

  ofStepMs(nowMs: number): number {
    return nowMs - this.#stepSinceMs;
  }
}

/**
 * Ends what the peer does not continue: a stream whose window stays shut, a connection whose credit does not come back, a reset
 * that is never answered. One timer serves all streams. See docs/protocol.md, "Stalls".
 *
 * A peer that gets no CPU, or has much left to read, has not yet seen what it should answer. So while anything waits, the peer
 * gets a PING in each step, one at a time, and the step counts once its answer has come.
 */
export class StallWatch<S extends Stalling> {
  readonly #options: StallWatchOptions;
  /** Streams with something to send and a shut window. */
  readonly #stalled = new Map<S, Since>();
  /** Streams reset from this end whose peer has not ended its half yet. */
  readonly #tearingDown = new Map<S, Since>();
  /** Data waits for the connection's credit, and for nothing else. */
  #creditAwaited: Since | null = null;
  #cancelCheck: (() => void) | null = null;
  #checkAtMs = Infinity;
  /** Something waits. */
  #isActive = false;
  /** A step ends with each check. */
  readonly #ran = new StepTime();
  /** A step ends with each PING. */
  readonly #asked = new StepTime();
  /** The time of `#asked` at the last PING that was answered. */
  #livedMs = 0;
  #pingId = 0;
  /** The time that the answer to the PING under way will confirm; null if none is under way. */
  #provesMs: number | null = null;

  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  /** The stream's window is shut. False: this was known already. */
  stalled(stream: S): boolean {
    if (this.#stalled.has(stream)) return false;
    this.#stalled.set(stream, this.#begin(stream.stallTimeoutMs));
    return true;
  }

  /** The stream's window has opened, or nothing waits for it any more. */
  moved(stream: S): void {
    this.#stalled.delete(stream);
  }

  /** The stream was reset. A peer that leaves RESETs unanswered would fill the table with streams that nobody uses. */
  awaitTeardown(stream: S): void {
    if (this.#tearingDown.has(stream)) return;
    this.#tearingDown.set(stream, this.#begin());
    if (this.#tearingDown.size > MAX_TEARDOWNS)
      this.#options.fail(connectionError("CALM", "too many RESETs without an answer"));
  }

  awaitCredit(): void {
    this.#creditAwaited ??= this.#begin();
  }

  creditCame(): void {
    this.#creditAwaited = null;
  }

  /** The peer has read what was sent before this PING. Its answers to that may follow in the same message. */
  answered(id: number): void {
    if (this.#provesMs === null || id !== this.#pingId) return;
    this.#livedMs = this.#provesMs;
    this.#provesMs = null;
    if (this.#isActive) this.#schedule(0);
  }

  forget(stream: S): void {
    this.#stalled.delete(stream);
    this.#tearingDown.delete(stream);
  }

  /** Stops until something waits again. The PING under way may never be answered. */
  stop(): void {
    this.#cancel();
    this.#isActive = false;
    this.#creditAwaited = null;
    this.#provesMs = null;
  }

  /** Checks early if the limit is shorter than the interval of checks. */
  #begin(limitMs = STALL_CHECK_MS): Since {
    const nowMs = this.#options.clock.nowMs();
    if (!this.#isActive) {
      this.#isActive = true;
      this.#ran.start(nowMs);
      if (this.#provesMs === null) this.#asked.start(nowMs);
    }
    this.#schedule(Math.min(limitMs, STALL_CHECK_MS));
    return { askedMs: this.#asked.at(nowMs), ranMs: this.#ran.at(nowMs) };
  }

  #schedule(delayMs: number): void {
    const { clock } = this.#options;
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

  #check(): void {
    this.#cancel();
    const nowMs = this.#options.clock.nowMs();
    const ranMs = this.#ran.step(nowMs);
    let dueInMs = Infinity;
    const isOver = (since: Since, limitMs: number): boolean => {
      dueInMs = Math.min(dueInMs, since.askedMs + limitMs - this.#asked.at(nowMs));
      return this.#livedMs - since.askedMs >= limitMs || ranMs - since.ranMs >= limitMs + MAX_BEHIND_MS;
    };
    for (const [stream, since] of this.#stalled) {
      const limitMs = stream.stallTimeoutMs;
      if (isOver(since, limitMs)) stream.reset("STALLED", `the peer read nothing for ${limitMs / 1000} s`);
    }
    // The oldest comes first.
    const [teardown = null] = this.#tearingDown.values();
    if (teardown !== null && isOver(teardown, STALL_TIMEOUT_MS))
      return this.#options.fail(connectionError("STALLED", "the peer does not answer RESET"));
    if (!this.#options.isWaiting()) this.#creditAwaited = null;
    if (this.#creditAwaited !== null && isOver(this.#creditAwaited, STALL_TIMEOUT_MS))
      return this.#options.fail(connectionError("STALLED", "the peer returns no connection credit"));
    this.#isActive = this.#stalled.size > 0 || this.#tearingDown.size > 0 || this.#creditAwaited !== null;
    if (this.#isActive)
      this.#schedule(this.#provesMs === null ? this.#askWhenDue(nowMs, dueInMs) : STALL_CHECK_MS);
  }

  /** Sends a PING if a limit may be over, and once in each step. Returns the time until the next check. */
  #askWhenDue(nowMs: number, dueInMs: number): number {
    const ofStepMs = this.#asked.ofStepMs(nowMs);
    const askInMs = Math.max(Math.min(dueInMs, STALL_CHECK_MS - ofStepMs), STALL_PING_GAP_MS - ofStepMs);
    if (askInMs > 0) return askInMs;
    this.#provesMs = this.#asked.step(nowMs);
    this.#options.ask(++this.#pingId);
    return STALL_CHECK_MS;
  }
}
