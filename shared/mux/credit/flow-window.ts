import type { MemoryAccount, Promised } from "../../memory/memory-budget.ts";
import { MAX_OFFSET, SLOW_STREAM_CREDIT_BYTES } from "../../protocol/index.ts";

/** How much may I send? Offsets are absolute: bytes since the window began. */
export class SendWindow {
  sentBytes = 0;
  limitBytes: number;

  constructor(initialBytes: number) {
    this.limitBytes = initialBytes;
  }

  get availableBytes(): number {
    return this.limitBytes - this.sentBytes;
  }

  spend(bytes: number): void {
    this.sentBytes += bytes;
  }

  /** An older offset than one already seen is ignored: updates may be stale, never credit taken back. */
  grant(limitBytes: number): void {
    if (limitBytes > this.limitBytes) this.limitBytes = limitBytes;
  }
}

/** Nothing came for so long: what is granted beyond the base is likely not used soon. */
const IDLE_MS = 2_000;
/** When half a window took so many round trips, and memory is short, half of the window would do. */
const SLOW_ROUND_TRIPS = 16;

/** The shortest time between a grant and the first byte that needed it: an upper bound of the round trip. */
export class RoundTrip {
  /** Infinity until measured. */
  estimateMs = Infinity;

  sample(elapsedMs: number): void {
    // A clock of whole milliseconds sees 0 on a fast path; the slow rise forgets a path that was faster once.
    this.estimateMs = Math.max(0.5, Math.min(elapsedMs, this.estimateMs * 1.05 + 0.01));
  }
}

export interface ReceiveWindowOptions {
  baseBytes: number;
  maxBytes: number;
  memory: MemoryAccount;
  roundTrip: RoundTrip;
}

/**
 * How much have I allowed? Credit returns as bytes are consumed, and the window doubles when half of it was
 * consumed within two round trips: then the window was the limit, not the reader. All that may still arrive, or waits
 * to be read, is held in the budget.
 */
export class ReceiveWindow implements Promised {
  receivedBytes = 0;
  consumedBytes = 0;
  #sizeBytes: number;
  #grantedBytes: number;
  /** In the budget: the window, or what was granted of a larger one before. */
  #heldBytes: number;
  /** What it would grow to. */
  #wantedBytes: number;
  /** Up to which offset bytes are announced. */
  #announcedBytes = 0;
  #disposed = false;
  #receivedMs: number;
  /** Where and when growth was last considered. */
  #lookedAtBytes = 0;
  #lookedAtMs: number;
  /** The limit before the grant that is timed: a byte beyond it proves that the grant arrived. */
  #provingOffset = Infinity;
  #provingSinceMs = 0;
  /** When there was a grant last, and what had been consumed by then. */
  #grantedAtMs: number;
  #grantedAtBytes = 0;
  readonly #options: ReceiveWindowOptions;

  constructor(options: ReceiveWindowOptions, nowMs: number) {
    this.#options = options;
    this.#sizeBytes = options.baseBytes;
    this.#grantedBytes = options.baseBytes;
    this.#heldBytes = options.baseBytes;
    this.#wantedBytes = options.baseBytes;
    options.memory.hold(options.baseBytes);
    this.#lookedAtMs = nowMs;
    this.#receivedMs = nowMs;
    this.#grantedAtMs = nowMs;
  }

  /** Takes up where a window of the base size stood: all that was received has been consumed. */
  restore(consumedBytes: number, grantedBytes: number): void {
    this.receivedBytes = consumedBytes;
    this.consumedBytes = consumedBytes;
    this.#lookedAtBytes = consumedBytes;
    this.#grantedAtBytes = consumedBytes;
    this.#grantedBytes = grantedBytes;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get wantedBytes(): number {
    return this.#wantedBytes;
  }

