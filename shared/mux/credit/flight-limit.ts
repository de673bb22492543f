import { LARGE_DATA_BYTES } from "../../protocol/index.ts";
import { BestRate, DeliveryRate } from "./delivery-rate.ts";

/** Queuing delay that is allowed, as a time or as a share of the round trip. It keeps the path busy, and busy machines add some. */
const MAX_WAIT_MS = 5;
const MAX_WAIT_SHARE = 1 / 4;
/** A path that is opening carries twice as much with each round trip, and must always have enough to send. */
const OPENING_GAIN = 2;
/** If no acknowledgement came about as early as the known round trip for this long, the round trip is measured again. */
const FORGET_MS = 10_000;
const AS_EARLY_SHARE = 1.1;
const AS_EARLY_MS = 1;
/** After a pause, the last measurement still counts. */
const IDLE_MS = 1_000;
/** Messages sent at the same time share a mark up to this size, so that many small ones make few marks. */
const MARK_BYTES = 64 * 1024;
/** With this many marks, later messages share them up to that size at any time, because a peer may acknowledge nothing at all. */
const MAX_MARKS = 1_024;
/** If a path needs this long for the coarse minimum, small answers would wait too long behind it. Then fine answers are used. */
const NARROW_MS = 400;
/**
 * With fine answers, this many milliseconds of what the path delivers may queue, and at least this many bytes. Answers that are delayed
 * by less than that cost no throughput.
 */
const FINE_MS = 100;
const FINE_BYTES = 32 * 1024;
/** A frame is handled when it is complete, so its first bytes wait for its last ones. They should not wait longer than this. */
const FRAME_MS = 5;
/** With more than this a second coming the other way, answers wait in that queue, and fine answers would tell of it and not of the path. */
const OTHER_WAY_BYTES = 32 * 1024;
const OTHER_WAY_MS = 2_000;

