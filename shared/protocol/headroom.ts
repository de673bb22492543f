import { HEADER_BYTES } from "./frame.ts";

/** Buffers whose first bytes are kept free. A view that was transferred has a buffer of another identity: mark that one. */
const buffers = new WeakSet<ArrayBufferLike>();

/** Room for `size` bytes, behind as many free ones as a frame's header takes: in `spare`, a buffer of this size, or in a new one. */
export function roomBehindHeadroom(size: number, spare: ArrayBufferLike | null = null): Uint8Array {
  const bytes = HEADER_BYTES + size;
  return new Uint8Array(spare?.byteLength === bytes ? spare : new ArrayBuffer(bytes), HEADER_BYTES);
}

/** Marks these bytes as lying at the beginning of such a room. */
export function markHeadroom(bytes: Uint8Array): void {
  if (bytes.byteOffset === HEADER_BYTES) buffers.add(bytes.buffer);
}

/** The bytes with the free headroom before them, which may be overwritten. Null: they have none. */
export function withHeadroom(bytes: Uint8Array): Uint8Array | null {
  if (bytes.byteOffset !== HEADER_BYTES || !buffers.has(bytes.buffer)) return null;
  return new Uint8Array(bytes.buffer, 0, HEADER_BYTES + bytes.byteLength);
}
