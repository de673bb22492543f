/** Below it, a slice is copied rather than kept. */
const MIN_VIEW_BYTES = 8 * 1024;
/** A slice is kept as a view only if its message is at most so many times larger, because a view keeps the whole message alive. */
const MAX_PINNED_RATIO = 2.25;
const MIN_TAIL_BYTES = 4 * 1024;
const MAX_TAIL_BYTES = 64 * 1024;

const NOTHING = new Uint8Array(0);

/** Bytes that may be kept: the view itself, or a copy if the view would keep a much larger message alive. */
export function detached(view: Uint8Array): Uint8Array {
  if (view.byteLength === 0) return NOTHING;
  // Not slice(): Node's Buffer would give another view.
  return mayKeep(view) ? view : new Uint8Array(view);
}

function mayKeep(view: Uint8Array): boolean {
  return view.byteLength >= MIN_VIEW_BYTES && view.byteLength * MAX_PINNED_RATIO >= view.buffer.byteLength;
}

/** Bytes received and not yet read. It needs little more memory than the bytes themselves, however small the slices are. */
export class ReceiveQueue {
  #chunks: Uint8Array[] = [];
  /** Small slices are joined here. It comes after all chunks. */
  #tail: Uint8Array | null = null;
  #tailBytes = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(view: Uint8Array): void {
    if (view.byteLength === 0) return;
    if (mayKeep(view)) {
      this.#flushTail();
      this.#chunks.push(view);
    } else {
      this.#append(view);
    }
    this.#bytes += view.byteLength;
  }

  /** The next bytes, as they came but at most `mostBytes`; null: there are none. */
  shift(mostBytes = Infinity): Uint8Array | null {
    if (this.#chunks.length === 0) this.#flushTail();
    let chunk = this.#chunks[0];
    if (chunk === undefined) return null;
    if (chunk.byteLength > mostBytes) {
      // A reader may take its time for both parts.
      this.#chunks[0] = detached(chunk.subarray(mostBytes));
      chunk = detached(chunk.subarray(0, mostBytes));
    } else {
      this.#chunks.shift();
    }
    this.#bytes -= chunk.byteLength;
    return chunk;
  }

  clear(): void {
    this.#chunks = [];
    this.#tail = null;
    this.#tailBytes = 0;
    this.#bytes = 0;
  }

  #append(view: Uint8Array): void {
    if (this.#tail !== null && this.#tailBytes + view.byteLength > this.#tail.byteLength) this.#flushTail();
    if (this.#tail === null) {
      // The first slice is usually the whole body, so it gets only the room that it needs.
      const roomBytes =
        this.#bytes === 0 ? 0 : Math.min(Math.max(this.#bytes, MIN_TAIL_BYTES), MAX_TAIL_BYTES);
      this.#tail = new Uint8Array(Math.max(roomBytes, view.byteLength));
      this.#tailBytes = 0;
    }
    this.#tail.set(view, this.#tailBytes);
    this.#tailBytes += view.byteLength;
  }

  #flushTail(): void {
    if (this.#tail === null) return;
    const filled = this.#tail.subarray(0, this.#tailBytes);
    this.#chunks.push(filled.byteLength * MAX_PINNED_RATIO < this.#tail.byteLength ? filled.slice() : filled);
    this.#tail = null;
  }
}
