import type {
  ErrorCode,
  WebSocketClose,
  Field,
  OpenHead,
  ResponseHead,
  TunnelError,
} from "../protocol/index.ts";
import type { StreamRest } from "./rest.ts";

/** A stream's events for its owner. They are called synchronously while a message is dispatched: never throw, never block. */
export interface StreamHandler {
  /** Relay only: a response head. `informational` ones (1xx) may come before the final one. */
  onHead?(head: ResponseHead, informational: boolean): void;
  /** Data, the end, trailers or a WebSocket close arrived: `read()` or `readMessage()` until null. */
  onReadable(): void;
  /** The send queue fell under its low mark after a `write` returned false. */
  onWritable(): void;
  /** The peer wants no more bytes from this side. `write` now discards, and the send half counts as ended. */
  onStop?(): void;
  /** Relay, WebSocket only: nothing is under way, and this is what the stream can be restored from. */
  onRest?(rest: StreamRest): void;
  /** Connector only: the connection ends in a moment. This is the last chance to send an ending. */
  onGraceOver?(): void;
  /** The last event, called exactly once. Null: both halves ended properly, and everything was read or can still be read. */
  onClosed(error: TunnelError | null): void;
}

export interface WebSocketMessage {
  bytes: Uint8Array;
  text: boolean;
  /** More frames of the same message follow. */
  more: boolean;
}

/** One request with its answer, one WebSocket, or one TCP connection. The same on both ends. */
export interface Stream {
  readonly id: number;
  /** Relay: as given to `open`. Connector: as received. */
  readonly open: OpenHead;
  /** How long its window may stay closed. Other waits on its bytes use the same limit. */
  readonly stallTimeoutMs: number;
  /** Hands the stream to another owner, which gets all further events. */
  attach(handler: StreamHandler): void;

  // sending
  /** Connector only. `end`: no body and no trailers follow. An informational (1xx) head may precede. */
  sendHead(head: ResponseHead, end?: boolean): void;
  /** Queues the bytes; the caller must not change them. False: they are queued, but stop until `onWritable`. */
  write(bytes: Uint8Array): boolean;
  writeMessage(bytes: Uint8Array, text: boolean, more: boolean): boolean;
  end(): void;
  sendTrailers(fields: readonly Field[]): void;
  /** WebSocket only: sends the close frame, which ends this half. A code that must not be sent (RFC 6455 §7.4) becomes 1002. */
  sendClose(code: number | null, reason: string): void;
  /** Abandons both halves. Idempotent; `onClosed` follows synchronously with an error of this code. */
  reset(code: ErrorCode, detail?: string, options?: { notProcessed?: boolean }): void;
  /** Asks the peer to end its half early; what still arrives of it is discarded. */
  stopSending(): void;
  /**
   * Connector only: the upstream work of this stream is gone, so its STREAMS credit returns to the relay.
   * Must be called once for every accepted stream, however it ended; before or after `onClosed`.
   */
  release(): void;

  /** Written bytes that still wait for credit or for their turn. Each message counts with its overhead. */
  readonly queuedBytes: number;
  /** Bytes of this half that were sent so far. */
  readonly sentBytes: number;
  /**
   * Drops what is queued and whatever is written from now on. It sends nothing, so the owner still has to call `reset`, in a
   * turn of its own.
   */
  discardQueued(): void;

  // receiving
  /**
   * The peer will send so many bytes in all. Credit for them is granted at once, as far as memory allows, and for `leastBytes` in
   * any case.
   */
  expect(bytes: number, leastBytes?: number): void;
  /** The next bytes, `mostBytes` of them at most; null if none are here now. Reading returns credit to the peer. */
  read(mostBytes?: number): Uint8Array | null;
  readMessage(): WebSocketMessage | null;
  /** What `readMessage` would give, without reading it. */
  peekMessage(): WebSocketMessage | null;
  /** Bytes received and not yet read. */
  readonly bufferedBytes: number;
  /** The peer's END has arrived (its bytes may still wait to be read). */
  readonly remoteEnded: boolean;
  /** The peer's half is over and everything of it has been read. */
  readonly readEnded: boolean;
  /** Fields after the body; null when there were none (yet). */
  readonly trailers: readonly Field[] | null;
  /** WebSocket only: the peer's close frame, once it arrived. */
  readonly closeFrame: WebSocketClose | null;
  /** True once `onClosed` has been called. */
  readonly closed: boolean;
}