/** Where messages that were sent at the same time begin and end, and how many bytes were under way, these included. */
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
  readonly #bestRate = new BestRate();
  #isFine = false;
  #limitBytes = Infinity;
  #roundTripMs = Infinity;
  /** When an acknowledgement last came about as early as the round trip, or the first message was sent after a pause. */
  #confirmedMs = -Infinity;
  /** When something was last sent or acknowledged. */
  #activeMs = -Infinity;
  /** What came the other way in this second, and until when that counts. */
  #otherWay = { bytes: 0, sinceMs: -Infinity, untilMs: -Infinity };
  /** Messages after this offset have almost nothing queued before them, so they measure the round trip; null: it is not being measured. */
  #probeAtBytes: number | null = null;
  #sentBytes = 0;
  /** How much the path can deliver in a millisecond at least, by the last acknowledgement. */
  #bytesPerMs = 0;
  /** Acknowledged since the last mark. */
  #newBytes = 0;
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

  /** How much a single frame may carry on a path as fast as this one is known to be. */
  get frameBytes(): number {
    return Math.max(LARGE_DATA_BYTES, Math.floor(this.#bytesPerMs * FRAME_MS));
  }

  /** Any piece can be acknowledged, not only the steps in which credit returns. */
  useFineAnswers(): void {
    this.#isFine = true;
  }

  /** Bytes came the other way. */
  received(bytes: number, nowMs: number): void {
    const otherWay = this.#otherWay;
    if (nowMs - otherWay.sinceMs > 1_000) Object.assign(otherWay, { bytes: 0, sinceMs: nowMs });
    otherWay.bytes += bytes;
    if (otherWay.bytes > OTHER_WAY_BYTES) otherWay.untilMs = nowMs + OTHER_WAY_MS;
  }

  /** A message was sent that ends at this offset. */
  sent(offsetBytes: number, underWayBytes: number, nowMs: number): void {
    const beginBytes = this.#sentBytes;
    const wasFull = (underWayBytes - (offsetBytes - beginBytes)) * 2 >= this.#limitBytes;
    if (nowMs - this.#activeMs > IDLE_MS && !wasFull) {
      // What was sent before the pause arrived during it, so its acknowledgement would look late.
      this.#marks.length = 0;
      this.#confirmedMs = nowMs;
    }
    this.#activeMs = nowMs;
    this.#sentBytes = offsetBytes;
    const last = this.#marks.at(-1);
    const isSameTime = last?.sentMs === nowMs || this.#marks.length >= MAX_MARKS;
    if (last !== undefined && isSameTime && offsetBytes - last.beginBytes <= MARK_BYTES) {
      last.offsetBytes = offsetBytes;
      last.sentMs = nowMs;
      last.underWayBytes = underWayBytes;
    } else {
      this.#marks.push({ beginBytes, offsetBytes, sentMs: nowMs, underWayBytes });
    }
  }

  /** The peer has everything up to this offset, `newBytes` of it since it last said so. */
  acknowledged(offsetBytes: number, newBytes: number, nowMs: number): void {
    this.#activeMs = nowMs;
    this.#newBytes += newBytes;
    const arrived = this.#marks.findLastIndex((mark) => mark.offsetBytes <= offsetBytes);
    const mark = this.#marks[arrived];
    if (mark === undefined) return;
    this.#marks.splice(0, arrived + 1);
    const grownBytes = this.#newBytes;
    this.#newBytes = 0;
    const elapsedMs = nowMs - mark.sentMs;
    // All that was under way with it has arrived in this time. A clock may show whole milliseconds.
    this.#bytesPerMs = mark.underWayBytes / Math.max(1, elapsedMs);
    if (mark.beginBytes >= (this.#probeAtBytes ?? Infinity)) return this.#probed(elapsedMs, nowMs);
    this.#roundTripMs = Math.min(elapsedMs, this.#roundTripMs);
    if (this.#isConfirmedBy(elapsedMs)) this.#confirmedMs = nowMs;
    const isLate = elapsedMs > this.#allowedMs;
    const usesLimit = mark.underWayBytes * 2 >= this.#limitBytes;
    const isMuch = mark.underWayBytes > this.#coarseBytes;
    if (isMuch) this.#rate.acknowledged(offsetBytes, nowMs, this.#roundTripMs);
    else this.#rate.paused();
    // A little that arrives late kept the path busy only if the limit allowed no more.
    if (isMuch || (isLate && usesLimit)) this.#bestRate.acknowledged(offsetBytes, nowMs, elapsedMs);
    else this.#bestRate.paused();
    if (this.#probeAtBytes !== null) return;
    if (nowMs - this.#confirmedMs > FORGET_MS) return this.#remeasure(elapsedMs, nowMs);
    // The minimum may have grown.
    this.#limitBytes = Math.max(this.#limitBytes, this.#leastBytes);
    if (!isLate) {
      if (usesLimit) this.#limitBytes += grownBytes;
      return;
    }
    // A short path carries almost nothing at a time, so nearly everything under way is queued, and less of it queues for less time.
    if (this.#isShort) this.#cut(mark.offsetBytes, (mark.underWayBytes * this.#allowedMs) / elapsedMs);
    else if (mark.underWayBytes > this.#leastBytes) this.#fit(mark.offsetBytes);
  }

  /**
   * Has the path become longer, or do this end's own bytes queue on it? Where next to nothing may be under way, only a message with
   * nothing queued before it can tell, and it is sent once the others have arrived.
   */
  #remeasure(elapsedMs: number, nowMs: number): void {
    if (this.#leastBytes === this.#coarseBytes) {
      this.#roundTripMs = elapsedMs;
      this.#confirmedMs = nowMs;
      return;
    }
    this.#limitBytes = FINE_BYTES;
    this.#cutAtBytes = this.#probeAtBytes = this.#sentBytes;
  }

  #probed(roundTripMs: number, nowMs: number): void {
    this.#roundTripMs = roundTripMs;
    this.#confirmedMs = nowMs;
    this.#probeAtBytes = null;
    this.#limitTo((this.#bestRate.bytesPerMs ?? 0) * this.#allowedMs);
  }

  /** Too much is queued: limits it to what the path delivers in the allowed time. */
  #fit(offsetBytes: number): void {
    const bytesPerMs = this.isNarrow ? (this.#bestRate.bytesPerMs ?? 0) : this.#rate.bytesPerMs;
    const fittingBytes = bytesPerMs * this.#allowedMs;
    if (fittingBytes === 0) return;
    if (this.isNarrow || !this.#rate.isOpening) return this.#cut(offsetBytes, fittingBytes);
    this.#limitTo(OPENING_GAIN * fittingBytes);
  }

  #cut(offsetBytes: number, fittingBytes: number): void {
    if (offsetBytes <= this.#cutAtBytes) return;
    this.#limitTo(fittingBytes);
    this.#cutAtBytes = this.#sentBytes;
  }

  #limitTo(bytes: number): void {
    this.#limitBytes = Math.max(this.#leastBytes, Math.floor(bytes));
  }

  /** Where much may be under way, the round trip counts as longer only if nothing at all arrives in time. */
  #isConfirmedBy(elapsedMs: number): boolean {
    if (this.#leastBytes === this.#coarseBytes) return elapsedMs <= this.#allowedMs;
    return elapsedMs <= this.#roundTripMs * AS_EARLY_SHARE + AS_EARLY_MS;
  }

  get #isShort(): boolean {
    return this.#roundTripMs * MAX_WAIT_SHARE <= MAX_WAIT_MS;
  }

  get #allowedMs(): number {
    return this.#roundTripMs + (this.#isShort ? MAX_WAIT_MS : this.#roundTripMs * MAX_WAIT_SHARE);
  }

  get #leastBytes(): number {
    const { bytesPerMs } = this.#bestRate;
    const isFine = this.#isFine && this.#activeMs >= this.#otherWay.untilMs;
    if (!isFine || bytesPerMs === null || bytesPerMs * NARROW_MS >= this.#coarseBytes)
      return this.#coarseBytes;
    const fineBytes = Math.max(FINE_BYTES, Math.floor(bytesPerMs * (this.#roundTripMs + FINE_MS)));
    return Math.min(this.#coarseBytes, fineBytes);
  }
}
