import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyText } from "../../../test/support/arbitrary-text.ts";
import { Utf8Check } from "./utf8-check.ts";

/** Well-formed text, and bytes that often are nearly so. */
const bytes = fc.oneof(
  anyText(40).map((text) => Buffer.from(text, "utf8")),
  fc
    .array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xe2, 0x9f, 0xa0, 0xed, 0xf0, 0xf4, 0x90, 0xff),
      {
        maxLength: 12,
      },
    )
    .map((values) => Buffer.from(values)),
);

it("a text is UTF-8 in pieces exactly if it is UTF-8 as a whole", () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(40), { maxLength: 6 }), (text, cuts) => {
      const check = new Utf8Check();
      const at = [
        0,
        ...cuts.map((cut) => Math.min(cut, text.byteLength)).sort((a, b) => a - b),
        text.byteLength,
      ];
      const pieces = at.slice(1).map((end, index) => text.subarray(at[index], end));
      const isGood = pieces.map((piece) => check.push(piece)).every(Boolean);
      expect(check.end() && isGood).toBe(isUtf8(text));
    }),
    { numRuns: 2_000 },
  );
});

it("a new text begins after each end", () => {
  const check = new Utf8Check();
  expect([check.push(Buffer.of(0xc3)), check.end()]).toEqual([true, false]);
  expect([check.push(Buffer.of(0x41)), check.end()]).toEqual([true, true]);
});
