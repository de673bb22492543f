import { describe, expect, it } from "vitest";
import { bytesOf } from "../../test/support/bytes-of.ts";
import { MASK_MODULE } from "./mask-module.ts";
import { maskedMemory, maskByWords } from "./masked-memory.ts";

const SIZE_BYTES = 256 * 1024;
const GUARD_BYTES = 80;

/** The whole memory after one payload in it was masked, as RFC 6455 §5.3 says it, byte by byte. */
function naive(before: Buffer, at: number, length: number): Buffer {
  const after = Buffer.from(before);
  for (let i = 0; i < length; i++) after[at + i] = (before[at + i] ?? 0) ^ (before[at - 4 + (i % 4)] ?? 0);
  return after;
}

const pattern = bytesOf(SIZE_BYTES, (i) => i * 31 + (i >>> 8));

/** Masks there, and compares what lies around as well. */
function expectMasked(memory: ReturnType<typeof maskedMemory>, at: number, length: number): void {
  const end = at + length + GUARD_BYTES;
  pattern.copy(memory.bytes, 0, 0, end);
  memory.mask(at, length);
  const same = memory.bytes.subarray(0, end).equals(naive(pattern.subarray(0, end), at, length));
  expect({ at, length, same }).toEqual({ at, length, same: true });
}

describe.each([
  ["by the module", maskedMemory(SIZE_BYTES), false],
  ["without WebAssembly", maskedMemory(SIZE_BYTES, null), true],
  ["without room for its memory", maskedMemory(SIZE_BYTES, withoutRoom()), true],
])("memory masked %s", (_name, memory, isPlain) => {
  it("equals a naive loop's result for each length and alignment, and nothing else changes", () => {
    for (let at = GUARD_BYTES; at < GUARD_BYTES + 16; at++) {
      for (let length = 0; length <= 200; length++) expectMasked(memory, at, length);
    }
    for (const length of [4_095, 65_535, 65_536, 65_545, 131_072]) {
      for (const at of [16, 17, 30, 4_096]) expectMasked(memory, at, length);
    }
  });

  it("comes back when it is masked again", () => {
    pattern.copy(memory.bytes);
    memory.mask(16, 100_000);
    memory.mask(16, 100_000);
    expect(memory.bytes.subarray(0, SIZE_BYTES).equals(pattern)).toBe(true);
  });

  it("has the requested size, and uses the module only if there is one", () => {
    expect(memory.bytes.byteLength).toBe(SIZE_BYTES);
    expect(memory.mask.toString().includes("native code")).toBe(!isPlain);
  });
});

function withoutRoom() {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: NonNullable<Parameters<typeof maskedMemory>[1]>;
  };
  class Memory {
    readonly buffer = new ArrayBuffer(0);
    constructor() {
      throw new RangeError("could not allocate memory");
    }
  }
  return { Module: WebAssembly.Module, Instance: WebAssembly.Instance, validate: () => true, Memory };
}

it("gives its memory no way to grow", () => {
  const memory = maskedMemory(1);
  const { buffer } = memory.bytes;
  expect([memory.bytes.byteLength, (buffer as ArrayBuffer).resizable]).toEqual([65_536, false]);
  expect(() => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })).toThrow("Cannot transfer");
});

it("masks any buffer by words", () => {
  const bytes = Buffer.alloc(1_003);
  pattern.copy(bytes);
  maskByWords(bytes.buffer)(16, 987);
  expect(bytes.equals(naive(pattern.subarray(0, 1_003), 16, 987))).toBe(true);
});

it("is a module of a few hundred bytes", () => {
  expect(MASK_MODULE.byteLength).toBe(224);
});
