import { isUtf8 } from "node:buffer";

/** The most bytes that a character has. */
const MAX_CHARACTER_BYTES = 4;

/** Checks that a text is UTF-8. Its pieces may be cut anywhere, even inside a character. */
export class Utf8Check {
  /** The first bytes of a character whose rest has not come yet. */
  #begun: Buffer = Buffer.alloc(0);

  /** False: the text is not UTF-8, whatever follows. */
  push(piece: Buffer): boolean {
    const bytes = this.#begun.byteLength === 0 ? piece : Buffer.concat([this.#begun, piece]);
    const whole = bytes.byteLength - begunBytes(bytes);
    this.#begun = Buffer.from(bytes.subarray(whole));
    return isUtf8(bytes.subarray(0, whole));
  }

  /** The text has ended. False: in the middle of a character. */
  end(): boolean {
    const isWhole = this.#begun.byteLength === 0;
    this.#begun = Buffer.alloc(0);
    return isWhole;
  }
}

/** How many bytes at the end belong to an incomplete character. */
function begunBytes(bytes: Buffer): number {
  for (let count = 1; count < MAX_CHARACTER_BYTES && count <= bytes.byteLength; count++) {
    const byte = bytes[bytes.byteLength - count] ?? 0;
    // 10xxxxxx continues a character.
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > count ? count : 0;
  }
  return 0;
}
