import type { Holder, MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import type { Stream } from "../../../shared/mux/index.ts";

/** A backlog of this size counts individually. Five hundred smaller ones fit in the budget's reserve. */
const WATCHED_BYTES = 16 * 1024;
const LOOK_EVERY_MS = 250;
/** From this size on, the object accepts no events for a moment after each message. From twice this size on, for longer. */
const PAUSED_BYTES = 16 * 1024 * 1024;
const PAUSE_MS = 1;
const LONG_PAUSE_MS = 5;
/** Only if the upstream makes progress: a pause does not help one that reads nothing. */
const MOVING_MS = 1_000;
/** When memory is short, a backlog without progress for so long is ended. */
const STILL_MS = 10_000;

/** The queue in which the messages wait. */
export type SendQueued = Pick<Stream, "queuedBytes" | "sentBytes" | "closed" | "discardQueued">;

/**
 * A gateway's messages that wait for the upstream. Workers cannot slow down a single gateway, so it may send as much as the budget has
 * room for. Then the largest backlog without progress is ended.
 */
export class SendBacklog implements Holder {
  readonly #stream: SendQueued;
  readonly #memory: MemoryAccount;
  readonly #onEnded: () => void;
  #isWatched = false;
  #isEnded = false;
  #sentBytes = 0;
  progressMs = 0;

  /** `onEnded` is called once, in a turn of the stream's own object. */
  constructor(stream: SendQueued, memory: MemoryAccount, onEnded: () => void) {
    this.#stream = stream;
    this.#memory = memory;
    this.#onEnded = onEnded;
  }

  get heldBytes(): number {
    return this.#stream.queuedBytes;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** How long the object should accept no events, so that an upstream that reads as fast as it can catches up. */
  get pauseMs(): number {
    if (!this.#isWatched || this.heldBytes < PAUSED_BYTES) return 0;
    if (Date.now() - this.progressMs > MOVING_MS) return 0;
    return this.heldBytes < 2 * PAUSED_BYTES ? PAUSE_MS : LONG_PAUSE_MS;
  }

  /** A message was written. */
  grew(): void {
    if (this.#isWatched || this.heldBytes < WATCHED_BYTES) return;
    this.#isWatched = true;
    this.#sentBytes = this.#stream.sentBytes;
    this.progressMs = Date.now();
    this.#memory.add(this);
    this.#lookLater();
  }

  end(): void {
    this.#isEnded = true;
    this.#memory.remove(this);
    this.#stream.discardQueued();
  }

  /** Runs in a turn of this object, because memory may have become short in another object's turn. */
  #lookLater(): void {
    setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }

  #look(): void {
    const nowMs = Date.now();
    const { sentBytes, closed } = this.#stream;
    if (sentBytes !== this.#sentBytes) this.progressMs = nowMs;
    this.#sentBytes = sentBytes;
    if (!this.#isEnded && this.#memory.isShort && nowMs - this.progressMs >= STILL_MS) this.end();
    if (this.#isEnded) return this.#onEnded();
    if (!closed && this.heldBytes >= WATCHED_BYTES) return this.#lookLater();
    this.#isWatched = false;
    this.#memory.remove(this);
  }
}
