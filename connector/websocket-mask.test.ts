import fc from "fast-check";
import { expect, it } from "vitest";
import { mask, unmask } from "./websocket-mask.ts";

it("is RFC 6455's masking for every length and alignment, and touches nothing around", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.nat(7),
      fc.nat(15),
      (bytes, key, sourceAt, offset) => {
        const source = new Uint8Array(sourceAt + bytes.length).subarray(sourceAt);
        source.set(bytes);
        const output = new Uint8Array(offset + bytes.length + 5).fill(0xaa);
        mask(source, key, output, offset, bytes.length);
        const expected = bytes.map((byte, i) => byte ^ (key[i % 4] ?? 0));
        expect(output.subarray(offset, offset + bytes.length)).toEqual(expected);
        expect(output.subarray(0, offset).every((byte) => byte === 0xaa)).toBe(true);
        expect(output.subarray(offset + bytes.length).every((byte) => byte === 0xaa)).toBe(true);
        unmask(expected, key);
        expect(expected).toEqual(bytes);
      },
    ),
  );
});
