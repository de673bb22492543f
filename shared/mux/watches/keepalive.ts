import { type Clock, elapsedMs, type Moment, momentOf } from "../../time/clock.ts";
import { KEEPALIVE_INTERVAL_MS } from "../../protocol/index.ts";

/** Each interval is shortened by up to this share, so that connections opened together don't ping together. */
const JITTER = 0.2;
/** How often to see whether this process was suspended; its timers stand still with it. */
const LOOK_EVERY_MS = 2_000;
/** If a look is later than this by either clock, the process was suspended and not just busy. */
const SUSPENDED_MS = 5_000;

/**
 * Asks an idle peer in intervals whether it is still there; `AnswerWatch` checks that an answer comes. After a suspension of the
 * process or its machine it asks at once, because the peer or a device on the path has probably forgotten the connection.
 */
export class Keepalive {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ping: (afterSuspension: boolean) => void;
  #cancelTimer: () => void = () => {};
  #pingedAtMs: number | null = null;
  #dueAtMs: number;
  #lookedAt: Moment;
  #rttMs: number | null = null;

  /** `random` gives numbers from 0 to below 1. */
  constructor(clock: Clock, random: () => number, ping: (afterSuspension: boolean) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#ping = ping;
    this.#lookedAt = momentOf(clock);
    this.#dueAtMs = this.#nextPingAtMs();
    this.#lookLater();
  }

  /** Of the last ping that was answered, in milliseconds. */
  get rttMs(): number | null {
    return this.#rttMs;
  }

  ponged(): void {
    if (this.#pingedAtMs === null) return;
    this.#rttMs = this.#clock.nowMs() - this.#pingedAtMs;
    this.#pingedAtMs = null;
  }

  stop(): void {
    this.#cancelTimer();
  }

  #nextPingAtMs(): number {
    return this.#clock.nowMs() + KEEPALIVE_INTERVAL_MS * (1 - JITTER * this.#random());
  }

  #lookLater(): void {
    const delayMs = Math.min(LOOK_EVERY_MS, this.#dueAtMs - this.#clock.nowMs());
    this.#lookedAt = momentOf(this.#clock);
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#look(delayMs));
  }

  #look(delayMs: number): void {
    const lateMs = elapsedMs(this.#clock, this.#lookedAt) - delayMs;
    const wasSuspended = lateMs > SUSPENDED_MS;
    const isDue = wasSuspended || this.#clock.nowMs() >= this.#dueAtMs;
    if (isDue) {
      this.#pingedAtMs = this.#clock.nowMs();
      this.#dueAtMs = this.#nextPingAtMs();
    }
    this.#lookLater();
    if (isDue) this.#ping(wasSuspended);
  }
}
