const BLOCK_BYTES = 64 * 1024;

/** Bytes whose every 64 KiB block starts with its own number: loss, doubling and reordering all show in a hash. */
export function patternBlock(blockNumber: number, bytes = BLOCK_BYTES): Uint8Array {
  const block = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index += 1) block[index] = (index * 31 + (index >> 7)) & 0xff;
  if (bytes >= 4) new DataView(block.buffer).setUint32(0, blockNumber);
  return block;
}

/** `totalBytes` of the pattern, block by block. A new array each time: the taker may keep it. */
export function* pattern(totalBytes: number): Generator<Uint8Array> {
  const template = patternBlock(0);
  for (let offset = 0, number = 0; offset < totalBytes; offset += BLOCK_BYTES, number += 1) {
    const block = template.slice(0, Math.min(BLOCK_BYTES, totalBytes - offset));
    if (block.length >= 4) new DataView(block.buffer).setUint32(0, number);
    yield block;
  }
}
