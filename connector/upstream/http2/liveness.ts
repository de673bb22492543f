import type { Clock } from "../../../shared/time/clock.ts";

/** Send a PING when answers are due and nothing has come for so long. */
const ASK_AFTER_MS = 5_000;
/** The next PING if the peer answered the last one and sent nothing else. Some servers (gRPC) treat more of them as a flood. */
const ASK_AGAIN_AFTER_MS = 5 * 60_000;
/** Without an answer for so long, the connection gets no new requests. */
const DOUBT_AFTER_MS = 5_000;
/** Without an answer for so long, waiting requests fail. It is longer because a server with one thread may be busy with one of them. */
const GIVE_UP_AFTER_MS = 30_000;

export interface LivenessEvents {
  /** Send a PING. */
  onAsk(): void;
  /** Whether it should get new requests has changed. */
  onDoubt(doubtful: boolean): void;
  onDead(silentMs: number): void;
}

/**
 * Is the peer still there? A load balancer or a firewall may drop a connection's state without telling either side. What is sent
 * then vanishes, and nothing ever comes back. There is one timer, and it runs only while answers are due or there is doubt.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #events: LivenessEvents;
  #owed = 0;
  /** Since when an answer has been due and nothing has come. */
  #silentSinceMs = 0;
  #askedAtMs: number | null = null;
  /** The peer has answered a PING, and nothing else was sent or received since. */
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

  /** A request's answer has come, or nobody waits for it any more. */
  onAnswered(): void {
    this.#owed--;
  }

  /** Bytes came. `pong`: only the answer to a PING. */
  onHeard(pong: boolean): void {
    this.#silentSinceMs = this.#clock.nowMs();
    this.#provenQuiet = pong;
    this.#askedAtMs = null;
    if (!this.#doubtful) return;
    this.#doubtful = false;
    this.#events.onDoubt(false);
  }

  /** A request timed out, and nothing at all has come since it was sent. */
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

  /** If the timer fires too early, it is set again for the rest. */
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
