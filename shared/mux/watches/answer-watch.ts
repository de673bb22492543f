import type { Clock } from "../../time/clock.ts";
import { ANSWER_TIMEOUT_MS } from "../../protocol/index.ts";

/** A timer that comes so late comes after a standstill: what arrived meanwhile is not read yet. */
const STOOD_STILL_MS = 1_000;

export interface SilenceEvents {
  /** Nothing came since something was sent: ask for a sign of life. */
  ask(): void;
  /** No answer either: the connection is lost, whatever the socket says. */
  lost(): void;
  /** When the peer last showed life that `received` was not told of, in ms of the clock. */
  lastLifeMs(): number;
}

/**
 * Does the peer still answer? A path that swallows packets both ways looks like a quiet one until something is sent.
 *
 * quiet ──sent──▶ waiting ──ANSWER_TIMEOUT_MS──▶ asked ──ANSWER_TIMEOUT_MS──▶ lost
 * Anything received leads back to quiet. Before it is lost after a standstill of this process, what arrived is read.
 */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #events: SilenceEvents;
  /** When the first message left that nothing has come after; null while quiet. */
  #unansweredSinceMs: number | null = null;
  #asked = false;
  #looksAgain = false;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(clock: Clock, events: SilenceEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** It has been asked, and has not answered yet. */
  get isSuspect(): boolean {
    return this.#asked && this.#unansweredSinceMs !== null;
  }

  sent(): void {
    if (this.#stopped || this.#unansweredSinceMs !== null) return;
    this.#unansweredSinceMs = this.#clock.nowMs();
    this.#asked = false;
    // One timer serves many rounds: it looks at the time when it fires.
    this.#cancelTimer ??= this.#clock.after(ANSWER_TIMEOUT_MS, () => this.#check());
  }

  received(): void {
    this.#unansweredSinceMs = null;
  }

  /** What was sent is still leaving: nobody can have answered it, and a path that takes bytes is not dead. */
  stillLeaving(): void {
    if (this.#unansweredSinceMs === null) return;
    this.#unansweredSinceMs = this.#clock.nowMs();
    this.#asked = false;
  }

  /** Nothing is under way: a timer alone would keep an object awake, and billed. */
  rest(): void {
    if (this.#unansweredSinceMs === null) this.#cancel();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #check(): void {
    this.#cancelTimer = null;
    if (this.#unansweredSinceMs !== null && this.#events.lastLifeMs() > this.#unansweredSinceMs)
      this.received();
    if (this.#unansweredSinceMs === null) return;
    const waitedMs = this.#clock.nowMs() - this.#unansweredSinceMs;
    const dueMs = this.#asked ? 2 * ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
    if (waitedMs < dueMs) {
      this.#cancelTimer = this.#clock.after(dueMs - waitedMs, () => this.#check());
    } else if (this.#asked && !this.#looksAgain && waitedMs - dueMs > STOOD_STILL_MS) {
      this.#looksAgain = true;
      this.#cancelTimer = this.#clock.after(STOOD_STILL_MS, () => this.#check());
    } else if (this.#asked) {
      this.stop();
      this.#events.lost();
    } else {
      this.#asked = true;
      this.#looksAgain = false;
      this.#cancelTimer = this.#clock.after(ANSWER_TIMEOUT_MS, () => this.#check());
      this.#events.ask();
    }
  }
}
