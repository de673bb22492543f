import { DeliveryRate } from "./delivery-rate.ts";

/** Queuing delay that is allowed, as a time or as a share of the round trip. It keeps the path busy, and busy machines add some. */
const MAX_WAIT_MS = 5;
const MAX_WAIT_SHARE = 1 / 4;
/** A path that is opening carries twice as much with each round trip, and must always have enough to send. */
const OPENING_GAIN = 2;
/** If no acknowledgement came about as early as the known round trip for so long, the round trip is measured anew. */
const FORGET_MS = 10_000;
const AS_EARLY_SHARE = 1.1;
const AS_EARLY_MS = 1;
/** After a pause, the last measurement still counts. */
const IDLE_MS = 1_000;
/** Messages sent at the same time share a mark up to this size, so that many small ones make few marks. */
const MARK_BYTES = 64 * 1024;
/** With fine answers, the minimum is what the path delivers in this time, so that questions stay few, and at least this much. */
const FINE_MS = 40;
export const FINE_BYTES = 32 * 1024;

/** Where messages of the same moment began and ended, and how many bytes were under way with them. */
interface Mark {
  beginBytes: number;
  offsetBytes: number;
  sentMs: number;
  underWayBytes: number;
}

/**
 * Limits how many bytes are under way. Bytes that a path cannot carry yet wait in sockets' buffers, and small answers wait behind
 * them, because no frame can overtake there. So if acknowledgements come later than the path's round trip, less is sent ahead.
 * At first there is no limit: a whole window is sent before the first round trip is known.
 */
export class FlightLimit {
  readonly #coarseBytes: number;
  readonly #marks: Mark[] = [];
  readonly #rate = new DeliveryRate();
  #isFine = false;
  #limitBytes = Infinity;
  #roundTripMs = Infinity;
  /** When an acknowledgement last came about as early as the round trip, or the first message was sent after a pause. */
  #confirmedMs = -Infinity;
  #heardMs = -Infinity;
  /** Messages after this offset have almost nothing queued before them, so they measure the round trip; null: it is not being measured. */
  #probeAtBytes: number | null = null;
  #sentBytes = 0;
  /** Bytes that were sent before the last cut say nothing about the limit since then. */
  #cutAtBytes = 0;

  /** `coarseBytes`: credit returns in steps, so with fewer bytes under way none would ever return. */
  constructor(coarseBytes: number) {
    this.#coarseBytes = coarseBytes;
  }

  get bytes(): number {
    return this.#limitBytes;
  }

  /** The limit is below the steps in which credit returns: it relies on fine answers. */
  get isNarrow(): boolean {
    return this.#limitBytes < this.#coarseBytes;
  }

  get knowsRoundTrip(): boolean {
    return this.#roundTripMs !== Infinity;
  }

  /** Any piece can be acknowledged, not only the steps in which credit returns. */
  useFineAnswers(): void {
    this.#isFine = true;
  }

  /** A message was sent that ends at this offset. */
  sent(offsetBytes: number, underWayBytes: number, nowMs: number): void {
    const beginBytes = this.#sentBytes;
    this.#sentBytes = offsetBytes;
    const last = this.#marks.at(-1);
    if (last === undefined && nowMs - this.#heardMs > IDLE_MS) this.#confirmedMs = nowMs;
    if (last?.sentMs === nowMs && offsetBytes - last.beginBytes <= MARK_BYTES) {
      last.offsetBytes = offsetBytes;
      last.underWayBytes = underWayBytes;
    } else {
      this.#marks.push({ beginBytes, offsetBytes, sentMs: nowMs, underWayBytes });
    }
  }

  /** The peer has everything up to this offset, `newBytes` of it since it last said so. */
  acknowledged(offsetBytes: number, newBytes: number, nowMs: number): void {
    const arrived = this.#marks.findLastIndex((mark) => mark.offsetBytes <= offsetBytes);
    const mark = this.#marks[arrived];
    if (mark === undefined) return;
    this.#marks.splice(0, arrived + 1);
    this.#heardMs = nowMs;
    const elapsedMs = nowMs - mark.sentMs;
    if (mark.beginBytes >= (this.#probeAtBytes ?? Infinity)) return this.#probed(elapsedMs, nowMs);
    if (elapsedMs <= this.#roundTripMs * AS_EARLY_SHARE + AS_EARLY_MS) this.#confirmedMs = nowMs;
    this.#roundTripMs = Math.min(elapsedMs, this.#roundTripMs);
    const isLate = elapsedMs > this.#allowedMs;
    const usesLimit = mark.underWayBytes * 2 >= this.#limitBytes;
    // A little that arrives late kept the path busy only if the limit allowed no more.
    if (mark.underWayBytes > this.#coarseBytes || (isLate && usesLimit))
      this.#rate.acknowledged(offsetBytes, nowMs, this.#roundTripMs);
    else this.#rate.paused();
    if (this.#probeAtBytes !== null) return;
    if (nowMs - this.#confirmedMs > FORGET_MS) return this.#probe();
    if (!isLate && usesLimit) this.#limitBytes += newBytes;
    if (!isLate) return;
    // A short path carries almost nothing at a time, so nearly everything under way is queued, and less of it queues for less time.
    if (this.#isShort) this.#cut(mark.offsetBytes, (mark.underWayBytes * this.#allowedMs) / elapsedMs);
    else if (mark.underWayBytes > this.#leastBytes) this.#fit(mark.offsetBytes);
  }

  /**
   * Has the path become longer, or do this end's own bytes queue on it? Only a message with little queued before it can tell.
   * To believe the others would let the queue grow without end.
   */
  #probe(): void {
    this.#limitBytes = this.#leastBytes;
    this.#cutAtBytes = this.#probeAtBytes = this.#sentBytes;
  }

  #probed(roundTripMs: number, nowMs: number): void {
    this.#roundTripMs = roundTripMs;
    this.#confirmedMs = nowMs;
    this.#probeAtBytes = null;
    const fittingBytes = (this.#rate.bestBytesPerMs ?? 0) * this.#allowedMs;
    this.#limitBytes = Math.max(this.#leastBytes, Math.floor(fittingBytes));
  }

  /** Too much is queued: limits it to what the path delivers in the allowed time. */
  #fit(offsetBytes: number): void {
    const fittingBytes = this.#rate.bytesPerMs * this.#allowedMs;
    if (fittingBytes === 0) return;
    if (!this.#rate.isOpening) return this.#cut(offsetBytes, fittingBytes);
    this.#limitBytes = Math.max(this.#leastBytes, Math.floor(OPENING_GAIN * fittingBytes));
  }

  #cut(offsetBytes: number, fittingBytes: number): void {
    if (offsetBytes <= this.#cutAtBytes) return;
    this.#limitBytes = Math.max(this.#leastBytes, Math.floor(fittingBytes));
    this.#cutAtBytes = this.#sentBytes;
  }

  get #isShort(): boolean {
    return this.#roundTripMs * MAX_WAIT_SHARE <= MAX_WAIT_MS;
  }

  get #allowedMs(): number {
    return this.#roundTripMs + (this.#isShort ? MAX_WAIT_MS : this.#roundTripMs * MAX_WAIT_SHARE);
  }

  get #leastBytes(): number {
    const { bestBytesPerMs } = this.#rate;
    if (!this.#isFine || bestBytesPerMs === null) return this.#coarseBytes;
    return Math.min(this.#coarseBytes, Math.max(FINE_BYTES, Math.floor(bestBytesPerMs * FINE_MS)));
  }
}
