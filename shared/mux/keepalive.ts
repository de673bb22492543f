import type { Clock } from "../clock.ts";
import { KEEPALIVE_INTERVAL_MS, KEEPALIVE_TIMEOUT_MS } from "../protocol/limits.ts";

/** Each interval is shortened by up to this share, so that connections opened together don't ping together. */
const JITTER = 0.2;

export interface KeepaliveEvents {
  /** Send the ping text. */
  ping(): void;
  /** Nothing came for too long: the connection is lost, whatever the socket says. */
  lost(): void;
}

/** Is the peer still there? Asks in intervals, and gives up when the answer does not come. */
export class Keepalive {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #events: KeepaliveEvents;
  #cancelTimer: () => void = () => {};
  #pingedAtMs: number | null = null;
  #rttMs: number | null = null;
  #stopped = false;

  /** `random` gives numbers from 0 to below 1. */
  constructor(clock: Clock, random: () => number, events: KeepaliveEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
    this.#schedulePing();
  }

  /** Of the last ping that was answered, in milliseconds. */
  get rttMs(): number | null {
    return this.#rttMs;
  }

  ponged(): void {
    if (this.#stopped || this.#pingedAtMs === null) return;
    this.#rttMs = this.#clock.nowMs() - this.#pingedAtMs;
    this.#pingedAtMs = null;
    this.#cancelTimer();
    this.#schedulePing();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #schedulePing(): void {
    const delayMs = KEEPALIVE_INTERVAL_MS * (1 - JITTER * this.#random());
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#pingedAtMs = this.#clock.nowMs();
      this.#cancelTimer = this.#clock.after(KEEPALIVE_TIMEOUT_MS, () => {
        this.stop();
        this.#events.lost();
      });
      this.#events.ping();
    });
  }
}
