import type { Holder, MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import type { Stream } from "../../../shared/mux/index.ts";

/** From here on it is looked after: what five hundred keep beneath it fits the budget's reserve. */
const WATCHED_BYTES = 16 * 1024;
const LOOK_EVERY_MS = 250;
/** From here on the object looks the other way for a moment after each message, and from twice as much for longer. */
const PAUSED_BYTES = 16 * 1024 * 1024;
const PAUSE_MS = 1;
const LONG_PAUSE_MS = 5;
/** Only for what moves: a pause is of no use to an upstream that takes nothing. */
const MOVING_MS = 1_000;
/** When memory is short, what has not moved for so long makes room. */
const STILL_MS = 10_000;

/** Where it waits. */
export type SendQueued = Pick<Stream, "queuedBytes" | "sentBytes" | "closed" | "discardQueued">;

/**
 * What a gateway has sent and waits for the upstream. Workers cannot hold a single gateway back, so it may send as much as the
 * budget has room for; then the largest backlog that stands still is ended.
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

  /** How long the object should take no event, so that an upstream that reads as fast as it can catches up. */
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

  /** In a turn of this object's own: memory may have been short in another's. */
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
