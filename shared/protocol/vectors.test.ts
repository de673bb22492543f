import { describe, expect, it } from "vitest";
import { decodeMeanings } from "../../test/support/peers/decode-meaning.ts";
import { naiveDecode, NaiveError } from "../../test/support/peers/naive-decoder.ts";
import frames from "../../test/vectors/frames.json" with { type: "json" };
import malformed from "../../test/vectors/malformed.json" with { type: "json" };
import staticFieldNames from "../../test/vectors/static-field-names.json" with { type: "json" };
import { STATIC_FIELD_NAMES } from "./field-names.ts";
import { encodeMessage } from "./frame-codec.ts";
import { encodeClose, encodeGoaway, encodeOffset, encodeReset, encodeU32 } from "./frame-payloads.ts";
import { FRAME } from "./frame.ts";
import { decodeHello, decodeWelcome, encodeHello, encodeWelcome } from "./handshake.ts";
import {
  decodeHead,
  decodeOpen,
  decodeTrailers,
  encodeHead,
  encodeOpen,
  encodeTrailers,
} from "./head-codec.ts";
import { TunnelError } from "./tunnel-error.ts";

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const named = (name: string) => frames.find((vector) => vector.name === name)?.hex ?? "";

/** The payload of the vector's only frame. */
const payloadOf = (name: string) => bytesOf(named(name)).subarray(9);

describe("golden frames", () => {
  it.each(frames)("$name", ({ hex, frames: expected }) => {
    expect(decodeMeanings(bytesOf(hex))).toEqual(expected);
    expect(naiveDecode(bytesOf(hex))).toEqual(expected);
  });

  it("cover every type of frame", () => {
    const seen = new Set(frames.flatMap((vector) => vector.frames.map(({ frame }) => frame)));
    expect([...seen].sort()).toEqual(Object.keys(FRAME).sort());
  });

  it("name the static fields in the order of the wire, which only grows", () => {
    expect(STATIC_FIELD_NAMES).toEqual(staticFieldNames);
  });
});

describe("golden malformed frames", () => {
  it.each(malformed)("$name: $scope $code", ({ hex, then, scope, code }) => {
    const message = new Uint8Array(
      Buffer.concat([bytesOf(hex), Buffer.alloc(then?.times ?? 0, then?.byte ?? 0)]),
    );
    const ours = errorOf(() => decodeMeanings(message));
    expect(ours).toBeInstanceOf(TunnelError);
    expect(ours).toMatchObject({ scope, code });
    const naive = errorOf(() => naiveDecode(message));
    expect(naive).toBeInstanceOf(NaiveError);
    expect(naive).toMatchObject({ scope, code });
  });
});

describe("encoders give the golden bytes", () => {
  const cases: [name: string, type: number, flags: number, streamId: number, payload: Uint8Array][] = [
    ["HELLO", FRAME.HELLO, 0, 0, encodeHello(decodeHello(payloadOf("HELLO")))],
    [
      "GOAWAY",
      FRAME.GOAWAY,
      0,
      0,
      encodeGoaway({ lastStreamId: 41, code: "DRAINING", drainMs: 30_000, text: "bye €" }),
    ],
    ["STREAMS", FRAME.STREAMS, 0, 0, encodeU32(4_294_967_295)],
    [
      "WINDOW of a stream, the largest offset",
      FRAME.WINDOW,
      0,
      0x7fff_ffff,
      encodeOffset(Number.MAX_SAFE_INTEGER),
    ],
    ["OPEN", FRAME.OPEN, 0, 1, encodeOpen(decodeOpen(payloadOf("OPEN")))],
    ["OPEN with timeouts", FRAME.OPEN, 0, 9, encodeOpen(decodeOpen(payloadOf("OPEN with timeouts")))],
    ["HEAD", FRAME.HEAD, 0, 1, encodeHead(decodeHead(payloadOf("HEAD")))],
    ["TRAILERS", FRAME.TRAILERS, 0, 1, encodeTrailers(decodeTrailers(payloadOf("TRAILERS")))],
    ["RESET NOT_PROCESSED", FRAME.RESET, 1, 1, encodeReset("UPSTREAM_REFUSED", "connection refused")],
    ["WSCLOSE", FRAME.WSCLOSE, 0, 1, encodeClose(1000, "done")],
  ];
  it.each(cases)("%s", (name, type, flags, streamId, payload) => {
    const message = encodeMessage([{ type, flags, streamId, payload }]);
    expect(Buffer.from(message).toString("hex")).toBe(named(name));
  });

  it("WELCOME", () => {
    expect(decodeWelcome(encodeWelcome(decodeWelcome(payloadOf("WELCOME"))))).toEqual(
      decodeWelcome(payloadOf("WELCOME")),
    );
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}
