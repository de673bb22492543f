const BLOCK_BYTES = 64 * 1024;
const TEMPLATE = Uint8Array.from({ length: BLOCK_BYTES }, (_, index) => (index * 31 + (index >> 7)) & 0xff);

/**
 * `totalBytes` in blocks of 64 KiB, each of which starts with its number. A hash shows lost, repeated and reordered blocks.
 * Each block is a new array, so the receiver may keep it.
 */
export function* pattern(totalBytes: number): Generator<Uint8Array> {
  for (let offset = 0, number = 0; offset < totalBytes; offset += BLOCK_BYTES, number += 1) {
    const block = TEMPLATE.slice(0, Math.min(BLOCK_BYTES, totalBytes - offset));
    if (block.length >= 4) new DataView(block.buffer).setUint32(0, number);
    yield block;
  }
}
