/*
 * One stream, on either end. Its mux hands it frames; its owner reads, writes and resets through the `Stream` interface.
 *
 * The owner hears exactly once that a stream is over. A stream stays in its mux's table until the peer has ended it and its
 * owner has read everything, so that whatever is kept is also counted.
 *
 * docs/protocol.md#streams and #two-halves; decisions 0002 and 0003.
 */
import { Fifo } from "../memory/fifo.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import {
  type ErrorCode,
  FLAG,
  FRAME,
  decodeClose,
  encodeClose,
  encodeReset,
  type WebSocketClose,
  decodeHead,
  decodeTrailers,
  encodeHead,
  encodeTrailers,
  type Field,
  type OpenHead,
  type ResponseHead,
  TCP_STATUS,
  SEND_QUEUE_HIGH_BYTES,
  SEND_QUEUE_MIN_BYTES,
  STREAM_OVERHEAD_BYTES,
  TunnelError,
} from "../protocol/index.ts";
import type { ReceiveWindow, SendWindow } from "./credit/flow-window.ts";
import { detached, ReceiveQueue } from "./receive-queue.ts";
import { costBytes, Outbox } from "./send-queue.ts";
import { type Half, nextHalf } from "./stream-state.ts";
import type { Stream, StreamHandler, WebSocketMessage } from "./stream.ts";

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly epochNumber: number;
  readonly peerCapabilities: number;
  stallTimeoutOf(open: OpenHead): number;
  sendHead(type: number, streamId: number, payload: Uint8Array, flags?: number): void;
  wake(outbox: Outbox): void;
  /** The peer may be due credit for this stream's window. */
  creditOwed(stream: MuxStream): void;
  /** Drops what waits to be sent, except HEADs if they should be kept. True: the peer has never heard of the stream. */
  dropQueued(stream: MuxStream, keepHeads: boolean): boolean;
  /** A state changed, so the stream may be over. */
  settle(stream: MuxStream): void;
  released(stream: MuxStream): void;
}

export interface MuxStreamOptions {
  id: number;
  open: OpenHead;
  host: StreamHost;
  localHalf: Half;
  remoteHalf: Half;
  sendWindow: SendWindow;
  receiveWindow: ReceiveWindow;
  memory: MemoryAccount;
  /** Bytes that the stream's head counts for as long as the stream lives. */
  headBytes: number;
}

/** One stream on either end. Its connection hands it frames; its owner reads, writes and resets. */
export class MuxStream implements Stream {
  readonly id: number;
  readonly open: OpenHead;
  readonly outbox: Outbox;
  readonly receiveWindow: ReceiveWindow;
  trailers: readonly Field[] | null = null;
  closeFrame: WebSocketClose | null = null;
  readonly #host: StreamHost;
  #handler: StreamHandler | null = null;
  #localHalf: Half;
  #remoteHalf: Half;
  /** This end has reset the stream. Frames that still arrive are discarded until the peer's last one. */
  #abandoned = false;
  #stopSent = false;
  #stopped = false;
  #closed = false;
  #closeError: TunnelError | null = null;
  #writerWaits = false;
  /** The last frame received was not the last of its message. */
  #midMessage = false;
  readonly #received = new ReceiveQueue();
  readonly #messages = new Fifo<WebSocketMessage>();
  readonly #memory: MemoryAccount;
  /** Bytes in the budget beside windows and queues; 0 once the connection has forgotten the stream. */
  #overheadBytes: number;
  /** The budget dropped the queued bytes. Nothing more of this half is sent, except the reset that the owner still has to make. */
  #discarding = false;

  constructor(options: MuxStreamOptions) {
    this.id = options.id;
    this.#memory = options.memory;
    this.#overheadBytes = STREAM_OVERHEAD_BYTES + options.headBytes;
    this.#memory.hold(this.#overheadBytes);
    this.open = options.open;
    this.#host = options.host;
    this.#localHalf = options.localHalf;
    this.#remoteHalf = options.remoteHalf;
    this.receiveWindow = options.receiveWindow;
    if (options.remoteHalf === "ended") this.receiveWindow.ended();
    this.outbox = new Outbox(options.id, options.sendWindow, options.memory);
  }

  // ── the owner's side ────────────────────────────────────────────────────────────────────────────

