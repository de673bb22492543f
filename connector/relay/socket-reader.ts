import type { OnReadOpts } from "node:net";

/** A whole message, or a batch of small ones. */
const READ_BYTES = 64 * 1024;

/**
 * Has a socket read into one buffer, over and over: Node would allocate 64 KiB for each read, and leave all of them to
 * the collector. Whoever listens copies what it keeps.
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

  /** In the place of whoever listened before. `bytes` are good until it returns. */
  listen(listener: (bytes: Buffer) => void): void {
    this.#listener = listener;
  }

  /** Of sockets that cannot read into a buffer of ours. */
  handOn(bytes: Buffer): void {
    this.#listener(bytes);
  }
}
