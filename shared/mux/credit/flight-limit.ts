import { DeliveryRate } from "./delivery-rate.ts";

/** Queuing delay that is allowed, as a time or as a share of the round trip. It keeps the path busy, and busy machines add some. */
const MAX_WAIT_MS = 5;
const MAX_WAIT_SHARE = 1 / 4;
/** A path that is opening carries twice as much with each round trip, and must always have enough to send. */
const OPENING_GAIN = 2;
/** If every acknowledgement was late for so long, the path itself has become longer. */
const FORGET_MS = 10_000;
/** Messages sent at the same time share a mark up to this size, so that many small ones make few marks. */
const MARK_BYTES = 64 * 1024;

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
  readonly #minimumBytes: number;
  readonly #marks: Mark[] = [];
  readonly #rate = new DeliveryRate();
  #limitBytes = Infinity;
  #roundTripMs = Infinity;
  /** When the last acknowledgement came that was not late. */
  #inTimeMs = -Infinity;
  #sentBytes = 0;
  /** Bytes that were sent before the last cut say nothing about the limit since then. */
  #cutAtBytes = 0;

  /** `minimumBytes`: credit returns in steps, so with fewer bytes under way none would ever return. */
  constructor(minimumBytes: number) {
    this.#minimumBytes = minimumBytes;
  }

  get bytes(): number {
    return this.#limitBytes;
  }

  /** A message was sent that ends at this offset. */
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
      // A short path carries almost nothing at a time, so nearly everything under way is queued, and less of it queues for less time.
      this.#cut(mark.offsetBytes, (mark.underWayBytes * allowedMs) / elapsedMs);
    } else if (mark.underWayBytes > this.#minimumBytes) {
      this.#fit(mark.offsetBytes, allowedMs);
    }
  }

  /** Too much is queued: limits it to what the path delivers in the allowed time. */
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
