import { type Clock, elapsedMs, type Moment, momentOf } from "../../time/clock.ts";
import { ANSWER_TIMEOUT_MS, KEEPALIVE_INTERVAL_MS, KEEPALIVE_TIMEOUT_MS } from "../../protocol/index.ts";

/** Each interval is shortened by up to this share, so that connections opened together don't ping together. */
const JITTER = 0.2;
/** How often to see whether this process was suspended; its timers stand still with it. */
const LOOK_EVERY_MS = 2_000;
/** A look that comes later than this by either clock comes after a suspension, not after a busy moment. */
const SUSPENDED_MS = 5_000;

export interface KeepaliveEvents {
  /** Send the ping text. */
  ping(): void;
  /** Nothing came for too long: the connection is lost, whatever the socket says. */
  lost(): void;
}

/**
 * Is the peer still there? Asks in intervals, and gives up when the answer does not come. After a suspension of the
 * process or its machine it asks at once: the peer, or a box on the way, has most likely forgotten the connection.
 */
export class Keepalive {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #events: KeepaliveEvents;
  #cancelTimer: () => void = () => {};
  #pingedAtMs: number | null = null;
  /** When to ping, or to give up on the ping under way. */
  #dueAtMs: number;
  #lookedAt: Moment;
  #rttMs: number | null = null;
  #stopped = false;

  /** `random` gives numbers from 0 to below 1. */
  constructor(clock: Clock, random: () => number, events: KeepaliveEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
    this.#lookedAt = momentOf(clock);
    this.#dueAtMs = this.#nextPingAtMs();
    this.#lookLater();
  }

  /** Of the last ping that was answered, in milliseconds. */
  get rttMs(): number | null {
    return this.#rttMs;
  }

  ponged(): void {
    if (this.#stopped || this.#pingedAtMs === null) return;
    this.#rttMs = this.#clock.nowMs() - this.#pingedAtMs;
    this.#pingedAtMs = null;
    this.#dueAtMs = this.#nextPingAtMs();
    this.#cancelTimer();
    this.#lookLater();
  }

  stop(): void {
    this.#stopped = true;
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
    // An answer to what was asked before may be lost, or may be here and not yet read.
    if (lateMs > SUSPENDED_MS) return this.#ask(ANSWER_TIMEOUT_MS);
    if (this.#clock.nowMs() < this.#dueAtMs) return this.#lookLater();
    if (this.#pingedAtMs === null) return this.#ask(KEEPALIVE_TIMEOUT_MS);
    this.stop();
    this.#events.lost();
  }

  #ask(patienceMs: number): void {
    this.#pingedAtMs = this.#clock.nowMs();
    this.#dueAtMs = this.#pingedAtMs + patienceMs;
    this.#lookLater();
    this.#events.ping();
  }
}
