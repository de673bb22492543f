import { DeliveryRate } from "./delivery-rate.ts";

/** Waiting of this much, or of this share of the round trip, keeps the path busy: a busy machine alone makes some. */
const MAX_WAIT_MS = 5;
const MAX_WAIT_SHARE = 1 / 4;
/** While a path opens it carries twice as much each round trip, and must never want for more. */
const OPENING_GAIN = 2;
/** When every answer has been later than that for so long, the path itself has become longer. */
const FORGET_MS = 10_000;
/** Messages of one moment share a mark up to this, so that many small ones leave few. */
const MARK_BYTES = 64 * 1024;

/** Where messages of one moment began and ended, and how much was under way with them. */
interface Mark {
  beginBytes: number;
  offsetBytes: number;
  sentMs: number;
  underWayBytes: number;
}

/**
 * How much may be under way? What a path cannot carry yet waits in the buffers of sockets, and small answers behind
 * it; no frame overtakes there. So once acknowledgements come later than the path is long, less is sent ahead.
 * It begins without a limit: a window's worth is sent before the first round trip is known.
 */
export class FlightLimit {
  readonly #minimumBytes: number;
  readonly #marks: Mark[] = [];
  readonly #rate = new DeliveryRate();
  #limitBytes = Infinity;
  #roundTripMs = Infinity;
  /** When an acknowledgement last came in time. */
  #inTimeMs = -Infinity;
  #sentBytes = 0;
  /** What was sent before the last cut says nothing of the limit since. */
  #cutAtBytes = 0;

  /** `minimumBytes`: with less under way, the credit that returns in steps would never return. */
  constructor(minimumBytes: number) {
    this.#minimumBytes = minimumBytes;
  }

  get bytes(): number {
    return this.#limitBytes;
  }

  /** A message left that ends at this offset. */
  sent(offsetBytes: number, underWayBytes: number, nowMs: number): void {
    const beginBytes = this.#sentBytes;
    this.#sentBytes = offsetBytes;
    const last = this.#marks.at(-1);
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
    const elapsedMs = nowMs - mark.sentMs;
    this.#roundTripMs = Math.min(elapsedMs, this.#roundTripMs);
    if (mark.underWayBytes <= this.#minimumBytes) this.#rate.paused();
    else this.#rate.acknowledged(offsetBytes, nowMs, this.#roundTripMs);
    const isShort = this.#roundTripMs * MAX_WAIT_SHARE <= MAX_WAIT_MS;
    const allowedMs = this.#roundTripMs + (isShort ? MAX_WAIT_MS : this.#roundTripMs * MAX_WAIT_SHARE);
    if (elapsedMs <= allowedMs) {
      this.#inTimeMs = nowMs;
      if (mark.underWayBytes * 2 >= this.#limitBytes) this.#limitBytes += newBytes;
    } else if (nowMs - this.#inTimeMs > FORGET_MS) {
      this.#roundTripMs = elapsedMs;
      this.#inTimeMs = nowMs;
    } else if (isShort) {
      // A short path holds next to nothing: all that is under way waits, and less of it waits for less long.
      this.#cut(mark.offsetBytes, (mark.underWayBytes * allowedMs) / elapsedMs);
    } else if (mark.underWayBytes > this.#minimumBytes) {
      this.#fit(mark.offsetBytes, allowedMs);
    }
  }

  /** More waits than should: may be under way what the path delivers in the time that is allowed. */
  #fit(offsetBytes: number, allowedMs: number): void {
    const fittingBytes = this.#rate.bytesPerMs * allowedMs;
    if (fittingBytes === 0) return;
    if (!this.#rate.isOpening) return this.#cut(offsetBytes, fittingBytes);
    this.#limitBytes = Math.max(this.#minimumBytes, Math.floor(OPENING_GAIN * fittingBytes));
  }

  #cut(offsetBytes: number, fittingBytes: number): void {
    if (offsetBytes <= this.#cutAtBytes) return;
    this.#limitBytes = Math.max(this.#minimumBytes, Math.floor(fittingBytes));
    this.#cutAtBytes = this.#sentBytes;
  }
}
