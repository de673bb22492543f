import { expect, it } from "vitest";
import { GrowingPiece } from "./growing-piece.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (piece: Uint8Array) => new TextDecoder().decode(piece);

it("joins what it is given, and leaves earlier results as they were", () => {
  const growing = new GrowingPiece(4096);
  const first = growing.join(bytes("ab"), bytes("c"));
  const second = growing.join(first, bytes("de"));
  const rest = second.subarray(3);
  const third = growing.join(rest, bytes("f"));
  expect([first, second, rest, third].map(text)).toEqual(["abc", "abcde", "de", "def"]);
  expect(text(growing.join(bytes("other"), bytes("!")))).toBe("other!");
  expect(text(third)).toBe("def");
});

it("takes memory for a few of very many joins", () => {
  const growing = new GrowingPiece(4096);
  const buffers = new Set<ArrayBufferLike>();
  let piece: Uint8Array = bytes("0");
  for (let count = 1; count < 4096; count++) {
    piece = growing.join(piece, bytes(String(count % 10)));
    buffers.add(piece.buffer);
  }
  expect(text(piece)).toBe(Array.from({ length: 4096 }, (_, index) => index % 10).join(""));
  expect(buffers.size).toBeLessThan(10);
});

it("adds to the last piece of a list up to its size, and then begins another", () => {
  const growing = new GrowingPiece(4);
  const pieces: Uint8Array[] = [];
  for (const more of ["ab", "c", "d", "e", "fghij", "k"]) growing.addTo(pieces, bytes(more));
  expect(pieces.map(text)).toEqual(["abcd", "e", "fghij", "k"]);
});
