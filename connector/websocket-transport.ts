import type { WebSocket } from "ws";
import type { Transport } from "../shared/transport.ts";

/**
 * A `ws` socket as the mux's transport. `onDrained` is called whenever a message has left for the operating system:
 * the mux may have held data back for that.
 */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #onSent: () => void;

  constructor(socket: WebSocket, onDrained: () => void) {
    this.#socket = socket;
    this.#onSent = onDrained;
  }

  send(message: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(message, { binary: true }, this.#onSent);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }
}
