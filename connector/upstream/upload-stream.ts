import { Readable } from "node:stream";
import type { Stream } from "../../shared/mux/index.ts";
import { TunnelError } from "../../shared/protocol/index.ts";
import { SOCKET_PIECE_BYTES } from "./held-bytes.ts";

/** The request's body. It reads from the stream, which returns credit, when the upstream's socket can accept more. */
export class UploadStream extends Readable {
  /** The declared length; null: not known before the end. */
  readonly lengthBytes: number | null;
  readonly #stream: Stream;
  readonly #onBytes: (count: number) => void;
  #wanted = false;
  #pushedBytes = 0;

  constructor(stream: Stream, lengthBytes: number | null, onBytes: (count: number) => void) {
    super({ highWaterMark: 0 });
    this.lengthBytes = lengthBytes;
    this.#stream = stream;
    this.#onBytes = onBytes;
    // The sender destroys it with the reason, and reports the failure by another path as well.
    this.on("error", () => {});
  }

  /** The upstream could accept bytes, but none have arrived. */
  get late(): boolean {
    return this.#wanted;
  }

  override _read(): void {
    this.#wanted = true;
    this.pump();
  }

  /** Call it when the stream became readable. */
  pump(): void {
    while (this.#wanted && !this.destroyed) {
      const bytes = this.#stream.read(SOCKET_PIECE_BYTES);
      if (bytes === null && !this.#stream.readEnded) return;
      this.#wanted = false;
      this.#pushedBytes += bytes?.byteLength ?? 0;
      if (this.#isWrongLength(bytes === null)) {
        this.destroy(wrongLength(false));
        return;
      }
      if (bytes !== null) this.#onBytes(bytes.byteLength);
      this.push(bytes);
    }
  }

  #isWrongLength(ended: boolean): boolean {
    if (this.lengthBytes === null) return false;
    return ended ? this.#pushedBytes < this.lengthBytes : this.#pushedBytes > this.lengthBytes;
  }
}

export function wrongLength(notProcessed: boolean): TunnelError {
  const message = "the request body is not as long as its Content-Length";
  return new TunnelError("STREAM_ERROR", message, { notProcessed });
}

/** Asks for the first bytes. True: they are not here yet, so the head should not wait for them. */
export function isLate(body: Readable): boolean {
  body.read(0);
  return body instanceof UploadStream && body.late;
}

/** A body that has arrived completely, as one buffer. */
export function readAll(stream: Stream): Buffer {
  const parts: Uint8Array[] = [];
  for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) parts.push(bytes);
  return Buffer.concat(parts);
}