  /** False: the peer sent more than it was granted. */
  receive(bytes: number, nowMs: number): boolean {
    this.receivedBytes += bytes;
    this.#receivedMs = nowMs;
    if (this.receivedBytes > this.#grantedBytes) return false;
    const unheldBytes = this.receivedBytes - this.consumedBytes - this.#heldBytes;
    if (unheldBytes > 0) {
      this.#heldBytes += unheldBytes;
      this.#options.memory.hold(unheldBytes);
    }
    if (this.receivedBytes > this.#provingOffset) {
      this.#provingOffset = Infinity;
      this.#options.roundTrip.sample(nowMs - this.#provingSinceMs);
    }
    return true;
  }

  consume(bytes: number): void {
    this.consumedBytes += bytes;
    if (this.#heldBytes > this.#sizeBytes) this.#release();
  }

  /** Bytes that a grant would add now. */
  get owedBytes(): number {
    return this.consumedBytes + this.#sizeBytes - this.#grantedBytes;
  }

  /** Worth a message of its own; smaller grants ride along with other frames. */
  get isDue(): boolean {
    return this.owedBytes * 2 >= this.#sizeBytes;
  }

  /** The reader takes something, and the peer has not heard of it for so long: it must not look stalled. */
  isOverdue(nowMs: number, afterMs: number): boolean {
    const takenBytes = this.consumedBytes - this.#grantedAtBytes;
    return takenBytes >= SLOW_STREAM_CREDIT_BYTES && nowMs - this.#grantedAtMs >= afterMs;
  }

  /** The new limit to send. Call when something is owed, or overdue: then it is told of a little in any case. */
  grant(nowMs: number, isOverdue = false): number {
    this.#growIfLimiting(nowMs);
    this.#share();
    this.#grantedAtMs = nowMs;
    this.#grantedAtBytes = this.consumedBytes;
    if (this.#provingOffset === Infinity) {
      this.#provingOffset = this.#grantedBytes;
      this.#provingSinceMs = nowMs;
    }
    // A window that has just become smaller owes nothing yet.
    const leastBytes = this.#grantedBytes + (isOverdue ? SLOW_STREAM_CREDIT_BYTES : 0);
    const limitBytes = Math.max(leastBytes, this.consumedBytes + this.#sizeBytes);
    this.#grantedBytes = Math.min(limitBytes, MAX_OFFSET);
    return this.#grantedBytes;
  }

  /** So many bytes are announced: a smaller window would only cost round trips until it has grown, a larger one is idle. */
  expect(bytes: number): void {
    const { baseBytes } = this.#options;
    this.#announcedBytes = this.consumedBytes + bytes;
    this.#growTo(bytes);
    this.#sizeBytes = Math.min(this.#sizeBytes, Math.max(baseBytes, bytes));
    this.#wantedBytes = Math.min(this.#wantedBytes, Math.max(baseBytes, bytes));
    this.#release();
  }

  /**
   * Before anything has come: so many bytes may be on their way soon. The new limit to send; null where it is the old one.
   * It is not timed: the peer has to think first.
   */
  grantAhead(bytes: number): number | null {
    this.#growTo(bytes);
    if (this.owedBytes <= 0) return null;
    this.#grantedBytes = this.consumedBytes + this.#sizeBytes;
    return this.#grantedBytes;
  }

  /** What was granted stays granted. From the base on, it is granted anew only as it is used. */
  reclaim(nowMs: number): void {
    if (nowMs - this.#receivedMs < IDLE_MS) return;
    const { baseBytes, memory } = this.#options;
    const neededBytes = Math.max(baseBytes, this.receivedBytes - this.consumedBytes);
    this.#sizeBytes = baseBytes;
    this.#wantedBytes = baseBytes;
    memory.promised.delete(this);
    if (neededBytes >= this.#heldBytes) return;
    memory.giveBack(this.#heldBytes - neededBytes);
    this.#heldBytes = neededBytes;
  }

  /** All of it goes back: nothing of the stream arrives any more, and nothing of it is kept. */
  dispose(): void {
    this.#options.memory.giveBack(this.#heldBytes);
    this.#options.memory.promised.delete(this);
    this.#heldBytes = 0;
    this.#disposed = true;
  }

  /** Grants that rode along in between don't count: it is half a window since the last look that is timed. */
  #growIfLimiting(nowMs: number): void {
    const { roundTrip, memory, baseBytes } = this.#options;
    if ((this.consumedBytes - this.#lookedAtBytes) * 2 < this.#sizeBytes) return;
    const elapsedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtBytes = this.consumedBytes;
    this.#lookedAtMs = nowMs;
    if (elapsedMs <= 2 * roundTrip.estimateMs) {
      // What is announced need not be found out by doubling: it was given less for want of room.
      return this.#growTo(Math.max(this.#sizeBytes * 2, this.#announcedBytes - this.consumedBytes));
    }
    this.#wantedBytes = this.#sizeBytes;
    if (elapsedMs < SLOW_ROUND_TRIPS * roundTrip.estimateMs || !memory.isShort) return;
    this.#sizeBytes = Math.max(baseBytes, Math.ceil(this.#sizeBytes / 2));
    this.#release();
  }

  #growTo(bytes: number): void {
    if (this.#disposed) return;
    const { maxBytes, memory } = this.#options;
    this.#wantedBytes = Math.max(this.#sizeBytes, Math.floor(Math.min(bytes, maxBytes)));
    const wantedBytes = this.#wantedBytes - this.#sizeBytes;
    if (wantedBytes === 0) return;
    memory.promised.add(this);
    // Of a window that was made smaller, some may be held still.
    const heldBytes = Math.min(wantedBytes, Math.max(0, this.#heldBytes - this.#sizeBytes));
    const takenBytes = memory.promise(wantedBytes - heldBytes);
    this.#heldBytes += takenBytes;
    this.#sizeBytes += heldBytes + takenBytes;
  }

  /** While others go short, what is beyond an even share is not granted anew. */
  #share(): void {
    const { memory, baseBytes } = this.#options;
    const mostBytes = Math.max(baseBytes, Math.floor(memory.shareOfPromised));
    if (this.#sizeBytes <= mostBytes) return;
    this.#sizeBytes = mostBytes;
    this.#release();
  }

  /** What was granted cannot be taken back, but need not be granted again. */
  #release(): void {
    if (this.#disposed) return;
    const neededBytes = Math.max(this.#sizeBytes, this.#grantedBytes - this.consumedBytes);
    if (neededBytes >= this.#heldBytes) return;
    this.#options.memory.giveBack(this.#heldBytes - neededBytes);
    this.#heldBytes = neededBytes;
  }
}

/**
 * What one object has sent and not seen acknowledged, over all of its connections. Each connection has a minimum of its
 * own, of which most was received long ago: credit returns in steps. What goes beyond is held in the budget.
 */
export class SendBudget {
  readonly #totalBytes: number;
  readonly #minimumBytes: number;
  readonly #memory: MemoryAccount | null;
  readonly #waiting = new Set<() => void>();
  #usedBytes = 0;

  /** `memory`: null where the transport's own backlog bounds what is under way. */
  constructor(totalBytes: number, minimumBytes: number, memory: MemoryAccount | null) {
    this.#totalBytes = totalBytes;
    this.#minimumBytes = minimumBytes;
    this.#memory = memory;
  }

  /** Bytes a connection with `unacknowledgedBytes` in flight may send. */
  roomBytes(unacknowledgedBytes: number): number {
    const freeBytes = Math.min(this.#totalBytes - this.#usedBytes, this.#memory?.freeBytes ?? Infinity);
    return Math.max(freeBytes, this.#minimumBytes - unacknowledgedBytes, 0);
  }

  /** So much of one connection was unacknowledged, and so much is now. */
  change(beforeBytes: number, nowBytes: number): void {
    this.#usedBytes += nowBytes - beforeBytes;
    const heldBytes =
      Math.max(0, nowBytes - this.#minimumBytes) - Math.max(0, beforeBytes - this.#minimumBytes);
    if (heldBytes !== 0) this.#memory?.move(heldBytes);
    if (nowBytes >= beforeBytes || this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wakeUp of waiting) wakeUp();
  }

  /** Calls `wakeUp` once, when bytes have been acknowledged. */
  notifyWhenFreed(wakeUp: () => void): void {
    this.#waiting.add(wakeUp);
  }

  forget(wakeUp: () => void): void {
    this.#waiting.delete(wakeUp);
  }
}
