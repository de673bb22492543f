import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock } from "../../../shared/time/clock.ts";

/** What Node has behind a TLS socket. Nothing of it is documented: where a part is missing, nothing is known. */
interface TlsHandle {
  /** Called for each piece of clear text, and without one for the end. */
  onread?: (this: unknown, bytes?: unknown) => unknown;
  /** The connection under it, which counts what came before it was deciphered. */
  _parent?: { bytesRead?: number };
}

/**
 * Did the peer say that it is done (close_notify), or was the connection cut? Node reports both as the end. A
 * close_notify is a record: either bytes have come behind the last clear text, or the end is told in the very turn of
 * that text, because both came in one read. The end of the connection is read by itself, in a later turn, and adds no
 * byte.
 */
export class TlsEnding {
  #cut = false;
  #readBytes: number;
  #turnOver = false;

  /** To be made while the last clear text so far is being handed on. */
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

  /** Null: it is no TLS connection, or this Node does not show what is needed. */
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
