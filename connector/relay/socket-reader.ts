import type { OnReadOpts } from "node:net";

/** A whole message, or a batch of small ones. */
const READ_BYTES = 64 * 1024;

/**
 * Makes a socket read into the same buffer again and again. Otherwise Node would allocate 64 KiB for each read, for the garbage
 * collector to free. The listener must copy what it keeps.
 */
export class SocketReader {
  #listener: (bytes: Buffer) => void = () => {};
  /** For `connect`. */
  readonly onread: OnReadOpts;

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    this.onread = {
      buffer,
      callback: (size) => {
        this.#listener(buffer.subarray(0, size));
        return true;
      },
    };
  }

  /** Replaces the listener. `bytes` are valid until it returns. */
  listen(listener: (bytes: Buffer) => void): void {
    this.#listener = listener;
  }

  /** For sockets that cannot read into our buffer. */
  handOn(bytes: Buffer): void {
    this.#listener(bytes);
  }
}
