import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detached, ReceiveQueue } from "./receive-queue.ts";

const KIB = 1024;

function drain(queue: ReceiveQueue): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let chunk = queue.shift(); chunk !== null; chunk = queue.shift()) chunks.push(chunk);
  return chunks;
}

/** What the chunks keep alive, whatever part of it they show. */
const heldBytes = (chunks: Uint8Array[]) =>
  [...new Set(chunks.map((chunk) => chunk.buffer))].reduce((sum, buffer) => sum + buffer.byteLength, 0);

/** A view of `bytes` in a message of `messageBytes`, as a frame's payload is one. */
function slice(bytes: number, messageBytes: number, fill = 0): Uint8Array {
  const message = new Uint8Array(messageBytes);
  return (fill === 0 ? message : message.fill(fill)).subarray(messageBytes - bytes);
}

describe("ReceiveQueue", () => {
  it("returns all bytes in order, however they were cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * KIB }), fc.nat({ max: 100 * KIB }), fc.boolean())),
        (pushes) => {
          const queue = new ReceiveQueue();
          let next = 0;
          const expected: number[] = [];
          const read: Uint8Array[] = [];
          for (const [bytes, around, reads] of pushes) {
            expected.push(bytes);
            queue.push(slice(bytes, bytes + around, ++next % 256));
            if (reads) read.push(...drain(queue));
          }
          read.push(...drain(queue));
          const all = Buffer.concat(read);
          const wanted = Buffer.concat(expected.map((bytes, i) => Buffer.alloc(bytes, (i + 1) % 256)));
          expect(all.equals(wanted)).toBe(true);
          expect(queue.bytes).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("takes little more memory than the bytes of 10,000 one-byte slices of large messages", () => {
    const queue = new ReceiveQueue();
    for (let i = 0; i < 10_000; i++) queue.push(slice(1, 64 * KIB));
    expect(queue.bytes).toBe(10_000);
    const chunks = drain(queue);
    expect(heldBytes(chunks)).toBeLessThan(32 * KIB);
    expect(chunks.length).toBeLessThan(10);
  });

  it("takes little more memory than its bytes if large and tiny slices alternate", () => {
    const queue = new ReceiveQueue();
    for (let i = 0; i < 256; i++) {
      queue.push(slice(8 * KIB, 8 * KIB));
      queue.push(slice(1, 16 * KIB));
    }
    const { bytes } = queue;
    expect(heldBytes(drain(queue))).toBeLessThan(2 * bytes);
  });

  it("keeps a large slice without a copy and copies what would pin a much larger message", () => {
    const large = slice(32 * KIB, 64 * KIB);
    expect(detached(large).buffer).toBe(large.buffer);
    const small = slice(16 * KIB, 64 * KIB);
    expect(detached(small).buffer).not.toBe(small.buffer);
    expect(detached(small)).toEqual(small);
  });

  it("gives no more than is asked for, and neither that nor the rest keeps a much larger message alive", () => {
    const message = slice(256 * KIB, 256 * KIB).map((_, at) => at % 251);
    for (let parts = 1; parts <= 16; parts++) {
      const queue = new ReceiveQueue();
      queue.push(message);
      const taken = Array.from({ length: parts }, () => queue.shift(16 * KIB) ?? new Uint8Array(0));
      for (const part of taken)
        expect([part.byteLength, part.buffer.byteLength]).toEqual([16 * KIB, 16 * KIB]);
      const { bytes } = queue;
      const rest = drain(queue);
      expect(heldBytes(rest)).toBeLessThanOrEqual(2.25 * bytes);
      expect(Buffer.concat([...taken, ...rest]).equals(message)).toBe(true);
    }
  });

  it("is empty after clear", () => {
    const queue = new ReceiveQueue();
    queue.push(slice(10, 10));
    queue.push(slice(9 * KIB, 9 * KIB));
    queue.clear();
    expect([queue.bytes, queue.shift()]).toEqual([0, null]);
  });
});
