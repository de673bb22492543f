import { FLAG, FRAME, type Frame, HEADER_BYTES, NO_PAYLOAD } from "../protocol/frame.ts";
import {
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
  QUANTUM_BYTES,
  TARGET_MESSAGE_BYTES,
} from "../protocol/limits.ts";
import type { SendWindow } from "./flow-window.ts";

/** What a stream may have saved of its turns: a whole message would let whoever waited longest keep the others out. */
const MAX_DEFICIT_BYTES = 2 * QUANTUM_BYTES;
/** Neighbouring writes up to this size leave as one frame. */
const MERGE_BYTES = 4 * 1024;

/** A stream's bytes that wait for credit and for their turn, with what must follow them. */
export class Outbox {
  readonly streamId: number;
  readonly window: SendWindow;
  readonly items: Frame[] = [];
  /** Payload bytes of flow-controlled items. */
  queuedBytes = 0;
  deficitBytes = 0;
  inRing = false;

  constructor(streamId: number, window: SendWindow) {
    this.streamId = streamId;
    this.window = window;
  }

  push(type: number, flags: number, payload: Uint8Array): void {
    const last = this.items.at(-1);
    if (isFlowControlled(type)) this.queuedBytes += payload.byteLength;
    const merges =
      type === FRAME.DATA &&
      last?.type === FRAME.DATA &&
      (payload.byteLength === 0 || last.payload.byteLength + payload.byteLength <= MERGE_BYTES);
    if (!merges) {
      this.items.push({ type, flags, streamId: this.streamId, payload });
      return;
    }
    last.flags |= flags;
    if (payload.byteLength > 0) last.payload = concat(last.payload, payload);
  }

  clear(): void {
    this.items.length = 0;
    this.queuedBytes = 0;
  }

  /** Could its next item leave, as far as the stream's own window goes? */
  get isSendable(): boolean {
    const next = this.items[0];
    return (
      next !== undefined &&
      costBytes(next.type, Math.min(next.payload.byteLength, 1)) <= this.window.availableBytes
    );
  }

  /** What its next item would take whole; Infinity when there is none. */
  get nextCostBytes(): number {
    const next = this.items[0];
    return next === undefined ? Infinity : costBytes(next.type, next.payload.byteLength);
  }

  /** The next frame, of a cost of at most `roomBytes` and a payload of `maxDataBytes`; null when none fits. */
  take(roomBytes: number, maxDataBytes = MAX_DATA_BYTES): Frame | null {
    const next = this.items[0];
    if (next === undefined) return null;
    const { type, payload } = next;
    if (!isFlowControlled(type)) return this.#shift();
    const overheadBytes = costBytes(type, 0);
    const fits = Math.min(roomBytes, this.window.availableBytes) - overheadBytes;
    if (fits < 0 || (fits === 0 && payload.byteLength > 0)) return null;
    const length = Math.min(payload.byteLength, fits, maxDataBytes);
    this.window.spend(length + overheadBytes);
    this.queuedBytes -= length;
    if (length === payload.byteLength) return this.#shift();
    next.payload = payload.subarray(length);
    const flags = type === FRAME.WSMSG ? next.flags | FLAG.MORE : 0;
    return { type, flags, streamId: this.streamId, payload: payload.subarray(0, length) };
  }

  #shift(): Frame | null {
    return this.items.shift() ?? null;
  }
}

/** What a frame takes from both windows. */
export function costBytes(type: number, payloadBytes: number): number {
  if (type === FRAME.DATA) return payloadBytes;
  return type === FRAME.WSMSG ? payloadBytes + MESSAGE_OVERHEAD_BYTES : 0;
}

function isFlowControlled(type: number): boolean {
  return type === FRAME.DATA || type === FRAME.WSMSG;
}

/**
 * Who goes next? Control frames, then heads and resets, then DATA by deficit round robin, so that a small
 * body never waits for a large one.
 */
export class SendQueue {
  #control: Frame[] = [];
  #heads: Frame[] = [];
  /** Outboxes that have something their own window lets go. */
  #ring: Outbox[] = [];

