import fc from "fast-check";

/**
 * Any well-formed text, with characters of each length in UTF-8. `fc.string({ unit: "binary" })` does the same, but first
 * builds a table of all of Unicode, which takes two seconds in each process.
 */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const codePoint = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0x7ff }),
    fc.integer({ min: 0x800, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0xffff }),
    fc.integer({ min: 0x10000, max: 0x10ffff }),
  );
  return fc.string({ unit: codePoint.map((value) => String.fromCodePoint(value)), maxLength });
}
