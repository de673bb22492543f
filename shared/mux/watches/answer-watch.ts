import type { Clock } from "../../time/clock.ts";
import { ANSWER_TIMEOUT_MS, MAX_SILENCE_MS } from "../../protocol/index.ts";
import { STANDSTILL } from "./standstill.ts";

/** When to look for the first time. Most answers have come by then, so a timer is set for many requests, and not for each. */
const FIRST_LOOK_MS = 25;

export interface SilenceEvents {
  /** Nothing came since something was sent: ask for a sign of life. */
  ask(): void;
  /** There was no answer. The owner may end the connection or find out more. */
  silent(): void;
  /** Something came after `silent`. */
  heard(): void;
  /** Nothing came for so long that the connection counts as lost. */
  lost(): void;
  /** The time of the peer's last sign of life that did not go through `received`. */
  lastLifeMs(): number;
}

/**
 * Does the peer still answer? A path that swallows packets both ways looks like a quiet one until something is sent.
 *
 * quiet ──sent──▶ waiting ──ANSWER_TIMEOUT_MS──▶ asked ──ANSWER_TIMEOUT_MS──▶ silent ──MAX_SILENCE_MS in all──▶ lost
 * Anything received leads back to quiet. After a standstill of this process, what arrived is read before it is silent.
 */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #events: SilenceEvents;
  /** When the first message was sent since anything came; null while quiet. */
  #unansweredSinceMs: number | null = null;
  #asked = false;
  #isSilent = false;
  #lookAtMs = 0;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(clock: Clock, events: SilenceEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** The peer was asked and has not answered yet. */
  get isSuspect(): boolean {
    return this.#asked && this.#unansweredSinceMs !== null;
  }

  sent(): void {
    if (this.#stopped || this.#unansweredSinceMs !== null) return;
    this.#unansweredSinceMs = this.#clock.nowMs();
    this.#asked = false;
    // One timer serves many rounds: it looks at the time when it fires.
    if (this.#cancelTimer === null) this.#lookAfter(FIRST_LOOK_MS);
  }

  /** The peer was asked just now, for another reason: nothing that was sent before counts. */
  asked(): void {
    if (this.#stopped || this.#isSilent) return;
    this.#unansweredSinceMs = this.#clock.nowMs() - ANSWER_TIMEOUT_MS;
    this.#asked = true;
    this.#cancel();
    this.#lookAfter(ANSWER_TIMEOUT_MS);
  }

  received(): void {
    this.#unansweredSinceMs = null;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#cancel();
    this.#events.heard();
  }

  /** Bytes are still leaving the socket. Nobody can have answered them yet, and a path that accepts bytes is not dead. */
  stillLeaving(): void {
    if (this.#unansweredSinceMs === null || this.#isSilent) return;
    this.#unansweredSinceMs = this.#clock.nowMs();
    this.#asked = false;
  }

  /** Nothing is under way, so the timer stops, unless it is over soon anyway: it would keep the object awake, and billed. */
  rest(): void {
    const leftMs = this.#lookAtMs - this.#clock.nowMs();
    if (this.#unansweredSinceMs === null && leftMs > FIRST_LOOK_MS) this.#cancel();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #lookAfter(delayMs: number): void {
    this.#lookAtMs = this.#clock.nowMs() + delayMs;
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    this.#cancelTimer = null;
    if (this.#unansweredSinceMs !== null && this.#events.lastLifeMs() > this.#unansweredSinceMs)
      this.received();
    if (this.#unansweredSinceMs === null) return;
    const nowMs = this.#clock.nowMs();
    const waitedMs = nowMs - this.#unansweredSinceMs;
    const dueMs = this.#dueMs;
    if (waitedMs < dueMs) return this.#lookAfter(dueMs - waitedMs);
    // However often: a process that is always this late cannot tell whose silence it is.
    if (this.#asked && nowMs - this.#lookAtMs > STANDSTILL.lateMs) return this.#lookAfter(STANDSTILL.lateMs);
    if (!this.#asked) {
      this.#asked = true;
      this.#lookAfter(ANSWER_TIMEOUT_MS);
      return this.#events.ask();
    }
    if (this.#isSilent) {
      this.stop();
      return this.#events.lost();
    }
    this.#isSilent = true;
    this.#lookAfter(MAX_SILENCE_MS - waitedMs);
    this.#events.silent();
  }

  get #dueMs(): number {
    if (this.#isSilent) return MAX_SILENCE_MS;
    return this.#asked ? 2 * ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
  }
}
