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
  /** Of this connection alone: sockets of gateways name the one that carries them. */
  connectionId: string;
  kid: string;
  connectedAtMs: number;
  /** Where its handshake came in; attachments of version 0.1 do not say. */
  dataCentre?: string | null;
  /** Where the connector came from, as the platform saw it. As above. */
  address?: string | null;
  epoch: number;
  /** Null until the connector has said it. */
  hello: Hello | null;
  /** What the connection goes on from after the memory was lost; null while anything is under way. */
  rest: ConnectionRest | null;
  /** The connector's last word on its upstreams. */
  health: HealthReport | null;
}

/** Of a connection that begins. */
export function newAttachment(claim: ConnectClaim, nowMs: number): ConnectorAttachment {
  const { kid, dataCentre, address } = claim;
  return {
    ...{ version: ATTACHMENT_VERSION, role: "connector", connectionId: crypto.randomUUID(), kid },
    ...{ connectedAtMs: nowMs, dataCentre: dataCentre ?? null, address: address ?? null },
    ...{ epoch: 0, hello: null, rest: null, health: null },
  };
}

/**
 * Each message is put together here: `send` copies what it is given before it returns, as the standard wants it. Takes
 * any message that carries data, for the last frame begins under the target.
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

  /** `bufferedAmount` says nothing of the far side of a production hop: credit alone bounds what is sent. */
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
