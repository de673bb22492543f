/*
 * What waits to be sent on one connection, and who goes next. `mux.ts` asks it for the next message.
 *
 * Control frames go first, then heads, then data by turns (deficit round robin), so that a small answer never waits for a large
 * one. A stream without credit is skipped and stops nobody.
 *
 * docs/protocol.md#order-of-sending; decisions 0003 and 0025.
 */
import {
  FLAG,
  FRAME,
  type Frame,
  HEADER_BYTES,
  NO_PAYLOAD,
  ITEM_OVERHEAD_BYTES,
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
  QUANTUM_BYTES,
  TARGET_MESSAGE_BYTES,
} from "../protocol/index.ts";
import { Fifo } from "../memory/fifo.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import type { SendWindow } from "./credit/flow-window.ts";

/** What a stream may have saved of its turns: a whole message would let whoever waited longest keep the others out. */
const MAX_DEFICIT_BYTES = 2 * QUANTUM_BYTES;
/** Without credit only ends and trailers may leave: so many streams are looked at for them at a time, and others next time. */
const MAX_LOOKED_AT = 32;
/** Neighbouring writes up to this size leave as one frame. */
const MERGE_BYTES = 4 * 1024;

/** A stream's bytes that wait for credit and for their turn, with what must follow them. */
export class Outbox {
  readonly streamId: number;
  readonly window: SendWindow;
  readonly items = new Fifo<Frame>();
  readonly #memory: MemoryAccount;
  #heldBytes = 0;
  /** What its flow-controlled items will take from the window: empty messages count as well. */
  queuedBytes = 0;
  deficitBytes = 0;
  inRing = false;

  constructor(streamId: number, window: SendWindow, memory: MemoryAccount) {
    this.streamId = streamId;
    this.window = window;
    this.#memory = memory;
  }

  /** In the budget: what waits, and the things it waits in. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  push(type: number, flags: number, payload: Uint8Array): void {
    const { last } = this.items;
    this.queuedBytes += costBytes(type, payload.byteLength);
    const merges =
      type === FRAME.DATA &&
      last?.type === FRAME.DATA &&
      (payload.byteLength === 0 || last.payload.byteLength + payload.byteLength <= MERGE_BYTES);
    if (merges) {
      last.flags |= flags;
      if (payload.byteLength > 0) last.payload = concat(last.payload, payload);
    } else {
      this.items.push({ type, flags, streamId: this.streamId, payload });
    }
    // Last: where the whole is passed, this very queue may be what is cleared.
    this.#hold(payload.byteLength + (merges ? 0 : ITEM_OVERHEAD_BYTES));
  }

  clear(): void {
    this.items.clear();
    this.queuedBytes = 0;
    this.#hold(-this.#heldBytes);
  }

  /** Could its next item leave, as far as the stream's own window goes? */
  get isSendable(): boolean {
    const next = this.items.first;
    return (
      next !== undefined &&
      costBytes(next.type, Math.min(next.payload.byteLength, 1)) <= this.window.availableBytes
    );
  }

  /** What its next item would take whole; Infinity when there is none. */
  get nextCostBytes(): number {
    const next = this.items.first;
    return next === undefined ? Infinity : costBytes(next.type, next.payload.byteLength);
  }

  /** The next frame, of a cost of at most `roomBytes` and a payload of `maxDataBytes`; null when none fits. */
  take(roomBytes: number, maxDataBytes = MAX_DATA_BYTES): Frame | null {
    const next = this.items.first;
    if (next === undefined) return null;
    const { type, payload } = next;
    if (!isFlowControlled(type)) return this.#shift();
    const overheadBytes = costBytes(type, 0);
    const fits = Math.min(roomBytes, this.window.availableBytes) - overheadBytes;
    if (fits < 0 || (fits === 0 && payload.byteLength > 0)) return null;
    const length = Math.min(payload.byteLength, fits, maxDataBytes);
    this.window.spend(length + overheadBytes);
    // What goes in several frames costs each frame's overhead from the window, but only its own here.
    this.queuedBytes -= length === payload.byteLength ? length + overheadBytes : length;
    if (length === payload.byteLength) return this.#shift();
    this.#hold(-length);
    next.payload = payload.subarray(length);
    const flags = type === FRAME.WSMSG ? next.flags | FLAG.MORE : 0;
    return { type, flags, streamId: this.streamId, payload: payload.subarray(0, length) };
  }

  #shift(): Frame | null {
    const frame = this.items.shift() ?? null;
    if (frame !== null) this.#hold(-(frame.payload.byteLength + ITEM_OVERHEAD_BYTES));
    return frame;
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes >= 0) this.#memory.hold(bytes);
    else this.#memory.giveBack(-bytes);
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
      if (roomBytes <= 0 && skipped >= MAX_LOOKED_AT) break;
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
