import type { Holder, MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import type { Stream } from "../../../shared/mux/stream.ts";

/** From here on it is looked after. */
const WATCHED_BYTES = 256 * 1024;
const LOOK_EVERY_MS = 250;
/** When memory is short, what has not moved for so long makes room. */
const STILL_MS = 10_000;

/**
 * A gateway's messages that wait for the upstream. Workers cannot hold a gateway back, so it may send as much as the budget
 * has room for; then the largest backlog that stands still is ended.
 */
export class SendBacklog implements Holder {
  readonly #stream: Stream;
  readonly #memory: MemoryAccount;
  readonly #onEnded: () => void;
  #isWatched = false;
  #isEnded = false;
  #sentBytes = 0;
  progressMs = 0;

  /** `onEnded` is called once, in a turn of the stream's own object. */
  constructor(stream: Stream, memory: MemoryAccount, onEnded: () => void) {
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
