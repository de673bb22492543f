import { describe, expect, it } from "vitest";
import { encodeInPlace, encodeMessage } from "./frame-codec.ts";
import { FRAME, HEADER_BYTES } from "./frame.ts";
import { markHeadroom, roomBehindHeadroom } from "./headroom.ts";

const frameOf = (payload: Uint8Array) => ({ type: FRAME.DATA, flags: 1, streamId: 77, payload });

function marked(text: string): Uint8Array {
  const bytes = roomBehindHeadroom(text.length);
  bytes.set(new TextEncoder().encode(text));
  markHeadroom(bytes);
  return bytes;
}

describe("a payload with headroom", () => {
  it("becomes a message where it lies, the same as a copied one", () => {
    const payload = marked("some bytes");
    const message = encodeInPlace(frameOf(payload));
    expect(message?.buffer).toBe(payload.buffer);
    expect(message).toEqual(encodeMessage([frameOf(new TextEncoder().encode("some bytes"))]));
  });

  it("may be sent again: its bytes are not changed", () => {
    const payload = marked("some bytes");
    encodeInPlace(frameOf(payload));
    expect(new TextDecoder().decode(payload)).toBe("some bytes");
    expect(encodeInPlace({ ...frameOf(payload), streamId: 79 })).toEqual(
      encodeMessage([{ ...frameOf(payload), streamId: 79 }]),
    );
  });

  it("keeps it only for its first part", () => {
    const payload = marked("some bytes");
    expect(encodeInPlace(frameOf(payload.subarray(0, 4)))).toEqual(
      encodeMessage([frameOf(new TextEncoder().encode("some"))]),
    );
    expect(encodeInPlace(frameOf(payload.subarray(4)))).toBe(null);
  });
});

describe("a payload without headroom", () => {
  it("is left to be copied, wherever it lies", () => {
    const foreign = new Uint8Array(100);
    const unmarked = roomBehindHeadroom(10);
    const elsewhere = foreign.subarray(HEADER_BYTES + 1);
    markHeadroom(elsewhere);
    for (const payload of [foreign, unmarked, foreign.subarray(HEADER_BYTES), elsewhere, new Uint8Array(0)]) {
      expect(encodeInPlace(frameOf(payload))).toBe(null);
    }
  });
});
