import { ReceiveQueue, type Stream } from "../../../shared/mux/index.ts";
import {
  AHEAD_MIN_BYTES,
  MAX_WEBSOCKET_MESSAGE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
} from "../../../shared/protocol/index.ts";
import { WaitingCost } from "../../../shared/memory/waiting-cost.ts";
import { type Assembly, SMALL_BYTES, type WebSocketMemory } from "./message-room.ts";

/** If more waits for a slow gateway, further messages wait on the connector's side. */
const GATEWAY_BACKLOG_BYTES = 1024 * 1024;
const SHORT_GATEWAY_BACKLOG_BYTES = 128 * 1024;
/** Less than this is not worth a timer. It is sent in a moment, or the next message checks again. */
const COUNTED_BACKLOG_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 10;
/** How often to check when nothing more is sent and only the socket's own bytes are left. */
const LOOK_WHEN_OVER_MS = 1_000;
/** How often to check for room that becomes free in another object, and whether the message was given up for others. */
const LOOK_FOR_ROOM_MS = 250;
const LOOK_AT_PARTS_MS = 1_000;
/** The largest window that a message with room gets even if memory is short. */
const MAX_LEAST_WINDOW_BYTES = 1024 * 1024;

const leastWindowBytes = (sizeBytes: number): number =>
  Math.min(Math.max(AHEAD_MIN_BYTES, Math.floor(sizeBytes / 4)), MAX_LEAST_WINDOW_BYTES);

export interface IntakeEvents {
  /** A whole message, to be sent to the gateway. False: nothing more is wanted. */
  onMessage(bytes: Uint8Array, text: boolean): boolean;
  onTooLarge(): void;
  /** The message was given up, because nothing more of it came and others needed the room. */
  onEnded(): void;
  /** The messages no longer have to wait. */
  goOn(): void;
}

/**
 * Assembles an upstream's messages from their fragments, as far as there is room and the gateway reads them. Unread bytes stay in
 * the stream, so its sender has to wait. It checks for both in turns of its own object, because room may become free in the turn of
 * another one.
 */
export class MessageIntake implements Assembly {
  readonly caller: string;
  readonly #socket: WebSocket;
  readonly #memory: WebSocketMemory;
  readonly #events: IntakeEvents;
  /** What has come of a message before its last part. Joined, because a list of single bytes would need a hundred times their size. */
  readonly #parts = new ReceiveQueue();
  #sizeBytes = 0;
  /** Cancels the next look. */
  #wait: (() => void) | null = null;
  #isOver = false;
  #isGone = false;
  #wasEnded = false;
  #saidSo = false;
  #looksAtParts = false;
  #looksAtSocket = false;
  readonly #inSocket = new WaitingCost(MESSAGE_OVERHEAD_BYTES);
  /** What waited in the gateway's socket at the last check. */
  #unreadBytes = 0;

  constructor(socket: WebSocket, caller: string, memory: WebSocketMemory, events: IntakeEvents) {
    this.#socket = socket;
    this.caller = caller;
    this.#memory = memory;
    this.#events = events;
  }

  get memory(): WebSocketMemory["account"] {
    return this.#memory.account;
  }

