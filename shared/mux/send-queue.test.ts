import { describe, expect, it } from "vitest";
import { FLAG, FRAME, FRAME_RULES, type Frame } from "../protocol/frame.ts";
import { decodeMessage, encodedSize, encodeMessage } from "../protocol/frame-codec.ts";
import {
  ITEM_OVERHEAD_BYTES,
  LARGE_DATA_BYTES,
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  QUANTUM_BYTES,
  TARGET_MESSAGE_BYTES,
} from "../protocol/limits.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { SendWindow } from "./credit/flow-window.ts";
import { costBytes, Outbox, SendQueue } from "./send-queue.ts";

const PLENTY = 1024 * 1024 * 1024;
/** What all large outboxes send: each of its own would take a second to make. */
const ZEROS = new Uint8Array(10 * 1024 * 1024);

function outbox(queue: SendQueue, streamId: number, bytes: number, windowBytes = PLENTY): Outbox {
  const box = new Outbox(streamId, new SendWindow(windowBytes), memoryOf());
  if (bytes > 0) box.push(FRAME.DATA, 0, ZEROS.subarray(0, bytes));
  queue.wake(box);
  return box;
}

const take = (queue: SendQueue, roomBytes = PLENTY): Frame[] => queue.take(roomBytes, () => {});
const shown = (frames: Frame[]) =>
  frames.map(
    ({ type, streamId, payload }) => `${FRAME_RULES.get(type)?.name} ${streamId} ${payload.byteLength}`,
  );

