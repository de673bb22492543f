import type { Stream } from "../../../shared/mux/index.ts";
import { AHEAD_MIN_BYTES, MAX_WEBSOCKET_MESSAGE_BYTES } from "../../../shared/protocol/index.ts";
import { type Assembly, SMALL_BYTES, type WebSocketMemory } from "./message-room.ts";

/** A gateway that reads slowly: beyond this its messages wait on the connector's side. */
const GATEWAY_BACKLOG_BYTES = 1024 * 1024;
const SHORT_GATEWAY_BACKLOG_BYTES = 128 * 1024;
/** Less is not worth a timer: it is gone in a moment, or the next message finds it. */
const COUNTED_BACKLOG_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 10;
/** When nothing more is sent, only what the socket still holds is of interest. */
const LOOK_WHEN_OVER_MS = 1_000;
/** The same for room that comes free in another object, and for whether a message was given up for others' sake. */
const LOOK_FOR_ROOM_MS = 250;
const LOOK_AT_PARTS_MS = 1_000;

export interface IntakeEvents {
  /** A whole message, to be sent to the gateway. False: nothing more is wanted. */
  onMessage(bytes: Uint8Array, text: boolean): boolean;
  onTooLarge(): void;
  /** The room was needed, and of this message nothing more came. */
  onEnded(): void;
  /** What held the messages back is over. */
  goOn(): void;
}

/**
 * Puts an upstream's messages together from their fragments, as far as there is room and the gateway takes them. What is
 * not read stays in the stream, and holds its sender back. Looks for both in turns of its own object: room may come free
 * in another's.
 */
export class MessageIntake implements Assembly {
  readonly #socket: WebSocket;
  readonly #memory: WebSocketMemory;
  readonly #events: IntakeEvents;
  #parts: Uint8Array[] = [];
  #sizeBytes = 0;
  /** Cancels the next look. */
  #wait: (() => void) | null = null;
  #isOver = false;
  #isGone = false;
  #wasEnded = false;
  #looksAtParts = false;
  #looksAtSocket = false;
  /** In the gateway's socket, as it was last seen. */
  #unreadBytes = 0;

  constructor(socket: WebSocket, memory: WebSocketMemory, events: IntakeEvents) {
    this.#socket = socket;
    this.#memory = memory;
    this.#events = events;
  }

  get memory(): WebSocketMemory["account"] {
    return this.#memory.account;
  }

  /** False: what follows the messages has to wait, or is of no use any more. */
  take(stream: Stream): boolean {
    const { messages } = this.#memory;
    if (this.#isOver && !this.#wasEnded) {
      // Nobody reads them any more, but the stream is over only when they have been read.
      while (stream.readMessage() !== null);
      return true;
    }
    while (this.#wait === null && !this.#isOver) {
      const next = stream.peekMessage();
      if (next === null) return true;
      const bytes = next.bytes.byteLength;
      if (this.#sizeBytes + bytes > MAX_WEBSOCKET_MESSAGE_BYTES) {
        this.#drop();
        this.#events.onTooLarge();
        return false;
      }
      // One that is whole lies in the stream's window already.
      const isWhole = this.#parts.length === 0 && !next.more;
      if (!isWhole && !messages.grow(this, bytes)) {
        this.#lookAgainIn(LOOK_FOR_ROOM_MS);
        return false;
      }
      stream.readMessage();
      this.#parts.push(next.bytes);
      this.#sizeBytes += bytes;
      if (next.more) {
        this.#lookAtParts();
        // It was let in: its window opens as fast as it comes.
        stream.expect(Math.max(AHEAD_MIN_BYTES, this.#sizeBytes));
      } else if (!this.#events.onMessage(this.#whole(), next.text)) return false;
      else this.#lookAtSocket();
    }
    return false;
  }

  wake(): void {
    if (this.#wait === null) return;
    this.#wait();
    this.#wait = () => {};
    void Promise.resolve().then(() => this.#lookAgain());
  }

  /** For somebody else's sake. */
  drop(): void {
    this.#wasEnded = true;
    this.#drop();
  }

  /** Nothing more is wanted. */
  end(): void {
    this.#drop();
  }

  /** The socket is no more, nor what waited in it. */
  gone(): void {
    this.#isGone = true;
    this.#drop();
    this.#countUnread(0);
  }

  #drop(): void {
    this.#isOver = true;
    this.#parts = [];
    this.#sizeBytes = 0;
    this.#memory.messages.leave(this);
  }

  #whole(): Uint8Array {
    const [first] = this.#parts;
    let whole = first;
    if (whole === undefined || this.#parts.length > 1) {
      whole = new Uint8Array(this.#sizeBytes);
      let at = 0;
      for (const part of this.#parts) {
        whole.set(part, at);
        at += part.byteLength;
      }
    }
    this.#parts = [];
    this.#sizeBytes = 0;
    this.#memory.messages.leave(this);
    return whole;
  }

  /** What the socket holds is not given back before the gateway has it. */
  #lookAtSocket(): void {
    if (this.#isGone) return;
    const unreadBytes = this.#socket.bufferedAmount;
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
    this.#memory.messages.unread(addedBytes, this.memory);
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

  /** It may be dropped in another object's turn. */
  #lookAtParts(): void {
    // A timer keeps the object awake.
    if (this.#looksAtParts || this.#sizeBytes <= SMALL_BYTES) return;
    this.#looksAtParts = true;
    setTimeout(() => {
      this.#looksAtParts = false;
      if (this.#wasEnded) this.#events.onEnded();
      else if (this.#parts.length > 0) this.#lookAtParts();
    }, LOOK_AT_PARTS_MS);
  }
}
