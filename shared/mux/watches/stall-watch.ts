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

/** A stream, as far as its stalling goes. */
interface Stalling {
  readonly stallTimeoutMs: number;
  reset(code: ErrorCode, detail: string): void;
}

export interface StallWatchOptions {
  clock: Clock;
  /** Sends a PING; `answered` wants to hear of the answer to this very one. */
  ask(id: number): void;
  /** The peer leaves the connection itself without what it owes. */
  fail(error: TunnelError): void;
  /** Does anything still wait for the connection's credit? */
  isWaiting(): boolean;
}

/** When something began to wait: in time for which the peer was asked, and in time of this process. */
interface Since {
  askedMs: number;
  ranMs: number;
}

/** Time in steps. One that took longer than checks are apart counts as one: meanwhile somebody stood still. */
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
 * Ends what the peer lets stand: a stream whose window stays shut, a connection whose credit does not come back, a reset
 * that is never answered. Looks in steps, so that no stream has a timer of its own. See docs/protocol.md, "Stalls".
 *
 * A peer without CPU, or far behind in its reading, owes nothing yet: it has not seen what it should answer. So while
 * anything waits, the peer gets a PING in each step, one at a time, and the step counts when its answer is there.
 */
export class StallWatch<S extends Stalling> {
  readonly #options: StallWatchOptions;
  /** Streams with something to send and a shut window. */
  readonly #stalled = new Map<S, Since>();
  /** Streams reset from this end whose peer has not ended its half yet. */
  readonly #tearingDown = new Map<S, Since>();
  /** Data waits for the connection's credit alone. */
  #creditAwaited: Since | null = null;
  #cancelCheck: (() => void) | null = null;
  #checkAtMs = Infinity;
  /** Something waits. */
  #isActive = false;
  /** A step ends with each check. */
  readonly #ran = new StepTime();
  /** A step ends with each PING. */
  readonly #asked = new StepTime();
  /** Of `#asked`: up to the last PING that was answered. */
  #livedMs = 0;
  #pingId = 0;
  /** What the answer to the PING under way will prove; null: none is. */
  #provesMs: number | null = null;

  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  /** Its window is shut. False: that is known. */
  stalled(stream: S): boolean {
    if (this.#stalled.has(stream)) return false;
    this.#stalled.set(stream, this.#begin(stream.stallTimeoutMs));
    return true;
  }

  /** Its window has opened, or nothing waits for it any more. */
  moved(stream: S): void {
    this.#stalled.delete(stream);
  }

  /** A peer that leaves RESETs unanswered would fill the table with streams that nobody uses. */
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

  /** The peer has read what was sent before this PING. What it answers to that may be in the same message. */
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

  /** Until something stalls again. The PING under way may never be answered. */
  stop(): void {
    this.#cancel();
    this.#isActive = false;
    this.#creditAwaited = null;
    this.#provesMs = null;
  }

  /** A service's limit may be shorter than the steps in which the others are looked at. */
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

  /** Asks where something may be over, and once in a step. Gives how long to wait for the next look. */
  #askWhenDue(nowMs: number, dueInMs: number): number {
    const ofStepMs = this.#asked.ofStepMs(nowMs);
    const askInMs = Math.max(Math.min(dueInMs, STALL_CHECK_MS - ofStepMs), STALL_PING_GAP_MS - ofStepMs);
    if (askInMs > 0) return askInMs;
    this.#provesMs = this.#asked.step(nowMs);
    this.#options.ask(++this.#pingId);
    return STALL_CHECK_MS;
  }
}
