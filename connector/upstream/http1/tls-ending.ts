import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock } from "../../../shared/time/clock.ts";

/** The object behind Node's TLS socket. None of this is documented, so a missing part means that nothing can be said. */
interface TlsHandle {
  /** Called with each piece of clear text, and without one at the end. */
  onread?: (this: unknown, bytes?: unknown) => unknown;
  /** The connection under TLS. It counts the encrypted bytes. */
  _parent?: { bytesRead?: number };
}

/**
 * Did the peer end properly (close_notify), or was the connection cut? Node reports both as the end. But a close_notify is a
 * record: either encrypted bytes have come after the last clear text, or the end is reported in the same turn as that text,
 * because both came in one read. A cut connection is reported in a later turn and adds no byte.
 */
export class TlsEnding {
  #cut = false;
  #readBytes: number;
  #turnOver = false;

  /** Create it while the latest clear text is being passed on. */
  constructor(handle: TlsHandle, parent: { bytesRead: number }, clock: Clock) {
    const { onread } = handle;
    const heard = (): void => {
      this.#readBytes = parent.bytesRead;
      this.#turnOver = false;
      clock.soon(() => (this.#turnOver = true));
    };
    this.#readBytes = parent.bytesRead;
    heard();
    const ended = (): void => {
      this.#cut = this.#turnOver && parent.bytesRead === this.#readBytes;
    };
    handle.onread = function (...args) {
      if (args[0] === undefined) ended();
      else heard();
      return onread?.apply(this, args);
    };
  }

  /** Null: it is not a TLS connection, or this version of Node lacks a part. */
  static of(socket: Socket, clock: Clock): TlsEnding | null {
    if (!(socket instanceof TLSSocket)) return null;
    const { _handle: handle } = socket as unknown as { _handle?: TlsHandle | null };
    const parent = handle?._parent;
    if (typeof handle?.onread !== "function" || typeof parent?.bytesRead !== "number") return null;
    return new TlsEnding(handle, parent as { bytesRead: number }, clock);
  }

  get isCut(): boolean {
    return this.#cut;
  }
}
