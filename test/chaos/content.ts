import { createHash } from "node:crypto";
import { crc32Hex } from "../../shared/tokens/crc32.ts";
import { Dice } from "../support/dice.ts";

/** Bytes that only this name has, so that lost, repeated, moved or mixed-up bytes are noticed. */
export function contentOf(name: string, length: number): Buffer {
  const dice = new Dice(Number.parseInt(crc32Hex(name), 16));
  const words = new Uint32Array(Math.ceil(length / 4));
  // Not Uint32Array.from, which takes many times as long: each request of chaos is made and compared by this.
  for (let index = 0; index < words.length; index++) words[index] = dice.below(2 ** 32);
  return Buffer.from(words.buffer, 0, length);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
