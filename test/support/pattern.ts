const BLOCK_BYTES = 64 * 1024;
const TEMPLATE = Uint8Array.from({ length: BLOCK_BYTES }, (_, index) => (index * 31 + (index >> 7)) & 0xff);

/**
 * `totalBytes` whose every 64 KiB block starts with its own number: loss, doubling and reordering all show in a
 * hash. Each block is a new array: the taker may keep it.
 */
export function* pattern(totalBytes: number): Generator<Uint8Array> {
  for (let offset = 0, number = 0; offset < totalBytes; offset += BLOCK_BYTES, number += 1) {
    const block = TEMPLATE.slice(0, Math.min(BLOCK_BYTES, totalBytes - offset));
    if (block.length >= 4) new DataView(block.buffer).setUint32(0, number);
    yield block;
  }
}
