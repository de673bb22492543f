import type { MemoryAccount, Promised } from "../../memory/memory-budget.ts";
import { MAX_OFFSET, SLOW_STREAM_CREDIT_BYTES } from "../../protocol/index.ts";

/** How much this end may send. Offsets are absolute: bytes since the window began. */
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

  /** Ignores an offset lower than an earlier one: an update may be stale, and credit is never taken back. */
  grant(limitBytes: number): void {
    if (limitBytes > this.limitBytes) this.limitBytes = limitBytes;
  }
}

/** If nothing came for so long, credit beyond the base window will probably not be used soon. */
const IDLE_MS = 2_000;
/** If half a window lasted for so many round trips and memory is short, half of the window is enough. */
const SLOW_ROUND_TRIPS = 16;

/** The shortest time between a grant and the first byte that needed it: an upper bound of the round trip. */
export class RoundTrip {
  /** Infinity until measured. */
  estimateMs = Infinity;

  sample(elapsedMs: number): void {
    // A clock of whole milliseconds may measure 0 on a fast path. The slow rise makes up for a path that used to be faster.
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
 * How much this end has allowed the peer to send. Credit returns as bytes are consumed. The window doubles when half of it was
 * consumed within two round trips, because then the window was the limit, and not the reader. Everything that may still arrive
 * or waits to be read counts in the budget.
 */
export class ReceiveWindow implements Promised {
  receivedBytes = 0;
  consumedBytes = 0;
  #sizeBytes: number;
  /** The window is never smaller, however short memory is. */
  #leastBytes: number;
  #grantedBytes: number;
  /** Bytes that count in the budget: the window, or what was granted of a larger one before. */
  #heldBytes: number;
  /** The size that it would grow to. */
  #wantedBytes: number;
  /** The offset up to which bytes are announced. */
  #announcedBytes = 0;
  #disposed = false;
  #ended = false;
  #receivedMs: number;
  #hasReceived = false;
  /** Where and when growth was last considered. */
  #lookedAtBytes = 0;
  #lookedAtMs: number;
  /** The limit before the grant whose round trip is measured. A byte beyond it proves that the grant has arrived. */
  #provingOffset = Infinity;
  #provingSinceMs = 0;
  /** The time of the last grant, and how much had been consumed by then. */
  #grantedAtMs: number;
  #grantedAtBytes = 0;
  readonly #options: ReceiveWindowOptions;

  constructor(options: ReceiveWindowOptions, nowMs: number) {
    this.#options = options;
    this.#sizeBytes = options.baseBytes;
    this.#leastBytes = options.baseBytes;
    this.#grantedBytes = options.baseBytes;
    this.#heldBytes = options.baseBytes;
    this.#wantedBytes = options.baseBytes;
    options.memory.hold(options.baseBytes);
    this.#lookedAtMs = nowMs;
    this.#receivedMs = nowMs;
    this.#grantedAtMs = nowMs;
  }

  /** Continues a window of the base size from before a loss of memory. Everything received had been consumed. */
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
    this.#hasReceived = true;
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
    if (this.#ended || this.#heldBytes > this.#sizeBytes) this.#release();
  }

  /** How many bytes a grant would add now. */
  get owedBytes(): number {
    return this.consumedBytes + this.#sizeBytes - this.#grantedBytes;
  }

  /** The grant is worth a message of its own. Smaller ones are only sent along with other frames. */
  get isDue(): boolean {
    return this.owedBytes * 2 >= this.#sizeBytes;
  }

  /** The reader has read something, but the peer has not learnt of it for so long that the stream may look stalled. */
  isOverdue(nowMs: number, afterMs: number): boolean {
    const takenBytes = this.consumedBytes - this.#grantedAtBytes;
    return takenBytes >= SLOW_STREAM_CREDIT_BYTES && nowMs - this.#grantedAtMs >= afterMs;
  }

  /** Returns the new limit to send. If it is overdue, even a small grant is sent. */
  grant(nowMs: number, isOverdue = false): number {
    this.#growIfLimiting(nowMs);
    this.#share();
    this.#grantedAtMs = nowMs;
    this.#grantedAtBytes = this.consumedBytes;
    if (this.#provingOffset === Infinity) {
      this.#provingOffset = this.#grantedBytes;
      this.#provingSinceMs = nowMs;
    }
    // A window that has just become smaller has nothing to grant yet.
    const leastBytes = this.#grantedBytes + (isOverdue ? SLOW_STREAM_CREDIT_BYTES : 0);
    const limitBytes = Math.max(leastBytes, this.consumedBytes + this.#sizeBytes);
    this.#grantedBytes = Math.min(limitBytes, MAX_OFFSET);
    return this.#grantedBytes;
  }

  /**
   * The peer announces so many bytes. A smaller window would cost round trips until it has grown; a larger one would be unused.
   * The window has at least `leastBytes` from now on, even if memory is short.
   */
  expect(bytes: number, leastBytes = 0): void {
    const { baseBytes, memory } = this.#options;
    this.#leastBytes = Math.max(baseBytes, leastBytes);
    this.#announcedBytes = this.consumedBytes + bytes;
    this.#growTo(bytes);
    const mostBytes = Math.max(this.#leastBytes, bytes);
    this.#sizeBytes = Math.min(Math.max(this.#sizeBytes, this.#leastBytes), mostBytes);
    this.#wantedBytes = Math.min(Math.max(this.#wantedBytes, this.#leastBytes), mostBytes);
    const addedBytes = this.#sizeBytes - this.#heldBytes;
    if (addedBytes > 0 && !this.#disposed && !this.#ended) {
      this.#heldBytes += addedBytes;
      memory.promised.add(this);
      memory.hold(addedBytes);
    }
    this.#release();
  }

  /**
   * Grants credit before anything has come, because so many bytes are expected. Returns the new limit to send, or null if it is
   * the old one. This grant is not used to measure the round trip, because the peer does not answer at once.
   */
  grantAhead(bytes: number): number | null {
    this.#growTo(bytes);
    if (this.owedBytes <= 0) return null;
    this.#grantedBytes = this.consumedBytes + this.#sizeBytes;
    return this.#grantedBytes;
  }

  /** Nothing more arrives. Only bytes that wait to be read count in the budget from now on. */
  ended(): void {
    this.#ended = true;
    this.#options.memory.promised.delete(this);
    this.#release();
  }

  /** Gives unused memory back. Credit that was granted stays granted, but beyond the base it is only renewed as it is used. */
  reclaim(nowMs: number, isNeeded: boolean): void {
    const isUnused = nowMs - this.#receivedMs >= IDLE_MS || (isNeeded && !this.#hasReceived);
    if (this.#ended || !isUnused) return;
    const { memory } = this.#options;
    const leastBytes = this.#leastBytes;
    const neededBytes = Math.max(leastBytes, this.receivedBytes - this.consumedBytes);
    this.#sizeBytes = leastBytes;
    this.#wantedBytes = leastBytes;
    memory.promised.delete(this);
    if (neededBytes >= this.#heldBytes) return;
    memory.giveBack(this.#heldBytes - neededBytes);
    this.#heldBytes = neededBytes;
  }

  /** Gives back all memory, because nothing of the stream arrives or is kept any more. */
  dispose(): void {
    this.#options.memory.giveBack(this.#heldBytes);
    this.#options.memory.promised.delete(this);
    this.#heldBytes = 0;
    this.#disposed = true;
  }

  /** Measures the time for half a window since the last look. Small grants in between do not count. */
  #growIfLimiting(nowMs: number): void {
    const { roundTrip, memory } = this.#options;
    if ((this.consumedBytes - this.#lookedAtBytes) * 2 < this.#sizeBytes) return;
    const elapsedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtBytes = this.consumedBytes;
    this.#lookedAtMs = nowMs;
    if (elapsedMs <= 2 * roundTrip.estimateMs) {
      // For announced bytes the window need not grow by doubling. It is small only because memory was short.
      return this.#growTo(Math.max(this.#sizeBytes * 2, this.#announcedBytes - this.consumedBytes));
    }
    this.#wantedBytes = this.#sizeBytes;
    if (elapsedMs < SLOW_ROUND_TRIPS * roundTrip.estimateMs || !memory.isShort) return;
    this.#sizeBytes = Math.max(this.#leastBytes, Math.ceil(this.#sizeBytes / 2));
    this.#release();
  }

  #growTo(bytes: number): void {
    if (this.#disposed || this.#ended) return;
    const { maxBytes, memory } = this.#options;
    this.#wantedBytes = Math.max(this.#sizeBytes, Math.floor(Math.min(bytes, maxBytes)));
    const wantedBytes = this.#wantedBytes - this.#sizeBytes;
    if (wantedBytes === 0) return;
    memory.promised.add(this);
    // A window that was made smaller may still count some bytes in the budget.
    const heldBytes = Math.min(wantedBytes, Math.max(0, this.#heldBytes - this.#sizeBytes));
    const takenBytes = memory.promise(wantedBytes - heldBytes);
    this.#heldBytes += takenBytes;
    this.#sizeBytes += heldBytes + takenBytes;
  }

  /** While other windows have too little, credit beyond an even share is not renewed. */
  #share(): void {
    const mostBytes = Math.max(this.#leastBytes, Math.floor(this.#options.memory.shareOfPromised));
    if (this.#sizeBytes <= mostBytes) return;
    this.#sizeBytes = mostBytes;
    this.#release();
  }

  /** Credit that was granted cannot be taken back, but it need not be renewed. */
  #release(): void {
    if (this.#disposed) return;
    const mayArriveBytes = Math.max(this.#sizeBytes, this.#grantedBytes - this.consumedBytes);
    const neededBytes = this.#ended ? this.receivedBytes - this.consumedBytes : mayArriveBytes;
    if (neededBytes >= this.#heldBytes) return;
    this.#options.memory.giveBack(this.#heldBytes - neededBytes);
    this.#heldBytes = neededBytes;
  }
}

/**
 * The bytes that one object has sent without an acknowledgement, over all of its connections. Each connection has a minimum of
 * its own. Most of that was received long ago, because credit returns in steps. Bytes beyond it count in the memory budget.
 */
export class SendBudget {
  readonly #totalBytes: number;
  readonly #minimumBytes: number;
  readonly #memory: MemoryAccount | null;
  readonly #waiting = new Set<() => void>();
  #usedBytes = 0;

  /** `memory` is null if the transport's own backlog limits what is under way. */
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

  /** One connection's unacknowledged bytes changed from `beforeBytes` to `nowBytes`. */
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