  get isEmpty(): boolean {
    return this.#control.length === 0 && this.#heads.length === 0 && this.#ring.length === 0;
  }

  /** Have the streams whose turn comes so many bytes together? */
  holds(bytes: number): boolean {
    let leftBytes = bytes;
    for (const outbox of this.#ring) {
      leftBytes -= outbox.queuedBytes;
      if (leftBytes <= 0) return true;
    }
    return false;
  }

  pushControl(type: number, payload: Uint8Array = NO_PAYLOAD, flags = 0, streamId = 0): void {
    this.#control.push({ type, flags, streamId, payload });
  }

  pushHead(type: number, streamId: number, payload: Uint8Array, flags = 0): void {
    this.#heads.push({ type, flags, streamId, payload });
  }

  /** Call after a push to the outbox or a grant to its window. */
  wake(outbox: Outbox): void {
    if (outbox.inRing || !outbox.isSendable) return;
    outbox.inRing = true;
    outbox.deficitBytes = 0;
    this.#ring.push(outbox);
  }

  /** Forgets what waits of a stream, but for its HEADs if they are to be kept. True when its OPEN was among it. */
  drop(outbox: Outbox, keepHeads = false): boolean {
    outbox.clear();
    const { streamId } = outbox;
    const opening = this.#heads.some((head) => head.type === FRAME.OPEN && head.streamId === streamId);
    this.#heads = this.#heads.filter(
      (head) => head.streamId !== streamId || (keepHeads && head.type === FRAME.HEAD),
    );
    return opening;
  }

  clear(): void {
    this.#control = [];
    this.#heads = [];
    for (const outbox of this.#ring) outbox.inRing = false;
    this.#ring = [];
  }

  /** The frames of the next message. `dataRoomBytes` is the connection's credit; `sent` hears what DATA cost. */
  take(
    dataRoomBytes: number,
    sent: (outbox: Outbox, cost: number) => void,
    maxDataBytes = MAX_DATA_BYTES,
  ): Frame[] {
    const frames: Frame[] = [];
    let size = takeUpTo(this.#control, frames, MAX_MESSAGE_BYTES / 2, 0);
    size = takeUpTo(this.#heads, frames, MAX_MESSAGE_BYTES / 2, size);
    // Heads left behind must still come before their streams' data.
    if (this.#heads.length > 0) return frames;
    let roomBytes = dataRoomBytes;
    let skipped = 0;
    while (size < TARGET_MESSAGE_BYTES && skipped < this.#ring.length) {
      const outbox = this.#ring[0];
      if (outbox === undefined) break;
      outbox.deficitBytes =
        this.#ring.length === 1
          ? MAX_DATA_BYTES
          : Math.min(outbox.deficitBytes + QUANTUM_BYTES, MAX_DEFICIT_BYTES);
      this.#ring.shift();
      const framesBefore = frames.length;
      do {
        const frame = outbox.take(Math.min(outbox.deficitBytes, roomBytes), maxDataBytes);
        if (frame === null) break;
        const cost = costBytes(frame.type, frame.payload.byteLength);
        outbox.deficitBytes -= cost;
        roomBytes -= cost;
        size += HEADER_BYTES + frame.payload.byteLength;
        frames.push(frame);
        sent(outbox, cost);
      } while (size < TARGET_MESSAGE_BYTES && outbox.nextCostBytes <= outbox.deficitBytes);
      skipped = frames.length > framesBefore ? 0 : skipped + 1;
      if (outbox.isSendable) {
        this.#ring.push(outbox);
      } else {
        outbox.inRing = false;
        skipped = 0;
      }
    }
    return frames;
  }
}

function takeUpTo(queue: Frame[], frames: Frame[], maxBytes: number, sizeBefore: number): number {
  let size = sizeBefore;
  let count = 0;
  for (const frame of queue) {
    const frameBytes = HEADER_BYTES + frame.payload.byteLength;
    if (count > 0 && size + frameBytes > maxBytes) break;
    size += frameBytes;
    count++;
  }
  frames.push(...queue.splice(0, count));
  return size;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.byteLength + second.byteLength);
  joined.set(first);
  joined.set(second, first.byteLength);
  return joined;
}