  /** The new owner is told at once if the stream was already reset, or is at rest. */
  attach(handler: StreamHandler): void {
    this.#handler = handler;
    if (this.isAtRest) this.tellRest();
    if (this.#closed) handler.onClosed(this.#closeError);
  }

  sendHead(head: ResponseHead, end = false): void {
    if (this.#localHalf === "ended") return;
    const switching = head.status === 101;
    const informational = head.status < 200 && !switching;
    const next = nextHalf(
      this.#localHalf,
      { frame: "HEAD", informational, end, switchesProtocols: switching },
      this.open.kind,
    );
    const payload = encodeHead(head, this.#host.peerCapabilities);
    this.#localHalf = next;
    if (switching && this.#remoteHalf === "body") this.#remoteHalf = "messages";
    this.#host.sendHead(FRAME.HEAD, this.id, payload, (informational ? FLAG.INFO : 0) | (end ? FLAG.END : 0));
    if (end) this.#host.settle(this);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#localHalf === "ended" || bytes.byteLength === 0) return true;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "DATA", end: false }, this.open.kind);
    return this.#push(FRAME.DATA, 0, bytes);
  }

  writeMessage(bytes: Uint8Array, text: boolean, more: boolean): boolean {
    if (this.#localHalf === "ended") return true;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "WSMSG", end: false }, this.open.kind);
    return this.#push(FRAME.WSMSG, (text ? FLAG.TEXT : 0) | (more ? FLAG.MORE : 0), bytes);
  }

  end(): void {
    if (this.#localHalf === "ended") return;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "DATA", end: true }, this.open.kind);
    this.#push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    this.#host.settle(this);
  }

  sendTrailers(fields: readonly Field[]): void {
    if (this.#localHalf === "ended") return;
    const payload = encodeTrailers(fields, this.#host.peerCapabilities);
    this.#localHalf = nextHalf(this.#localHalf, { frame: "TRAILERS" }, this.open.kind);
    this.#push(FRAME.TRAILERS, 0, payload);
    this.#host.settle(this);
  }

  sendClose(code: number | null, reason: string): void {
    if (this.#localHalf === "ended") return;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "WSCLOSE" }, this.open.kind);
    this.#push(FRAME.WSCLOSE, 0, encodeClose(code, reason, this.#host.peerCapabilities));
    this.#host.settle(this);
  }

  reset(code: ErrorCode, detail = "", options: { notProcessed?: boolean } = {}): void {
    if (this.#closed) return;
    const notProcessed = options.notProcessed ?? false;
    const error = new TunnelError(code, detail, { notProcessed });
    // The stream is already over for the peer. Only this end still has received bytes.
    if (this.#isDone) return this.#drop(error);
    const announce = (): void => {
      const flags = notProcessed ? FLAG.NOT_PROCESSED : 0;
      this.#host.sendHead(FRAME.RESET, this.id, encodeReset(code, detail), flags);
    };
    // A head is still sent, because without it the peer would count the request as unanswered and might send it again.
    this.#abandon(error, announce, true);
  }

  stopSending(): void {
    if (this.#stopSent || this.#closed) return;
    this.#stopSent = true;
    this.#discardReceived();
    if (this.#remoteHalf === "ended") return this.#host.settle(this);
    this.#host.sendHead(FRAME.STOP, this.id, new Uint8Array(0));
  }

  release(): void {
    this.#host.released(this);
  }

  expect(bytes: number, leastBytes = 0): void {
    this.receiveWindow.expect(bytes, leastBytes);
    if (this.wantsCredit) this.#host.creditOwed(this);
  }

  read(mostBytes?: number): Uint8Array | null {
    const chunk = this.#received.shift(mostBytes);
    if (chunk !== null) this.#taken(chunk.byteLength);
    return chunk;
  }

  peekMessage(): WebSocketMessage | null {
    return this.#messages.first ?? null;
  }

  readMessage(): WebSocketMessage | null {
    const message = this.#messages.shift();
    if (message === undefined) return null;
    this.#taken(costBytes(FRAME.WSMSG, message.bytes.byteLength));
    return message;
  }

  get stallTimeoutMs(): number {
    return this.#host.stallTimeoutOf(this.open);
  }

  get queuedBytes(): number {
    return this.outbox.queuedBytes;
  }

  get sentBytes(): number {
    return this.outbox.window.sentBytes;
  }

  discardQueued(): void {
    this.#discarding = true;
    this.outbox.clear();
  }

  get bufferedBytes(): number {
    return this.receiveWindow.receivedBytes - this.receiveWindow.consumedBytes;
  }

  get remoteEnded(): boolean {
    return this.#remoteHalf === "ended";
  }

  get readEnded(): boolean {
    return this.remoteEnded && this.#received.bytes === 0 && this.#messages.length === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  // ── the connection's side ───────────────────────────────────────────────────────────────────────

  /** Nothing of this stream can arrive or be sent any more, and nothing is kept for its owner. */
  get isOver(): boolean {
    return this.#isDone && (this.#closed || this.readEnded);
  }

  /** An open WebSocket with nothing under way in either direction, the answer to a STOP included. */
  get isAtRest(): boolean {
    const open = this.#localHalf === "messages" && this.#remoteHalf === "messages";
    return (
      open &&
      !this.#stopSent &&
      !this.#midMessage &&
      !this.#discarding &&
      this.outbox.items.length === 0 &&
      this.#messages.length === 0
    );
  }

  /** Tells the owner what to keep. Call while it is at rest. */
  tellRest(): void {
    const { window } = this.outbox;
    this.#handler?.onRest?.({
      epoch: this.#host.epochNumber,
      id: this.id,
      sentBytes: window.sentBytes,
      sendLimitBytes: window.limitBytes,
      consumedBytes: this.receiveWindow.consumedBytes,
      grantedBytes: this.receiveWindow.grantedBytes,
    });
  }

  tellGraceOver(): void {
    this.#handler?.onGraceOver?.();
  }

  /** Reset from this end: what arrives is counted and discarded. */
  get isAbandoned(): boolean {
    return this.#abandoned;
  }

  /** The peer may still send something that this end will read. */
  get wantsCredit(): boolean {
    return this.#remoteHalf !== "ended" && !this.#abandoned;
  }

  receiveHead(payload: Uint8Array, flags: number): void {
    if (this.#abandoned) {
      if ((flags & FLAG.END) !== 0) this.#endRemote();
      return;
    }
    const head = decodeHead(payload);
    const switching = head.status === 101;
    const informational = (flags & FLAG.INFO) !== 0;
    if (informational !== (head.status < 200 && !switching)) {
      throw new TunnelError("STREAM_ERROR", `status ${head.status} on a HEAD of the other sort`);
    }
    if (this.open.kind === "tcp" && head.status !== TCP_STATUS) {
      throw new TunnelError("STREAM_ERROR", `status ${head.status} on a HEAD of kind tcp`);
    }
    const end = (flags & FLAG.END) !== 0;
    const event = { frame: "HEAD", informational, end, switchesProtocols: switching } as const;
    this.#remoteHalf = nextHalf(this.#remoteHalf, event, this.open.kind);
    if (switching && this.#localHalf === "body") this.#localHalf = "messages";
    this.#handler?.onHead?.(head, informational);
    if (end) this.#arrived();
  }

  /** `receiveWindow.receive` has been called by the connection. */
  receiveData(payload: Uint8Array, flags: number): void {
    const end = (flags & FLAG.END) !== 0;
    if (this.#abandoned || this.#stopSent) {
      this.#consume(payload.byteLength);
      if (end) this.#endRemote();
      return;
    }
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "DATA", end }, this.open.kind);
    this.#received.push(payload);
    this.#arrived();
  }

  receiveTrailers(payload: Uint8Array): void {
    if (this.#abandoned || this.#stopSent) return this.#endRemote();
    const trailers = decodeTrailers(payload);
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "TRAILERS" }, this.open.kind);
    this.trailers = trailers;
    this.#arrived();
  }

  receiveMessage(payload: Uint8Array, flags: number): void {
    if (this.#abandoned || this.#stopSent) {
      return this.#consume(costBytes(FRAME.WSMSG, payload.byteLength));
    }
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "WSMSG", end: false }, this.open.kind);
    const text = (flags & FLAG.TEXT) !== 0;
    const more = (flags & FLAG.MORE) !== 0;
    this.#midMessage = more;
    this.#messages.push({ bytes: detached(payload), text, more });
    this.#arrived();
  }

  receiveClose(payload: Uint8Array): void {
    if (this.#abandoned || this.#stopSent) return this.#endRemote();
    const closeFrame = decodeClose(payload);
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "WSCLOSE" }, this.open.kind);
    this.closeFrame = closeFrame;
    this.#arrived();
  }

  receiveStop(): void {
    if (this.#localHalf === "ended" && this.outbox.items.length === 0) return;
    // The queued bytes are not needed any more, but the peer still has to see the end of this half.
    this.outbox.clear();
    this.#localHalf = "ended";
    this.#stopped = true;
    this.#push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    this.#handler?.onStop?.();
    this.#host.settle(this);
  }

  receiveReset(error: TunnelError): void {
    // Everything had arrived, so the owner may still read it.
    if (this.#isDone && !this.#closed) return;
    this.#remoteHalf = "ended";
    if (this.#abandoned) return this.#host.settle(this);
    if (this.#localHalf !== "ended" || this.outbox.items.length > 0) {
      const announce = (): void => this.#host.sendHead(FRAME.RESET, this.id, encodeReset("NO_ERROR", ""));
      return this.#abandon(error, announce, false);
    }
    // The end of this half was sent, or is in a queued HEAD with END, which is still sent.
    this.#drop(error);
  }

  /** The connection or its epoch is gone, so no frame follows. If everything had arrived, it stays readable. */
  fail(error: TunnelError): void {
    if (this.#isDone && !this.#closed) return this.#close(null);
    this.#localHalf = "ended";
    this.#remoteHalf = "ended";
    this.outbox.clear();
    this.#discardReceived();
    this.#close(error);
  }

  /** The connection calls this after it has removed the stream. */
  forgotten(): void {
    this.receiveWindow.dispose();
    this.#memory.giveBack(this.#overheadBytes);
    this.#overheadBytes = 0;
  }

  /** Called by the connection when both halves are over. */
  finish(): void {
    this.#close(null);
  }

  /** Called after a flush. */
  afterSend(): void {
    if (this.#writerWaits && this.outbox.queuedBytes * 2 < this.#queueMarkBytes && !this.#closed) {
      this.#writerWaits = false;
      if (!this.#stopped) this.#handler?.onWritable();
    }
    this.#host.settle(this);
  }

  /** Both halves have ended on the wire. */
  get #isDone(): boolean {
    return this.#remoteHalf === "ended" && this.#localHalf === "ended" && this.outbox.items.length === 0;
  }

  #drop(error: TunnelError): void {
    this.#discardReceived();
    this.#close(error);
    this.#host.settle(this);
  }

  #abandon(error: TunnelError, announce: () => void, keepHeads: boolean): void {
    this.#abandoned = true;
    const unheardOf = this.#host.dropQueued(this, keepHeads);
    if (unheardOf) this.#remoteHalf = "ended";
    else announce();
    this.#localHalf = "ended";
    this.#drop(error);
  }

  /** The owner is told of the bytes before it is told of the end. */
  #arrived(): void {
    if (this.#remoteHalf === "ended") this.receiveWindow.ended();
    this.#handler?.onReadable();
    if (this.#remoteHalf === "ended") this.#host.settle(this);
  }

  #endRemote(): void {
    this.#remoteHalf = "ended";
    this.receiveWindow.ended();
    this.#host.settle(this);
  }

  #push(type: number, flags: number, payload: Uint8Array): boolean {
    if (this.#discarding) return true;
    this.outbox.push(type, flags, payload);
    this.#host.wake(this.outbox);
    this.#writerWaits ||= this.outbox.queuedBytes > this.#queueMarkBytes;
    return !this.#writerWaits;
  }

  /** If more is queued, the writer has to stop. */
  get #queueMarkBytes(): number {
    return this.#memory.shareBytes(SEND_QUEUE_MIN_BYTES, SEND_QUEUE_HIGH_BYTES);
  }

  /** The owner has read so many bytes. With the last ones the stream may be over. */
  #taken(bytes: number): void {
    this.#consume(bytes);
    if (this.#remoteHalf === "ended") this.#host.settle(this);
  }

  #consume(bytes: number): void {
    this.receiveWindow.consume(bytes);
    if (this.wantsCredit) this.#host.creditOwed(this);
  }

  #discardReceived(): void {
    this.#received.clear();
    this.#messages.clear();
    this.#consume(this.bufferedBytes);
  }

  #close(error: TunnelError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeError = error;
    this.#handler?.onClosed(error);
  }
}
