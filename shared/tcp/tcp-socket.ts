/**
 * TCP over a WebSocket, for clients without a binding: docs/tcp.md. Binary messages are bytes. A WebSocket can neither end only one
 * direction nor slow its sender down. Text messages do this: `end`, and `window N`, the offset up to which the other end may send.
 */
export const TCP_SUBPROTOCOL = "culvert.tcp.v1";

/** What either end may send before the other's first `window`. */
const TCP_SOCKET_WINDOW_BYTES = 256 * 1024;

/** Sent after both sides' `end`. Only this close is a clean end. */
export const TCP_CLOSE_CLEAN = 1000;
/** The connection broke off; the reason is the code. */
export const TCP_CLOSE_CUT = 1011;
/** The other end violated these rules. */
export const TCP_CLOSE_PROTOCOL = 1002;

export type TcpText = { kind: "end" } | { kind: "window"; limitBytes: number };

/** Null for what is no such text. */
export function parseTcpText(text: string): TcpText | null {
  if (text === "end") return { kind: "end" };
  const [, digits] = /^window ([1-9][0-9]{0,15})$/.exec(text) ?? [];
  const limitBytes = Number(digits);
  return digits !== undefined && Number.isSafeInteger(limitBytes) ? { kind: "window", limitBytes } : null;
}

/** One end's credit in both directions. It sends nothing itself. */
export class TcpSocketCredit {
  #sentBytes = 0;
  #limitBytes = TCP_SOCKET_WINDOW_BYTES;
  #receivedBytes = 0;
  #consumedBytes = 0;
  #grantedBytes = TCP_SOCKET_WINDOW_BYTES;
  readonly #windowBytes: number;

  /** `windowBytes`: how much the other end may have under way. If it is more than the protocol's default, `consumed(0)` returns the text to send. */
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
