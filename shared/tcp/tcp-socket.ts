/**
 * TCP over a WebSocket, for whom no binding leads: docs/tcp.md. Binary messages are bytes. A WebSocket can neither end one
 * way alone nor hold its sender back, so text messages say both: `end`, and `window N`, up to which offset may be sent.
 */
export const TCP_SUBPROTOCOL = "culvert.tcp.v1";

/** What either end may send before the other's first `window`. */
const TCP_SOCKET_WINDOW_BYTES = 256 * 1024;

/** After both ends: the only close that is a clean end. */
export const TCP_CLOSE_CLEAN = 1000;
/** The connection broke off; the reason is the code. */
export const TCP_CLOSE_CUT = 1011;
/** The other end does not keep to this. */
export const TCP_CLOSE_PROTOCOL = 1002;

export type TcpText = { kind: "end" } | { kind: "window"; limitBytes: number };

/** Null for what is no such text. */
export function parseTcpText(text: string): TcpText | null {
  if (text === "end") return { kind: "end" };
  const [, digits] = /^window ([1-9][0-9]{0,15})$/.exec(text) ?? [];
  const limitBytes = Number(digits);
  return digits !== undefined && Number.isSafeInteger(limitBytes) ? { kind: "window", limitBytes } : null;
}

/** One end's credit, of both ways. Pure: who uses it sends. */
export class TcpSocketCredit {
  #sentBytes = 0;
  #limitBytes = TCP_SOCKET_WINDOW_BYTES;
  #receivedBytes = 0;
  #consumedBytes = 0;
  #grantedBytes = TCP_SOCKET_WINDOW_BYTES;
  readonly #windowBytes: number;

  /** `windowBytes`: what the other end may have under way; `consumed(0)` says so when it is more than the protocol's. */
  constructor(windowBytes = TCP_SOCKET_WINDOW_BYTES) {
    this.#windowBytes = windowBytes;
  }

  /** How much may be sent now. */
  get roomBytes(): number {
    return this.#limitBytes - this.#sentBytes;
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  granted(limitBytes: number): void {
    this.#limitBytes = Math.max(this.#limitBytes, limitBytes);
  }

  /** False: more than may be. */
  received(bytes: number): boolean {
    this.#receivedBytes += bytes;
    return this.#receivedBytes <= this.#grantedBytes;
  }

  /** The text to send once half of the window is used up; null: not yet. */
  consumed(bytes: number): string | null {
    this.#consumedBytes += bytes;
    const next = this.#consumedBytes + this.#windowBytes;
    if (next - this.#grantedBytes < this.#windowBytes / 2) return null;
    this.#grantedBytes = next;
    return `window ${next}`;
  }
}
