import type { ConnectionRest } from "../../shared/mux/rest.ts";
import { encodeMessage } from "../../shared/protocol/frame-codec.ts";
import type { Frame } from "../../shared/protocol/frame.ts";
import type { Hello } from "../../shared/protocol/handshake.ts";
import type { HealthReport } from "../../shared/protocol/service-checks.ts";
import type { Transport } from "../../shared/transport.ts";

/** What must outlive the object's memory, at most 16,384 bytes: kept beside the socket by the platform. */
export interface ConnectorAttachment {
  role: "connector";
  /** Of this connection alone: sockets of gateways name the one that carries them. */
  connectionId: string;
  kid: string;
  connectedAtMs: number;
  epoch: number;
  /** Null until the connector has said it. */
  hello: Hello | null;
  /** What the connection goes on from after the memory was lost; null while anything is under way. */
  rest: ConnectionRest | null;
  /** The connector's last word on its upstreams. */
  health: HealthReport | null;
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

  send(frames: readonly Frame[]): void {
    // A socket that is closing throws; its close event follows and ends the connection.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeMessage(frames));
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
