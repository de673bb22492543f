import type { WebSocket } from "ws";
import type { Frame } from "../shared/protocol/frame.ts";
import type { Transport } from "../shared/transport.ts";
import { MessageWriter } from "./message-writer.ts";

/**
 * A client's `ws` socket as the mux's transport: `ws` shakes hands, receives, pings and closes; messages are written
 * past it. `onDrained` is called whenever a message has left for the operating system: the mux may have held data back
 * for that.
 */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  #writer: MessageWriter | null = null;

  /** Before its handshake is over. */
  constructor(socket: WebSocket, onDrained: () => void) {
    this.#socket = socket;
    socket.once("upgrade", (response) => {
      this.#writer = new MessageWriter(response.socket, onDrained);
    });
  }

  send(frames: readonly Frame[]): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#writer?.write(frames);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }
}
