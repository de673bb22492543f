/** RFC 6928: ten segments. */
const INITIAL_BYTES = 10 * 1460;
/** RFC 6298 asks for one second. Linux uses its round trip and this. */
const IDLE_MS = 200;

/**
 * The congestion window of one direction of a TCP connection without loss: ten segments at first, doubled with each round
 * trip in which it was used (RFC 5681, 3.1), and ten again after a pause (RFC 5681, 4.1).
 */
export class SlowStart {
  readonly #roundTripMs: number;
  readonly #maxBytes: number;
  readonly #underWay: { bytes: number; ackMs: number; underWayBytes: number }[] = [];
  #windowBytes = INITIAL_BYTES;
  #underWayBytes = 0;
  #sentMs = -Infinity;

  constructor(roundTripMs: number, maxBytes: number) {
    this.#roundTripMs = roundTripMs;
    this.#maxBytes = maxBytes;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** When the window will have more room; Infinity if nothing is under way. */
  get nextAckMs(): number {
    return this.#underWay[0]?.ackMs ?? Infinity;
  }

  /** How much may leave now. */
  roomBytes(nowMs: number): number {
    for (let next = this.#underWay[0]; next !== undefined && next.ackMs <= nowMs; next = this.#underWay[0]) {
      this.#underWay.shift();
      this.#underWayBytes -= next.bytes;
      // RFC 7661: a window that is not used does not grow.
      if (next.underWayBytes * 2 > this.#windowBytes)
        this.#windowBytes = Math.min(this.#maxBytes, this.#windowBytes + next.bytes);
    }
    const isIdle = this.#underWay.length === 0 && nowMs - this.#sentMs > this.#roundTripMs + IDLE_MS;
    if (isIdle) this.#windowBytes = INITIAL_BYTES;
    return Math.max(0, this.#windowBytes - this.#underWayBytes);
  }

  sent(bytes: number, nowMs: number): void {
    this.#sentMs = nowMs;
    this.#underWayBytes += bytes;
    this.#underWay.push({ bytes, ackMs: nowMs + this.#roundTripMs, underWayBytes: this.#underWayBytes });
  }
}
