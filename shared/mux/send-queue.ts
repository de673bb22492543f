/*
 * What waits to be sent on one connection, and who goes next. `mux.ts` asks it for the next message.
 *
 * Control frames go first, then heads, then data by turns (deficit round robin), so that a small answer never waits for a large
 * one. Streams whose earlier data has all been sent go first, so a small answer does not wait for a turn of each of many large ones either. A stream
 * without credit is skipped and stops nobody.
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
  LARGE_DATA_BYTES,
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
  QUANTUM_BYTES,
  TARGET_MESSAGE_BYTES,
  payloadBytes,
} from "../protocol/index.ts";
import { Fifo } from "../memory/fifo.ts";
import { GrowingPiece } from "../memory/growing-piece.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import type { SendWindow } from "./credit/flow-window.ts";

/** How much a stream can save up while it cannot send. With a whole message, the longest waiter could keep the others out. */
const MAX_DEFICIT_BYTES = 2 * QUANTUM_BYTES;
/** Streams with new data get at most so many turns in a row. */
const MAX_FRESH_TURNS = 8;
/** Without credit only ends and trailers can be sent. At most so many streams are checked for them at a time. */
const MAX_LOOKED_AT = 32;
/** Consecutive writes up to this size are sent as one frame. */
const MERGE_BYTES = 4 * 1024;

/** A stream's queue: bytes that wait for credit and for their turn, and the frames that must follow them. */
export class Outbox {
  readonly streamId: number;
  readonly window: SendWindow;
  readonly items = new Fifo<Frame>();
  readonly #memory: MemoryAccount;
  readonly #merged = new GrowingPiece(MERGE_BYTES);
  #heldBytes = 0;
  /** How much its flow-controlled items will use of the window. Empty messages count as well. */
  queuedBytes = 0;
  deficitBytes = 0;
  inRing = false;
  /** Its turn was cut short by the credit, and goes on with what it has left. */
  isMidTurn = false;
  /** Everything before has been sent, so what comes next is new data and not the rest of a large body. */
  wasEmptied = true;

  constructor(streamId: number, window: SendWindow, memory: MemoryAccount) {
    this.streamId = streamId;
    this.window = window;
    this.#memory = memory;
  }

  /** Bytes in the budget: the queued bytes and the objects around them. */
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
      if (payload.byteLength > 0) last.payload = this.#merged.join(last.payload, payload);
    } else {
      this.items.push({ type, flags, streamId: this.streamId, payload });
    }
    // This comes last: if the budget is exceeded, this queue itself may be cleared.
    this.#hold(payload.byteLength + (merges ? 0 : ITEM_OVERHEAD_BYTES));
  }

  clear(): void {
    this.items.clear();
    this.#merged.forget();
    this.queuedBytes = 0;
    this.#hold(-this.#heldBytes);
  }

  /** Whether the stream's own window allows its next item. */
  get isSendable(): boolean {
    const next = this.items.first;
    return (
      next !== undefined &&
      costBytes(next.type, Math.min(next.payload.byteLength, 1)) <= this.window.availableBytes
    );
  }

  /** The cost of the whole next item; Infinity if there is none. */
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
    const mostBytes = Math.min(
      fits,
      type === FRAME.DATA ? maxDataBytes : Math.min(maxDataBytes, LARGE_DATA_BYTES),
    );
    const frame = this.#takePart(next, mostBytes);
    const length = frame.payload.byteLength;
    this.window.spend(length + overheadBytes);
    if (type === FRAME.DATA) this.#gather(frame, mostBytes - length);
    return frame;
  }

  /** Adds the data that follows to a frame of DATA, as far as it fits: pieces of a body are often small, and each frame is work. */
  #gather(frame: Frame, mostBytes: number): void {
    let more: Uint8Array[] | null = null;
    let leftBytes = mostBytes;
    for (let next = this.items.first; next?.type === FRAME.DATA; next = this.items.first) {
      if (leftBytes === 0 && next.payload.byteLength > 0) break;
      const { payload, flags } = this.#takePart(next, leftBytes);
      frame.flags |= flags;
      leftBytes -= payload.byteLength;
      (more ??= []).push(payload);
    }
    if (more === null) return;
    frame.more = more;
    this.window.spend(mostBytes - leftBytes);
  }

  /** As much of the first item as fits into `mostBytes`. */
  #takePart(item: Frame, mostBytes: number): Frame {
    const { type, payload } = item;
    const overheadBytes = costBytes(type, 0);
    // An item that is sent in several frames costs the window each frame's overhead, but was counted here with one.
    if (payload.byteLength <= mostBytes) {
      this.queuedBytes -= payload.byteLength + overheadBytes;
      this.#shift();
      return item;
    }
    this.queuedBytes -= mostBytes;
    this.#hold(-mostBytes);
    item.payload = payload.subarray(mostBytes);
    const flags = type === FRAME.WSMSG ? item.flags | FLAG.MORE : 0;
    return { type, flags, streamId: this.streamId, payload: payload.subarray(0, mostBytes) };
  }

  #shift(): Frame | null {
    const frame = this.items.shift() ?? null;
    if (this.items.length === 0) this.#merged.forget();
    if (frame !== null) this.#hold(-(frame.payload.byteLength + ITEM_OVERHEAD_BYTES));
    return frame;
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes >= 0) this.#memory.hold(bytes);
    else this.#memory.giveBack(-bytes);
  }
}

/** How much a frame costs of both windows. */
export function costBytes(type: number, payloadBytes: number): number {
  if (type === FRAME.DATA) return payloadBytes;
  return type === FRAME.WSMSG ? payloadBytes + MESSAGE_OVERHEAD_BYTES : 0;
}

function isFlowControlled(type: number): boolean {
  return type === FRAME.DATA || type === FRAME.WSMSG;
}

