import type { Hello } from "../../shared/protocol/handshake.ts";
import type { Transport } from "../../shared/transport.ts";

/** What must outlive the object's memory, at most 16,384 bytes: kept beside the socket by the platform. */
export interface ConnectorAttachment {
  kid: string;
  connectedAtMs: number;
  epoch: number;
  /** Null until the connector has said it. */
  hello: Hello | null;
}

/** A hibernating WebSocket as a Transport. Decides nothing. */
export class ConnectorSocket implements Transport {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get attachment(): ConnectorAttachment {
    return this.#socket.deserializeAttachment() as ConnectorAttachment;
  }

  set attachment(attachment: ConnectorAttachment) {
    this.#socket.serializeAttachment(attachment);
  }

  send(message: Uint8Array): void {
    // A socket that is closing throws; its close event follows and ends the connection.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  close(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // Already closed.
    }
  }

  /** `bufferedAmount` says nothing of the far side of a production hop: credit alone bounds what is sent. */
  bufferedBytes(): number {
    return 0;
  }
}
