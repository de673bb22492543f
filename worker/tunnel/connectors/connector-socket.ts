import { ATTACHMENT_VERSION } from "../../attachment-version.ts";
import type { ConnectionRest } from "../../../shared/mux/index.ts";
import {
  encodedSize,
  encodeInPlace,
  encodeInto,
  type Frame,
  HEADER_BYTES,
  type Hello,
  MAX_DATA_BYTES,
  TARGET_MESSAGE_BYTES,
  type HealthReport,
} from "../../../shared/protocol/index.ts";
import type { ConnectClaim } from "../../auth/index.ts";
import type { Transport } from "../../../shared/transport.ts";

/** What must outlive the object's memory, at most 16,384 bytes: kept beside the socket by the platform. */
export interface ConnectorAttachment {
  version?: typeof ATTACHMENT_VERSION;
  role: "connector";
  /** The id of this connection. Gateways' sockets refer to the connection that carries them. */
  connectionId: string;
  kid: string;
  connectedAtMs: number;
  /** The data centre at which its handshake arrived. Attachments of version 0.1 do not have it. */
  dataCentre?: string | null;
  /** The connector's address, as the platform saw it. As above. */
  address?: string | null;
  epoch: number;
  /** Null until the connector has sent it. */
  hello: Hello | null;
  /** The state from which the connection continues after a loss of memory; null while anything is under way. */
  rest: ConnectionRest | null;
  /** The connector's last health report. */
  health: HealthReport | null;
}

/** The attachment of a new connection. */
export function newAttachment(claim: ConnectClaim, nowMs: number): ConnectorAttachment {
  const { kid, dataCentre, address } = claim;
  return {
    ...{ version: ATTACHMENT_VERSION, role: "connector", connectionId: crypto.randomUUID(), kid },
    ...{ connectedAtMs: nowMs, dataCentre: dataCentre ?? null, address: address ?? null },
    ...{ epoch: 0, hello: null, rest: null, health: null },
  };
}

/**
 * The buffer in which messages are assembled. It can be reused, because `send` copies its argument before it returns, as the standard
 * requires. It is large enough for any message with data, because the last frame begins below the target size.
 */
const scratch = new Uint8Array(TARGET_MESSAGE_BYTES + MAX_DATA_BYTES + 2 * HEADER_BYTES);

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
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const [first] = frames;
    const inPlace = frames.length === 1 && first !== undefined ? encodeInPlace(first) : null;
    this.#socket.send(inPlace ?? encodeInScratch(frames));
  }

  close(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // Already closed.
    }
  }

  /** In production, `bufferedAmount` does not show what waits behind the next hop, so only credit limits what is sent. */
  bufferedBytes(): number {
    return 0;
  }
}

function encodeInScratch(frames: readonly Frame[]): Uint8Array {
  const size = encodedSize(frames);
  const message = size <= scratch.byteLength ? scratch.subarray(0, size) : new Uint8Array(size);
  encodeInto(message, 0, frames);
  return message;
}
