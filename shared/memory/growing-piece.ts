const NO_ROOM = new Uint8Array(0);
const MIN_ROOM_BYTES = 64;
/** In a list, pieces are joined up to this size, because a list of single bytes would need a hundred times their size. */
export const JOINED_BYTES = 4 * 1024;

/**
 * Joins small pieces to a larger one. Its room doubles when it is full. If each join made a new array, a peer that sends single bytes would
 * have all of the piece copied for each of them.
 */
export class GrowingPiece {
  readonly #maxBytes: number;
  #room = NO_ROOM;

  /** `maxBytes`: what results have at most. More is possible, but no room is made for it in advance. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** `piece` with `more` behind it. If `piece` is the last result, or the end of it, the new one continues in the same memory. */
  join(piece: Uint8Array, more: Uint8Array): Uint8Array {
    const length = piece.byteLength + more.byteLength;
    let at = piece.byteOffset - this.#room.byteOffset;
    if (piece.buffer !== this.#room.buffer || at + length > this.#room.byteLength) {
      this.#room = new Uint8Array(
        Math.max(length, Math.min(Math.max(2 * length, MIN_ROOM_BYTES), this.#maxBytes)),
      );
      this.#room.set(piece);
      at = 0;
    }
    this.#room.set(more, at + piece.byteLength);
    return this.#room.subarray(at, at + length);
  }

  /** Puts `more` at the end of a list: into its last piece, unless that would exceed `maxBytes`. */
  addTo(pieces: Uint8Array[], more: Uint8Array): void {
    const last = pieces.at(-1);
    if (last === undefined || last.byteLength + more.byteLength > this.#maxBytes) pieces.push(more);
    else pieces[pieces.length - 1] = this.join(last, more);
  }

  /** Keeps no memory until the next join. */
  forget(): void {
    this.#room = NO_ROOM;
  }
}
