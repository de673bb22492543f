import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../../test/support/arbitrary-text.ts";
import * as arbitrary from "../../test/support/peers/arbitrary-frames.ts";
import { decodeMeanings } from "../../test/support/peers/decode-meaning.ts";
import { naiveDecode, NaiveError } from "../../test/support/peers/naive-decoder.ts";
import { SOME_REQUEST } from "../../test/support/simulation/sim-pair.ts";
import { decodeMessage, encodeMessage } from "./frame-codec.ts";
import { decodeOffset, encodeClose, encodeOffset, utf8Prefix } from "./frame-payloads.ts";
import type { Frame } from "./frame.ts";
import { decodeHello, decodeWelcome, encodeHello, encodeWelcome } from "./handshake.ts";
import {
  decodeHead,
  decodeOpen,
  decodeTrailers,
  encodeHead,
  encodeOpen,
  encodeTrailers,
} from "./head-codec.ts";
import { MAX_CLOSE_REASON_BYTES } from "./limits.ts";
import { TunnelError } from "./tunnel-error.ts";

const anyUnits = arbitrary.fieldText("binary");

/** More of them look further. */
const SPOILT_RUNS = Number(process.env["CULVERT_CODEC_RUNS"] ?? 1_500);

describe("the codec, for any input", () => {
  it("gives back the frames that went into a message", () => {
    fc.assert(
      fc.property(fc.array(arbitrary.frame, { minLength: 1, maxLength: 5 }), (frames) => {
        const decoded: Frame[] = [];
        decodeMessage(encodeMessage(frames), (type, flags, streamId, payload) =>
          decoded.push({ type, flags, streamId, payload: payload.slice() }),
        );
        expect(decoded).toEqual(
          frames.map((frame) => ({ ...frame, payload: Uint8Array.from(frame.payload) })),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("gives back heads, whatever their text", () => {
    fc.assert(
      fc.property(arbitrary.openHead(), arbitrary.responseHead(), (open, head) => {
        expect(decodeOpen(encodeOpen(open))).toEqual(open);
        const reason = head.reason.replaceAll("\t", "");
        expect(decodeHead(encodeHead(head))).toEqual({ ...head, reason: reason.slice(0, 256) });
        expect(decodeTrailers(encodeTrailers(head.fields))).toEqual(head.fields);
      }),
      { numRuns: 200 },
    );
  });

  it("replaces lone surrogates, each within its own field", () => {
    fc.assert(
      fc.property(arbitrary.openHead(anyUnits), arbitrary.responseHead(anyUnits), (open, head) => {
        const wellFormed = (fields: typeof open.fields) =>
          fields.map(([name, value]) => [name, value.toWellFormed()]);
        expect(decodeOpen(encodeOpen(open)).fields).toEqual(wellFormed(open.fields));
        expect(decodeOpen(encodeOpen(open)).project).toBe(open.project.toWellFormed());
        expect(decodeHead(encodeHead(head)).fields).toEqual(wellFormed(head.fields));
      }),
      { numRuns: 200 },
    );
    const halves = {
      status: 200,
      reason: "\ud83d",
      fields: [["x-a", "\ud83d"] as const, ["etag", "\ude00"] as const],
    };
    const facts = { ...SOME_REQUEST, project: "a\ud83d", environment: "\ude00b" };
    expect(decodeOpen(encodeOpen(facts))).toMatchObject({ project: "a\ufffd", environment: "\ufffdb" });
    expect(decodeHead(encodeHead(halves)).fields).toEqual([
      ["x-a", "\ufffd"],
      ["etag", "\ufffd"],
    ]);
  });

  it("gives back handshakes and offsets", () => {
    fc.assert(
      fc.property(arbitrary.hello, arbitrary.welcome, fc.maxSafeNat(), (hello, welcome, offset) => {
        expect(decodeHello(encodeHello(hello))).toEqual(hello);
        expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome);
        expect(decodeOffset(encodeOffset(offset))).toBe(offset);
      }),
    );
  });

  it("cuts text at a character", () => {
    fc.assert(
      fc.property(anyText(200), (text) => {
        const bytes = utf8Prefix(text, MAX_CLOSE_REASON_BYTES);
        expect(bytes.byteLength).toBeLessThanOrEqual(MAX_CLOSE_REASON_BYTES);
        const kept = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        expect(text.startsWith(kept)).toBe(true);
        if (kept !== text) expect(bytes.byteLength).toBeGreaterThan(MAX_CLOSE_REASON_BYTES - 4);
        expect(encodeClose(1000, text).byteLength).toBe(2 + bytes.byteLength);
      }),
    );
  });

  it("agrees with the naive decoder on damaged messages, and throws only its own errors", () => {
    const spoilt = fc
      .tuple(
        fc.array(arbitrary.frame, { minLength: 1, maxLength: 3 }),
        fc.array(arbitrary.mutation, { minLength: 1, maxLength: 3 }),
      )
      .map(([frames, mutations]) =>
        mutations.reduce((message, mutate) => mutate(message), encodeMessage(frames)),
      );
    fc.assert(
      fc.property(fc.oneof(spoilt, fc.uint8Array({ maxLength: 200 })), (message) => {
        const ours = outcome(() => decodeMeanings(message), TunnelError);
        expect(ours).toEqual(outcome(() => naiveDecode(message), NaiveError));
        if ("frames" in ours) expect(weightOf(ours.frames)).toBeLessThan(64 + 8 * message.byteLength);
      }),
      { numRuns: SPOILT_RUNS },
    );
  });
});

function outcome(
  decode: () => unknown,
  own: new (...args: never[]) => { scope: string; code: string },
): { frames: unknown } | { scope: string; code: string } {
  try {
    return { frames: decode() };
  } catch (error) {
    if (!(error instanceof own)) throw error;
    return { scope: error.scope, code: error.code };
  }
}

/** Values and characters reachable from a result. */
function weightOf(value: unknown): number {
  if (typeof value === "string") return 1 + value.length;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + weightOf(part), 1);
}