  /** False: what follows the messages has to wait, or is not needed any more. */
  take(stream: Stream): boolean {
    const { messages } = this.#memory;
    if (this.#isOver && !this.#wasEnded) {
      // Nobody needs them any more, but the stream is only over when they have been read.
      while (stream.readMessage() !== null);
      return true;
    }
    if (this.#wasEnded) this.#sayEnded();
    while (this.#wait === null && !this.#isOver) {
      const next = stream.peekMessage();
      if (next === null) return true;
      const bytes = next.bytes.byteLength;
      if (this.#sizeBytes + bytes > MAX_WEBSOCKET_MESSAGE_BYTES) {
        this.#drop();
        this.#events.onTooLarge();
        return false;
      }
      // A complete message is already in the stream's window.
      const isWhole = this.#sizeBytes === 0 && !next.more;
      if (!isWhole && !messages.grow(this, bytes)) {
        this.#lookAgainIn(LOOK_FOR_ROOM_MS);
        return false;
      }
      stream.readMessage();
      this.#sizeBytes += bytes;
      if (next.more) {
        this.#parts.push(next.bytes);
        this.#lookAtParts();
        // It has room, so its window opens as fast as it arrives. Others may wait for it, so the window must not be tiny.
        const leastBytes = messages.isIn(this) ? leastWindowBytes(this.#sizeBytes) : 0;
        stream.expect(Math.max(AHEAD_MIN_BYTES, this.#sizeBytes), leastBytes);
        continue;
      }
      if (messages.isIn(this)) stream.expect(AHEAD_MIN_BYTES);
      const whole = this.#wholeWith(next.bytes);
      this.#inSocket.sent(whole.byteLength);
      if (!this.#events.onMessage(whole, next.text)) return false;
      this.#lookAtSocket();
    }
    return false;
  }

  wake(): void {
    if (this.#wait === null) return;
    this.#wait();
    this.#wait = () => {};
    void Promise.resolve().then(() => this.#lookAgain());
  }

  /** Gives the message up for others. */
  drop(): void {
    this.#wasEnded = true;
    this.#drop();
  }

  /** Nothing more is wanted. */
  end(): void {
    this.#drop();
  }

  /** The socket is gone, with everything that waited in it. */
  gone(): void {
    this.#isGone = true;
    this.#drop();
    this.#countUnread(0);
  }

  #drop(): void {
    this.#isOver = true;
    this.#parts.clear();
    this.#sizeBytes = 0;
    this.#memory.messages.leave(this);
  }

  #wholeWith(last: Uint8Array): Uint8Array {
    let whole = last;
    if (this.#parts.bytes > 0) {
      whole = new Uint8Array(this.#sizeBytes);
      let at = 0;
      for (let part = this.#parts.shift(); part !== null; part = this.#parts.shift()) {
        whole.set(part, at);
        at += part.byteLength;
      }
      whole.set(last, at);
    }
    this.#sizeBytes = 0;
    this.#memory.messages.leave(this);
    return whole;
  }

  /** Bytes in the socket stay counted until the gateway has them. */
  #lookAtSocket(): void {
    if (this.#isGone) return;
    const unreadBytes = this.#inSocket.of(this.#socket.bufferedAmount);
    this.#countUnread(unreadBytes > COUNTED_BACKLOG_BYTES ? unreadBytes : 0);
    const { isShort } = this.#memory.account;
    const limitBytes = isShort ? SHORT_GATEWAY_BACKLOG_BYTES : GATEWAY_BACKLOG_BYTES;
    if (unreadBytes > limitBytes && !this.#isOver) {
      this.#lookAgainIn(LOOK_EVERY_MS);
    } else if (this.#unreadBytes > 0 && !this.#looksAtSocket) {
      this.#looksAtSocket = true;
      setTimeout(
        () => {
          this.#looksAtSocket = false;
          this.#lookAtSocket();
        },
        this.#isOver ? LOOK_WHEN_OVER_MS : LOOK_EVERY_MS,
      );
    }
  }

  #countUnread(bytes: number): void {
    const addedBytes = bytes - this.#unreadBytes;
    if (addedBytes === 0) return;
    this.#unreadBytes = bytes;
    this.#memory.messages.unread(addedBytes, this);
    if (addedBytes > 0) this.memory.hold(addedBytes);
    else this.memory.giveBack(-addedBytes);
  }

  #lookAgainIn(delayMs: number): void {
    if (this.#wait !== null) return;
    const timer = setTimeout(() => this.#lookAgain(), delayMs);
    this.#wait = () => clearTimeout(timer);
  }

  #lookAgain(): void {
    this.#wait = null;
    this.#lookAtSocket();
    if (this.#wait === null) this.#events.goOn();
  }

  #sayEnded(): void {
    if (this.#saidSo) return;
    this.#saidSo = true;
    this.#events.onEnded();
  }

  /** It may be dropped in another object's turn. Who holds little hears of it with its next bytes. */
  #lookAtParts(): void {
    // A timer keeps the object awake.
    if (this.#looksAtParts || this.#sizeBytes <= SMALL_BYTES) return;
    this.#looksAtParts = true;
    setTimeout(() => {
      this.#looksAtParts = false;
      if (this.#wasEnded) this.#sayEnded();
      else if (this.#sizeBytes > 0) this.#lookAtParts();
    }, LOOK_AT_PARTS_MS);
  }
}
