import { MAX_OFFSET } from "../protocol/limits.ts";

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

/** A lone transfer over a long path needs most of the room; the second one still gets a fifth of it, and so on. */
const MAX_TAKEN_SHARE = 3 / 4;
/** What is granted before anything has come may never be used: half of the room stays. */
const MAX_AHEAD_SHARE = 1 / 2;

/** Room that windows may grow into beyond their base, shared by all streams of one object or process. */
export class WindowPool {
  #freeBytes: number;

  constructor(bytes: number) {
    this.#freeBytes = bytes;
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** As much of `bytes` as may be had: never all of what is free, so that something is left for the next. */
  take(bytes: number): number {
    const taken = Math.min(bytes, Math.floor(this.#freeBytes * MAX_TAKEN_SHARE));
    this.#freeBytes -= taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.#freeBytes += bytes;
  }
}

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
  pool: WindowPool;
  roundTrip: RoundTrip;
}

/**
 * How much have I allowed? Credit returns as bytes are consumed, and the window doubles when half of it was
 * consumed within two round trips: then the window was the limit, not the reader.
 */
export class ReceiveWindow {
  receivedBytes = 0;
  consumedBytes = 0;
  #sizeBytes: number;
  #grantedBytes: number;
  /** Where and when growth was last considered. */
  #lookedAtBytes = 0;
  #lookedAtMs: number;
  /** The limit before the grant that is timed: a byte beyond it proves that the grant arrived. */
  #provingOffset = Infinity;
  #provingSinceMs = 0;
  readonly #options: ReceiveWindowOptions;

  constructor(options: ReceiveWindowOptions, nowMs: number) {
    this.#options = options;
    this.#sizeBytes = options.baseBytes;
    this.#grantedBytes = options.baseBytes;
    this.#lookedAtMs = nowMs;
  }

  /** Takes up where a window of the base size stood: all that was received has been consumed. */
  restore(consumedBytes: number, grantedBytes: number): void {
    this.receivedBytes = consumedBytes;
    this.consumedBytes = consumedBytes;
    this.#lookedAtBytes = consumedBytes;
    this.#grantedBytes = grantedBytes;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** False: the peer sent more than it was granted. */
  receive(bytes: number, nowMs: number): boolean {
    this.receivedBytes += bytes;
    if (this.receivedBytes > this.#grantedBytes) return false;
    if (this.receivedBytes > this.#provingOffset) {
      this.#provingOffset = Infinity;
      this.#options.roundTrip.sample(nowMs - this.#provingSinceMs);
    }
    return true;
  }

  consume(bytes: number): void {
    this.consumedBytes += bytes;
  }

  /** Bytes that a grant would add now. */
  get owedBytes(): number {
    return this.consumedBytes + this.#sizeBytes - this.#grantedBytes;
  }

  /** Worth a message of its own; smaller grants ride along with other frames. */
  get isDue(): boolean {
    return this.owedBytes * 2 >= this.#sizeBytes;
  }

  /** The new limit to send. Call when something is owed. */
  grant(nowMs: number): number {
    this.#growIfLimiting(nowMs);
    if (this.#provingOffset === Infinity) {
      this.#provingOffset = this.#grantedBytes;
      this.#provingSinceMs = nowMs;
    }
    this.#grantedBytes = Math.min(this.consumedBytes + this.#sizeBytes, MAX_OFFSET);
    return this.#grantedBytes;
  }

  /** So many bytes are announced: a smaller window would only cost round trips until it has grown, a larger one is idle. */
  expect(bytes: number): void {
    const { baseBytes, pool } = this.#options;
    this.#growTo(bytes);
    const idleBytes = this.#sizeBytes - Math.max(baseBytes, bytes);
    if (idleBytes <= 0) return;
    this.#sizeBytes -= idleBytes;
    pool.giveBack(idleBytes);
  }

  /**
   * Before anything has come: so many bytes may be on their way soon. The new limit to send; null where it is the old one.
   * It is not timed: the peer has to think first.
   */
  grantAhead(bytes: number): number | null {
    const roomBytes = Math.floor(this.#options.pool.freeBytes * MAX_AHEAD_SHARE);
    this.#growTo(Math.min(bytes, this.#sizeBytes + roomBytes));
    if (this.owedBytes <= 0) return null;
    this.#grantedBytes = this.consumedBytes + this.#sizeBytes;
    return this.#grantedBytes;
  }

  /** The growth goes back to the pool. */
  dispose(): void {
    this.#options.pool.giveBack(this.#sizeBytes - this.#options.baseBytes);
    this.#sizeBytes = this.#options.baseBytes;
  }

  /** Grants that rode along in between don't count: it is half a window since the last look that is timed. */
  #growIfLimiting(nowMs: number): void {
    const { roundTrip } = this.#options;
    if ((this.consumedBytes - this.#lookedAtBytes) * 2 < this.#sizeBytes) return;
    const elapsedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtBytes = this.consumedBytes;
    this.#lookedAtMs = nowMs;
    if (elapsedMs > 2 * roundTrip.estimateMs) return;
    this.#growTo(this.#sizeBytes * 2);
  }

  #growTo(bytes: number): void {
    const { maxBytes, pool } = this.#options;
    this.#sizeBytes += pool.take(Math.max(0, Math.min(bytes, maxBytes) - this.#sizeBytes));
  }
}

/**
 * What one object has sent and not seen acknowledged, over all of its connections.
 * Each connection has a guaranteed minimum; more is shared.
 */
export class SendBudget {
  readonly #totalBytes: number;
  readonly #minimumBytes: number;
  readonly #waiting = new Set<() => void>();
  #usedBytes = 0;

  constructor(totalBytes: number, minimumBytes: number) {
    this.#totalBytes = totalBytes;
    this.#minimumBytes = minimumBytes;
  }

  /** Bytes a connection with `unacknowledgedBytes` in flight may send. */
  roomBytes(unacknowledgedBytes: number): number {
    return Math.max(this.#totalBytes - this.#usedBytes, this.#minimumBytes - unacknowledgedBytes, 0);
  }

  change(bytes: number): void {
    this.#usedBytes += bytes;
    if (bytes >= 0 || this.#waiting.size === 0) return;
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