/**
 * Decides what is sent next: control frames, then heads and resets, then DATA by deficit round robin, so that a small
 * body never waits for a large one.
 */
export class SendQueue {
  #control: Frame[] = [];
  #heads: Frame[] = [];
  /** Outboxes with an item that their own window allows. */
  #ring: Outbox[] = [];
  /** Those of them whose earlier data has all been sent. They go first. */
  #fresh: Outbox[] = [];
  #freshTurns = 0;
  /** Where to look next for ends that may leave without credit. */
  #lookAt = 0;

  get isEmpty(): boolean {
    return this.#control.length === 0 && this.#heads.length === 0 && this.#waitingCount === 0;
  }

  /** Whether the streams in the ring have so many bytes together. */
  holds(bytes: number): boolean {
    let leftBytes = bytes;
    for (const waiting of [this.#fresh, this.#ring]) {
      for (const outbox of waiting) {
        leftBytes -= outbox.queuedBytes;
        if (leftBytes <= 0) return true;
      }
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
    outbox.isMidTurn = false;
    (outbox.wasEmptied ? this.#fresh : this.#ring).push(outbox);
  }

  /** Drops a stream's queued frames, except HEADs if they should be kept. True: its OPEN was among them. */
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
    for (const outbox of [...this.#fresh, ...this.#ring]) outbox.inRing = false;
    this.#fresh = [];
    this.#ring = [];
  }

  /** The frames of the next message. `dataRoomBytes` is the connection's credit. `sent` is called with the cost of DATA. */
  take(
    dataRoomBytes: number,
    sent: (outbox: Outbox, cost: number) => void,
    maxDataBytes = MAX_DATA_BYTES,
  ): Frame[] {
    const frames: Frame[] = [];
    let size = takeUpTo(this.#control, frames, MAX_MESSAGE_BYTES / 2, 0);
    size = takeUpTo(this.#heads, frames, MAX_MESSAGE_BYTES / 2, size);
    // Heads that did not fit must still come before their streams' data.
    if (this.#heads.length > 0) return frames;
    let roomBytes = dataRoomBytes;
    let skipped = 0;
    const cut: [Outbox[], Outbox][] = [];
    const take = (outbox: Outbox, mostBytes: number): number | null => {
      const frame = outbox.take(mostBytes, maxDataBytes);
      if (frame === null) return null;
      const bytes = payloadBytes(frame);
      const cost = costBytes(frame.type, bytes);
      size += HEADER_BYTES + bytes;
      frames.push(frame);
      sent(outbox, cost);
      return cost;
    };
    while (size < TARGET_MESSAGE_BYTES && roomBytes > 0 && skipped < MAX_LOOKED_AT) {
      const isAlone = this.#waitingCount === 1 && cut.length === 0;
      const from = this.#nextTurn();
      const outbox = from.shift();
      if (outbox === undefined) break;
      if (isAlone) outbox.deficitBytes = MAX_DATA_BYTES;
      else if (!outbox.isMidTurn)
        outbox.deficitBytes = Math.min(outbox.deficitBytes + QUANTUM_BYTES, MAX_DEFICIT_BYTES);
      outbox.isMidTurn = false;
      const framesBefore = frames.length;
      do {
        const cost = take(outbox, Math.min(outbox.deficitBytes, roomBytes));
        if (cost === null) break;
        outbox.deficitBytes -= cost;
        roomBytes -= cost;
      } while (size < TARGET_MESSAGE_BYTES && outbox.nextCostBytes <= outbox.deficitBytes);
      const hasSent = frames.length > framesBefore;
      skipped = hasSent ? 0 : skipped + 1;
      if (hasSent) {
        outbox.wasEmptied = outbox.items.length === 0;
        this.#freshTurns = from === this.#fresh ? this.#freshTurns + 1 : 0;
      }
      if (!outbox.isSendable) {
        outbox.inRing = false;
        skipped = 0;
      } else if (!hasSent || (roomBytes <= 0 && outbox.deficitBytes > 0)) {
        outbox.isMidTurn = true;
        cut.push([from, outbox]);
      } else {
        this.#ring.push(outbox);
      }
    }
    for (const [from, outbox] of cut.reverse()) from.unshift(outbox);
    if (roomBytes <= 0)
      this.#takeEnds(
        () => size < TARGET_MESSAGE_BYTES,
        (outbox) => take(outbox, 0) !== null,
      );
    return frames;
  }

  /** Without credit, only what costs none leaves. It changes nobody's turn. */
  #takeEnds(hasSpace: () => boolean, takeOne: (outbox: Outbox) => boolean): void {
    for (let looked = 0; looked < MAX_LOOKED_AT && looked < this.#waitingCount && hasSpace(); looked++) {
      if (this.#lookAt >= this.#waitingCount) this.#lookAt = 0;
      const isFresh = this.#lookAt < this.#fresh.length;
      const waiting = isFresh ? this.#fresh : this.#ring;
      const index = isFresh ? this.#lookAt : this.#lookAt - this.#fresh.length;
      const outbox = waiting[index];
      if (outbox === undefined) return;
      while (hasSpace() && takeOne(outbox)) outbox.wasEmptied = outbox.items.length === 0;
      if (outbox.isSendable) {
        this.#lookAt++;
      } else {
        outbox.inRing = false;
        waiting.splice(index, 1);
      }
    }
  }

  get #waitingCount(): number {
    return this.#fresh.length + this.#ring.length;
  }

  /** New data first. However much there is, the others get a turn in between. */
  #nextTurn(): Outbox[] {
    const isFresh = this.#fresh.length > 0 && (this.#ring.length === 0 || this.#freshTurns < MAX_FRESH_TURNS);
    return isFresh ? this.#fresh : this.#ring;
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