describe("SendQueue", () => {
  it("sends control before heads and heads before data", () => {
    const queue = new SendQueue();
    outbox(queue, 1, 10);
    queue.pushHead(FRAME.HEAD, 3, new Uint8Array(5));
    queue.pushControl(FRAME.PING, new Uint8Array(8));
    expect(shown(take(queue))).toEqual(["PING 0 8", "HEAD 3 5", "DATA 1 10"]);
    expect(queue.isEmpty).toBe(true);
  });

  it("lets a small stream overtake a large one", () => {
    const queue = new SendQueue();
    outbox(queue, 1, 10 * 1024 * 1024);
    take(queue);
    const small = outbox(queue, 3, 100);
    const frames = take(queue);
    expect(frames.findIndex(({ streamId }) => streamId === 3)).toBeLessThanOrEqual(1);
    expect(small.items.length).toBe(0);
  });

  it("sends new data before a turn of each of many streams, again and again", () => {
    const queue = new SendQueue();
    for (let id = 1; id < 200; id += 2) outbox(queue, id, 10 * 1024 * 1024);
    for (let messages = 0; messages < 100; messages++) take(queue);
    const small = outbox(queue, 201, 100);
    for (let times = 0; times < 10; times++) {
      expect(shown(take(queue))[0]).toBe("DATA 201 100");
      small.push(FRAME.DATA, 0, new Uint8Array(100));
      queue.wake(small);
    }
  });

  it("gives large streams their turns, however much is new", () => {
    const queue = new SendQueue();
    outbox(queue, 1, 10 * 1024 * 1024);
    for (let messages = 0; messages < 3; messages++) take(queue);
    const sentBytes = { large: 0, small: 0 };
    for (let id = 3; id < 2_000; id += 2) {
      for (const extra of [0, 1]) outbox(queue, id + 10_000 * extra, 1_000);
      for (const { streamId, payload } of take(queue, 4_000))
        sentBytes[streamId === 1 ? "large" : "small"] += payload.byteLength;
    }
    expect(sentBytes.large).toBeGreaterThan(0.25 * (sentBytes.large + sentBytes.small));
  });

  it("gives many streams even turns if little credit comes at a time", () => {
    for (const count of [20, 33, 66, 99, 130]) {
      const queue = new SendQueue();
      const sent = new Map<number, number>();
      for (let id = 1; id < 2 * count; id += 2) outbox(queue, id, 4 * 1024 * 1024);
      for (let messages = 0; messages < 60; messages++) take(queue);
      for (let pieces = 0; pieces < 10 * count; pieces++) {
        for (const { streamId, payload } of take(queue, 8 * 1024))
          sent.set(streamId, (sent.get(streamId) ?? 0) + payload.byteLength);
        take(queue, 0);
      }
      expect(sent.size).toBe(count);
      expect(Math.max(...sent.values()) - Math.min(...sent.values())).toBeLessThanOrEqual(QUANTUM_BYTES);
    }
  });

  it("lets no stream that writes again and again keep a large one out", () => {
    const queue = new SendQueue();
    outbox(queue, 1, 10 * 1024 * 1024);
    take(queue);
    const writer = outbox(queue, 3, 0);
    let largeBytes = 0;
    for (let pieces = 0; pieces < 90; pieces++) {
      if (writer.items.length === 0) {
        writer.push(FRAME.DATA, 0, new Uint8Array(8 * 1024));
        queue.wake(writer);
      }
      for (const { streamId, payload } of take(queue, 8 * 1024))
        if (streamId === 1) largeBytes += payload.byteLength;
    }
    expect(largeBytes).toBeGreaterThanOrEqual(9 * 8 * 1024);
  });

  it("sends ends without credit, however many wait before them", () => {
    const queue = new SendQueue();
    for (let id = 1; id < 400; id += 2) outbox(queue, id, 1_000_000);
    const last = outbox(queue, 401, 0);
    last.push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    queue.wake(last);
    const frames: Frame[] = [];
    for (let looks = 0; looks < 10; looks++) frames.push(...take(queue, 0));
    expect(shown(frames)).toEqual(["DATA 401 0"]);
  });

  it("gives every stream a quantum before any has its second", () => {
    const queue = new SendQueue();
    for (const id of [1, 3, 5]) outbox(queue, id, 100 * 1024);
    const sent = new Map<number, number>();
    for (let messages = 0; messages < 3; messages++) {
      for (const { streamId, payload } of take(queue)) {
        expect(payload.byteLength).toBeLessThanOrEqual(QUANTUM_BYTES);
        sent.set(streamId, (sent.get(streamId) ?? 0) + payload.byteLength);
        const counts = [1, 3, 5].map((id) => sent.get(id) ?? 0);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(QUANTUM_BYTES);
      }
    }
  });

  it("is as fair to WebSocket messages, whose frames cost more than their bytes", () => {
    const queue = new SendQueue();
    const talker = new Outbox(1, new SendWindow(PLENTY), memoryOf());
    for (let i = 0; i < 5_000; i++) talker.push(FRAME.WSMSG, 0, new Uint8Array(0));
    queue.wake(talker);
    outbox(queue, 3, 1024 * 1024);
    const cost = new Map<number, number>();
    for (let messages = 0; messages < 4; messages++) {
      queue.take(PLENTY, ({ streamId }, bytes) => cost.set(streamId, (cost.get(streamId) ?? 0) + bytes));
    }
    expect(Math.abs((cost.get(1) ?? 0) - (cost.get(3) ?? 0))).toBeLessThanOrEqual(QUANTUM_BYTES);
  });

  it("fills a message to its target, and never beyond the maximum", () => {
    const queue = new SendQueue();
    for (let i = 0; i < 60; i++) {
      queue.pushControl(FRAME.PING, new Uint8Array(8));
      queue.pushHead(FRAME.HEAD, 2 * i + 1, new Uint8Array(48 * 1024));
    }
    outbox(queue, 1, 1024 * 1024);
    let heads = 0;
    while (heads < 60) {
      const frames = take(queue);
      expect(encodedSize(frames)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      heads += frames.filter(({ type }) => type === FRAME.HEAD).length;
      if (heads < 60) expect(frames.some(({ type }) => type === FRAME.DATA)).toBe(false);
    }
    const size = encodedSize(take(queue));
    expect(size).toBeGreaterThanOrEqual(TARGET_MESSAGE_BYTES);
    expect(size).toBeLessThan(TARGET_MESSAGE_BYTES + MAX_DATA_BYTES + 9);
  });

  it("keeps to the connection's room and to the stream's window", () => {
    const queue = new SendQueue();
    const narrow = outbox(queue, 1, 100, 30);
    outbox(queue, 3, 100);
    expect(shown(take(queue, 50))).toEqual(["DATA 1 30", "DATA 3 20"]);
    expect(narrow.inRing).toBe(false);
    narrow.window.grant(40);
    queue.wake(narrow);
    expect(shown(take(queue))).toEqual(["DATA 3 80", "DATA 1 10"]);
  });

  it("sends an end without any credit", () => {
    const queue = new SendQueue();
    const box = new Outbox(1, new SendWindow(0), memoryOf());
    box.push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    queue.wake(box);
    expect(take(queue, 0)).toMatchObject([{ type: FRAME.DATA, flags: FLAG.END }]);
  });

  it("drops what is queued of a stream, and says whether its OPEN was included", () => {
    const queue = new SendQueue();
    const box = outbox(queue, 1, 100);
    queue.pushHead(FRAME.OPEN, 1, new Uint8Array(5));
    queue.pushHead(FRAME.OPEN, 3, new Uint8Array(5));
    expect(queue.drop(box)).toBe(true);
    expect(shown(take(queue))).toEqual(["OPEN 3 5"]);
    expect(queue.drop(outbox(queue, 3, 100))).toBe(false);
    expect(take(queue)).toEqual([]);
    expect(queue.isEmpty).toBe(true);
  });
});

describe("a stream that was dropped", () => {
  it("does not block other streams", () => {
    const queue = new SendQueue();
    const gone = outbox(queue, 1, 100);
    outbox(queue, 3, 100);
    queue.drop(gone);
    expect(shown(take(queue))).toEqual(["DATA 3 100"]);
  });
});

describe("Outbox", () => {
  it("merges small writes, and an end with what is before it", () => {
    const box = new Outbox(1, new SendWindow(PLENTY), memoryOf());
    for (const byte of [1, 2, 3]) box.push(FRAME.DATA, 0, Uint8Array.of(byte));
    box.push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    expect(box.items.length).toBe(1);
    const payload = Uint8Array.of(1, 2, 3);
    expect(box.items.first).toEqual({ type: FRAME.DATA, flags: FLAG.END, streamId: 1, payload });
  });

  it("merges thousands of single bytes without copying those before for each", () => {
    const box = new Outbox(1, new SendWindow(PLENTY), memoryOf());
    const buffers = new Set<unknown>();
    for (let count = 0; count < 4096; count++) {
      box.push(FRAME.DATA, 0, Uint8Array.of(count));
      buffers.add(box.items.last?.payload.buffer);
    }
    expect([box.items.length, box.queuedBytes, box.heldBytes]).toEqual([1, 4096, 4096 + ITEM_OVERHEAD_BYTES]);
    expect(box.take(PLENTY)?.payload).toEqual(Uint8Array.from({ length: 4096 }, (_, index) => index));
    expect(buffers.size).toBeLessThan(20);
  });

  it("sets END only on the last frame of a body", () => {
    const box = new Outbox(1, new SendWindow(PLENTY), memoryOf());
    box.push(FRAME.DATA, 0, new Uint8Array(MAX_DATA_BYTES + 1));
    box.push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    expect(
      [box.take(PLENTY), box.take(PLENTY)].map((frame) => [frame?.payload.byteLength, frame?.flags]),
    ).toEqual([
      [MAX_DATA_BYTES, 0],
      [1, FLAG.END],
    ]);
    expect(box.queuedBytes).toBe(0);
  });

  it("never merges WebSocket messages, and marks the parts of a divided one", () => {
    const box = new Outbox(1, new SendWindow(PLENTY), memoryOf());
    box.push(FRAME.WSMSG, FLAG.TEXT, new Uint8Array(1));
    box.push(FRAME.WSMSG, FLAG.TEXT, new Uint8Array(LARGE_DATA_BYTES + 1));
    const flags = [1, 2, 3].map(() => box.take(PLENTY)?.flags);
    expect(flags).toEqual([FLAG.TEXT, FLAG.TEXT | FLAG.MORE, FLAG.TEXT]);
    expect(box.window.sentBytes).toBe(
      costBytes(FRAME.WSMSG, 1) + costBytes(FRAME.WSMSG, LARGE_DATA_BYTES) + costBytes(FRAME.WSMSG, 1),
    );
  });

  it("puts what waits of a body into one frame, as far as it fits", () => {
    const box = new Outbox(1, new SendWindow(PLENTY), memoryOf());
    const piece = (byte: number): Uint8Array => new Uint8Array(100 * 1024).fill(byte);
    for (const byte of [1, 2, 3]) box.push(FRAME.DATA, 0, piece(byte));
    box.push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    box.push(FRAME.TRAILERS, 0, new Uint8Array(2));
    const frames: Frame[] = [];
    for (let frame = box.take(PLENTY); frame !== null; frame = box.take(PLENTY)) frames.push(frame);
    const seen: [type: number, flags: number, bytes: number][] = [];
    const body: Uint8Array[] = [];
    decodeMessage(encodeMessage(frames), (type, flags, _streamId, payload) => {
      seen.push([type, flags, payload.byteLength]);
      if (type === FRAME.DATA) body.push(payload);
    });
    expect(seen).toEqual([
      [FRAME.DATA, 0, MAX_DATA_BYTES],
      [FRAME.DATA, FLAG.END, 300 * 1024 - MAX_DATA_BYTES],
      [FRAME.TRAILERS, 0, 2],
    ]);
    expect(Buffer.concat(body).equals(Buffer.concat([piece(1), piece(2), piece(3)]))).toBe(true);
    expect([box.queuedBytes, box.heldBytes, box.window.sentBytes]).toEqual([0, 0, 300 * 1024]);
  });

  it("holds trailers back until the body before them has left", () => {
    const box = new Outbox(1, new SendWindow(10), memoryOf());
    box.push(FRAME.DATA, 0, new Uint8Array(11));
    box.push(FRAME.TRAILERS, 0, new Uint8Array(2));
    expect(box.take(PLENTY)?.payload.byteLength).toBe(10);
    expect([box.isSendable, box.take(PLENTY)]).toEqual([false, null]);
    box.window.grant(11);
    expect([box.take(PLENTY)?.type, box.take(PLENTY)?.type]).toEqual([FRAME.DATA, FRAME.TRAILERS]);
  });
});
