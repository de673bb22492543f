/*
 * The WebSocket to the relay, after its handshake: messages for the mux and from it. `dial-relay.ts` makes it.
 *
 * The socket is read into one buffer that is used again, and each message is copied out of it, so whoever gets a message may keep it.
 * Bytes that the socket cannot send yet are counted, and the mux stops sending in time. A violation of RFC 6455 by the peer closes the connection.
 *
 * Decisions 0022, 0024 and 0027.
 */
import type { Socket } from "node:net";
import { type Frame, MAX_MESSAGE_BYTES } from "../../shared/protocol/index.ts";
import type { Transport } from "../../shared/transport.ts";
import { fittingReason } from "../platform/index.ts";
import { WebSocketViolation } from "./websocket-frame-reader.ts";
import { MessageReader } from "./message-reader.ts";
import { MessageWriter } from "./message-writer.ts";
import { CLOSE_ABNORMAL } from "./websocket-frame.ts";

/** The relay's answer to a close may take 10 s to arrive here, so this end does not wait for it longer than this. */
const CLOSE_TIMEOUT_MS = 1_000;
/** How long a peer that began to close may leave the socket open. */
const PEER_CLOSE_TIMEOUT_MS = 30_000;
/** Limit on the pongs that wait for a peer that does not read them. */
const MAX_WAITING_PONGS = 60;

export interface WebSocketEvents {
  onMessage(message: Uint8Array): void;
  onText(text: string): void;
  /** The operating system has accepted a message, so the mux may send more. */
  onDrained(): void;
  /** The last event: the connection is lost. `reason` goes into logs. */
  onLost(reason: string): void;
}

/**
 * A WebSocket of ours after its handshake, as the mux's transport.
 *
 * open ──close of either side, violation, end──▶ closing ──socket closed──▶ over
 */
export class WebSocketTransport implements Transport {
  readonly #socket: Socket;
  readonly #events: WebSocketEvents;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;
  #isOpen = true;
  /** Its owner has ended it or knows of its end, so no event follows. */
  #isSilent = false;
  #closeCode = CLOSE_ABNORMAL;
  #waitingPongs = 0;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, events: WebSocketEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#writer = new MessageWriter(socket, () => this.#sent());
    this.#reader = new MessageReader(MAX_MESSAGE_BYTES, {
      onMessage: (message) => {
        if (!this.#isSilent) events.onMessage(message);
      },
      onText: (text) => {
        if (!this.#isSilent) events.onText(text);
      },
      onPing: (payload) => this.#pong(payload),
      onClose: (code, payload) => this.#peerClosed(code, payload),
    });
    socket.setTimeout(0);
    socket.setNoDelay();
    socket.on("end", () => this.#endSocket());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#isOpen = false;
      clearTimeout(this.#closeTimer);
      this.#lose(`closed with code ${this.#closeCode}`);
    });
  }

  /** Bytes from the socket. They may be overwritten when this has returned. */
  read(chunk: Buffer): void {
    try {
      this.#reader.read(chunk);
    } catch (thrown) {
      if (!(thrown instanceof WebSocketViolation)) throw thrown;
      if (this.#isOpen) this.#sendClose(closePayload(thrown.closeCode, ""), PEER_CLOSE_TIMEOUT_MS);
      this.#socket.end();
      this.#lose(`invalid WebSocket frame: ${thrown.message}`);
    }
  }

  send(frames: readonly Frame[]): void {
    if (this.#isOpen) this.#writer.write(frames);
  }

  sendText(text: string): void {
    if (this.#isOpen) this.#writer.writeText(text);
  }

  bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return this.terminate();
    this.#isSilent = true;
    this.#sendClose(closePayload(code, reason), CLOSE_TIMEOUT_MS);
  }

  terminate(): void {
    this.#isOpen = false;
    this.#isSilent = true;
    this.#reader.end();
    this.#socket.destroy();
  }

  #sent(): void {
    if (!this.#isSilent) this.#events.onDrained();
  }

  #pong(payload: Buffer): void {
    if (!this.#isOpen) return;
    if (this.#waitingPongs >= MAX_WAITING_PONGS) return void this.#socket.destroy();
    this.#waitingPongs++;
    this.#writer.writePong(payload, () => this.#waitingPongs--);
  }

  /** Answers with the same code, unless this close is itself the answer. */
  #peerClosed(code: number, payload: Buffer): void {
    this.#closeCode = code;
    if (this.#isOpen) this.#sendClose(payload, PEER_CLOSE_TIMEOUT_MS);
    this.#socket.end();
  }

  #sendClose(payload: Uint8Array, timeoutMs: number): void {
    this.#writer.writeClose(payload);
    this.#isOpen = false;
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), timeoutMs);
  }

  #endSocket(): void {
    this.#isOpen = false;
    this.#socket.end();
  }

  #lose(reason: string): void {
    if (this.#isSilent) return;
    this.#isSilent = true;
    this.#events.onLost(reason);
  }
}

/** RFC 6455 §5.5.1. */
function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(fittingReason(reason), "utf8");
  const payload = Buffer.alloc(2 + text.byteLength);
  payload.writeUInt16BE(code, 0);
  payload.set(text, 2);
  return payload;
}
