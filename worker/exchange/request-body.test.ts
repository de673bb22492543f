import { describe, expect, it } from "vitest";
import { newRecordState, RequestRecord } from "../events/request-record.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { ReadTurns } from "../tunnel/connections/read-turns.ts";
import { Exchange } from "./exchange.ts";
import { RequestBody } from "./request-body.ts";

const PIECES = 32;

/** Sends a body of `PIECES` pieces, each of a byte of its own. `sendsAtOnce`: the stream's queue is empty again after each write. */
async function upload(pieceBytes: number, sendsAtOnce: boolean) {
  const state = newRecordState({
    ...{ requestId: "r", traceId: "", tunnel: "t", project: "p", environment: "e", service: "s" },
    ...{ kind: "http" as const, method: "POST", path: "/", arrivedAtMs: 0 },
  });
  const record = new RequestRecord(
    state,
    () => 0,
    () => {},
  );
  const buffers = new Set<ArrayBufferLike>();
  let piece = 0;
  let leftBytes = pieceBytes;
  /** Like the platform's, but a buffer that it gives back is the same one. */
  const reader = {
    read(room: Uint8Array) {
      buffers.add(room.buffer);
      const bytes = Math.min(room.byteLength, leftBytes);
      if (piece === PIECES) return Promise.resolve({ done: true, value: room.subarray(0, 0) });
      const value = room.subarray(0, bytes).fill(piece);
      leftBytes -= bytes;
      if (leftBytes === 0) {
        piece++;
        leftBytes = pieceBytes;
      }
      return Promise.resolve({ done: false, value });
    },
  };
  const request = { body: { getReader: () => reader }, signal: { aborted: false } };
  const waiting: Uint8Array[] = [];
  const sent: Buffer[] = [];
  const send = (): void => {
    sent.push(...waiting.splice(0).map((chunk) => Buffer.from(chunk)));
  };
  const stream = {
    get queuedBytes() {
      return waiting.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    },
    write(chunk: Uint8Array) {
      waiting.push(chunk);
      if (sendsAtOnce) send();
      return true;
    },
    end: send,
  };
  const deps = { memory: memoryOf(), readTurns: new ReadTurns(new FakeClock()) };
  const body = new RequestBody(
    request as unknown as ConstructorParameters<typeof RequestBody>[0],
    PIECES * pieceBytes,
    Infinity,
    record,
    deps,
  );
  const exchange = new Exchange(record, () => 0);
  exchange.attach(stream as unknown as Parameters<Exchange["attach"]>[0]);
  await body.feed(exchange);
  const whole = Buffer.concat(sent);
  const expected = Buffer.concat(Array.from({ length: PIECES }, (_, byte) => Buffer.alloc(pieceBytes, byte)));
  return { isWhole: whole.equals(expected), buffers: buffers.size, chunks: sent.length };
}

describe("an upload's buffers", () => {
  it.each([300 * 1024, 20 * 1024])("are used again once %i bytes have been sent", async (pieceBytes) => {
    const { isWhole, buffers, chunks } = await upload(pieceBytes, true);
    expect(isWhole).toBe(true);
    expect(buffers).toBeLessThan(chunks / 2);
  });

  it.each([300 * 1024, 20 * 1024])("are left alone while %i bytes wait to be sent", async (pieceBytes) => {
    expect((await upload(pieceBytes, false)).isWhole).toBe(true);
  });
});
