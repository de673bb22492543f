import type { Clock } from "../../../shared/time/clock.ts";

/** Answers are owed and nothing has come for so long: ask. */
const ASK_AFTER_MS = 5_000;
/** Then, where the peer answered that it lives and says nothing else. Some servers (gRPC) take more for a flood. */
const ASK_AGAIN_AFTER_MS = 5 * 60_000;
/** Without an answer for so long, no new request is trusted to it; */
const DOUBT_AFTER_MS = 5_000;
/** and for so long, those that wait are given up. A server of one thread may be busy with one of them. */
const GIVE_UP_AFTER_MS = 30_000;

export interface LivenessEvents {
  /** A PING is to be sent. */
  onAsk(): void;
  /** Whether it may be trusted with new requests has changed. */
  onDoubt(doubtful: boolean): void;
  onDead(silentMs: number): void;
}

/**
 * Is the peer still there? A balancer or a firewall may have forgotten a connection without a word to either side:
 * what is sent vanishes, and nothing ever comes. One timer, and only while answers are owed or doubt is left.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #events: LivenessEvents;
  #owed = 0;
  /** Since when something has been owed and nothing has come. */
  #silentSinceMs = 0;
  #askedAtMs: number | null = null;
  /** The peer has answered a PING, and nothing has been asked or said since. */
  #provenQuiet = false;
  #doubtful = false;
  #timer: { atMs: number; cancel: () => void } | null = null;

  constructor(clock: Clock, events: LivenessEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  get doubtful(): boolean {
    return this.#doubtful;
  }

  get silentSinceMs(): number {
    return this.#silentSinceMs;
  }

  /** A request leaves. */
  onRequest(): void {
    if (this.#owed++ === 0 || this.#provenQuiet) this.#silentSinceMs = this.#clock.nowMs();
    this.#provenQuiet = false;
    this.#arm();
  }

  /** Its answer is here, or nobody waits for it any more. */
  onAnswered(): void {
    this.#owed--;
  }

  /** Something came; `pong`: nothing but the answer to a PING. */
  onHeard(pong: boolean): void {
    this.#silentSinceMs = this.#clock.nowMs();
    this.#provenQuiet = pong;
    this.#askedAtMs = null;
    if (!this.#doubtful) return;
    this.#doubtful = false;
    this.#events.onDoubt(false);
  }

  /** A request ran out of time and nothing at all has come since it left. */
  doubt(): void {
    this.#ask();
    this.#startDoubt();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #ask(): void {
    if (this.#askedAtMs !== null) return;
    this.#askedAtMs = this.#clock.nowMs();
    this.#events.onAsk();
  }

  #startDoubt(): void {
    if (this.#doubtful) return;
    this.#doubtful = true;
    this.#events.onDoubt(true);
  }

  /** One that comes too early is set once more. */
  #arm(): void {
    const atMs = this.#dueMs;
    if (this.#timer !== null && this.#timer.atMs <= atMs) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(Math.max(1, atMs - this.#clock.nowMs()), () => {
      this.#timer = null;
      this.#check();
    });
    this.#timer = { atMs, cancel };
  }

  get #dueMs(): number {
    const asked = this.#askedAtMs;
    if (asked === null) {
      return this.#silentSinceMs + (this.#provenQuiet ? ASK_AGAIN_AFTER_MS : ASK_AFTER_MS);
    }
    return asked + (this.#doubtful && this.#owed > 0 ? GIVE_UP_AFTER_MS : DOUBT_AFTER_MS);
  }

  #check(): void {
    if (this.#owed === 0 && this.#askedAtMs === null) return;
    if (this.#clock.nowMs() >= this.#dueMs) {
      if (this.#askedAtMs === null) this.#ask();
      else if (this.#doubtful) return this.#events.onDead(this.#clock.nowMs() - this.#silentSinceMs);
      else this.#startDoubt();
    }
    this.#arm();
  }
}
