import { Readable } from "node:stream";
import type { Stream } from "../shared/mux/stream.ts";

/** The request's body as undici takes it: bytes leave the stream, and give credit back, when the socket wants them. */
export class RequestBody extends Readable {
  readonly #stream: Stream;
  readonly #onBytes: (count: number) => void;
  #wanted = false;

  constructor(stream: Stream, onBytes: (count: number) => void) {
    super({ highWaterMark: 0 });
    this.#stream = stream;
    this.#onBytes = onBytes;
    // undici destroys the body with the reason it failed for, and reports that to its handler as well.
    this.on("error", () => {});
  }

  override _read(): void {
    this.#wanted = true;
    this.pump();
  }

  /** To be called when the stream became readable. */
  pump(): void {
    while (this.#wanted && !this.destroyed) {
      const bytes = this.#stream.read();
      if (bytes !== null) {
        this.#wanted = false;
        this.#onBytes(bytes.byteLength);
        this.push(bytes);
      } else {
        if (this.#stream.readEnded) {
          this.#wanted = false;
          this.push(null);
        }
        return;
      }
    }
  }
}

/** A body that is here as a whole, in one piece. */
export function readAll(stream: Stream): Buffer {
  const parts: Uint8Array[] = [];
  for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) parts.push(bytes);
  return Buffer.concat(parts);
}
