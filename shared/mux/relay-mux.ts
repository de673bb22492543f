/*
 * The end that opens streams: the relay's. A tunnel's object has one for each connector's connection.
 *
 * It opens a stream only within the credit that the connector gave. After a loss of memory it begins a new epoch, so that
 * neither end takes an old stream for a new one; sleeping WebSockets go on.
 *
 * docs/protocol.md#epochs and #rest; decisions 0005 and 0012.
 */
import {
  OWN_CAPABILITIES,
  FLAG,
  FRAME,
  encodeOffset,
  encodeU32,
  type Goaway,
  encodeOpen,
  type OpenHead,
  decodeHello,
  encodeWelcome,
  type Hello,
  type Welcome,
  readU32,
  AHEAD_BYTES_PER_MS,
  AHEAD_MIN_BYTES,
  DEFAULT_STALL_TIMEOUT_MS,
  MAX_STREAM_ID,
  RETIRE_DRAIN_MS,
  connectionError,
  TunnelError,
} from "../protocol/index.ts";
import { AnswerSizes } from "./answer-sizes.ts";
import { SendWindow } from "./credit/flow-window.ts";
import { Mux } from "./mux.ts";
import type { MuxEvents, MuxOptions } from "./mux-options.ts";
import { MuxStream } from "./mux-stream.ts";
import { type ConnectionRest, isSameRest, type StreamRest } from "./rest.ts";
import type { Stream, StreamHandler } from "./stream.ts";

export interface RelayMuxEvents extends MuxEvents {
  /** The connector has introduced itself. Store what a resume needs before returning, because WELCOME follows. */
  onHello(hello: Hello): void;
  /** A new epoch is about to be announced. Store it before returning. */
  onEpoch(epoch: number): void;
  /** The connection came to rest: store this, so that it can be restored. Null: it is not at rest any more. */
  onRest(rest: ConnectionRest | null): void;
  /** A stream was opened or restored, and uses credit. */
  onStreamOpened?(open: OpenHead): void;
  /** The credit of a stream that has ended came back. If several have ended, it is attributed in the order of their ends. */
  onCreditBack?(open: OpenHead): void;
  /** There may be room for more streams. */
  onRoom?(): void;
}

export interface RelayMuxOptions extends MuxOptions {
  events: RelayMuxEvents;
  relayId: string;
  softwareVersion: string;
  build?: string;
  /** For a connection that outlived the object's memory. */
  resume?: { hello: Hello; epoch: number; rest: ConnectionRest | null };
  /** For tests, which lower it. */
  maxStreamId?: number;
}

/**
 * hello ──HELLO──▶ ready
 * dormant ──anything to send, anything received──▶ restarting ──RESTART of this epoch──▶ ready
 *
 * Dormant: the connection was resumed, and its connector does not know yet that its streams are forgotten.
 * One that was at rest is resumed as ready: nothing of it was forgotten.
 */
type State = "hello" | "dormant" | "restarting" | "ready";

/** The end that opens streams. */
export class RelayMux extends Mux {
  readonly #options: RelayMuxOptions;
  #state: State;
  #hello: Hello | null = null;
  epochNumber = 0;
  #nextId = 1;
  #openedCount = 0;
  #streamsLimit = 0;
  /** The last stream that the connector accepts, once it drains. */
  #goawayLastId: number | null = null;
  #idsUsedUp = false;
  #webSocketCount = 0;
  /** Streams that have ended, but whose credit has not come back. */
  #uncredited: OpenHead[] = [];
  /** Credit that came back before its stream was gone here: it overtakes a RESET, and an answer that a gateway reads slowly. */
  #creditAheadCount = 0;
  /** Streams that were dropped before their OPEN was sent, so they cost no credit. */
  readonly #unsent = new Set<MuxStream>();
  readonly #answerSizes = new AnswerSizes();
  /** Streams that are not at rest. Kept only while there are WebSockets: nothing else can be restored. */
  readonly #restless = new Set<MuxStream>();
  /** The rest that was last reported. */
  #lastRest: ConnectionRest | null = null;

  constructor(options: RelayMuxOptions) {
    super(options);
    this.#options = options;
    this.#state = "hello";
    if (options.resume !== undefined) {
      this.#state = "dormant";
      this.epochNumber = options.resume.epoch;
      this.#adopt(options.resume.hello);
      if (options.resume.rest !== null) this.#restore(options.resume.rest);
    }
  }

  protected override get stallTimeoutMs(): number {
    return this.#hello?.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS;
  }

  /** The connector's HELLO; null before it came. */
  get hello(): Hello | null {
    return this.#hello;
  }

  get isDraining(): boolean {
    return this.#goawayLastId !== null || this.#idsUsedUp;
  }

  /** Nothing of any stream is under way, so the object may lose its memory without harm. */
  get isResting(): boolean {
    return this.streamCount === 0 || this.#lastRest !== null;
  }

  /** Streams that may be opened now. */
  get openCredit(): number {
    return this.closed || this.isDraining || this.#hello === null
      ? 0
      : this.#streamsLimit - this.#openedCount;
  }

  /**
   * Opens a stream; `end`: no body follows. Call only while there is `openCredit`.
   * Throws a stream error BAD_REQUEST if the protocol cannot carry the head.
   */
  open(open: OpenHead, end: boolean, handler: StreamHandler): Stream {
    if (this.openCredit <= 0) throw new TunnelError("OVERLOADED", "no stream credit", { notProcessed: true });
    const payload = encodeOpen(open, this.peerCapabilities);
    if (this.#state === "dormant") this.#announceEpoch();
    const id = this.#nextId;
    this.#nextId += 2;
    this.#openedCount++;
    const stream = new MuxStream({
      id,
      open,
      host: this,
      localHalf: end ? "ended" : "body",
      remoteHalf: "head",
      sendWindow: new SendWindow(this.peerStreamWindowBytes),
      receiveWindow: this.newReceiveWindow(),
      memory: this.memory,
      headBytes: payload.byteLength,
    });
    this.#add(stream, handler);
    this.sendHead(FRAME.OPEN, id, payload, end ? FLAG.END : 0);
    this.#grantAhead(stream);
    if (this.#nextId > (this.#options.maxStreamId ?? MAX_STREAM_ID)) this.#retire();
    return stream;
  }

  /** A stream of a connection that was resumed at rest. */
  restoreStream(open: OpenHead, rest: StreamRest, handler: StreamHandler): Stream {
    if (rest.epoch !== this.epochNumber || this.epoch.streams.has(rest.id) || rest.id >= this.#nextId)
      throw new Error(`stream ${rest.id} is not at rest`);
    const sendWindow = new SendWindow(rest.sendLimitBytes);
    sendWindow.spend(rest.sentBytes);
    const receiveWindow = this.newReceiveWindow();
    receiveWindow.restore(rest.consumedBytes, rest.grantedBytes);
    const halves = { localHalf: "messages", remoteHalf: "messages" } as const;
    const stream = new MuxStream({
      ...{ id: rest.id, open, host: this, ...halves, sendWindow, receiveWindow },
      ...{ memory: this.memory, headBytes: 0 },
    });
    this.#add(stream, handler);
    this.#restless.delete(stream);
    return stream;
  }

  override ping(id?: number): void {
    if (this.#state === "dormant") this.#announceEpoch();
    super.ping(id);
  }

  override sendSettings(payload: Uint8Array): void {
    if (this.#state === "dormant" && !this.closed) this.#announceEpoch();
    super.sendSettings(payload);
  }

  override dropQueued(stream: MuxStream, keepHeads: boolean): boolean {
    const neverSent = super.dropQueued(stream, keepHeads);
    if (neverSent) {
      this.#openedCount--;
      this.#unsent.add(stream);
    }
    return neverSent;
  }

  override released(): void {
    // Nothing to do: only the connector grants STREAMS credit.
  }

  protected override intercept(
    type: number,
    _flags: number,
    _streamId: number,
    payload: Uint8Array,
  ): boolean {
    // Settings belong to the connection, whatever happened to its streams.
    if (type === FRAME.SETTINGS && this.#hello !== null) return false;
    switch (this.#state) {
      case "hello":
        if (type !== FRAME.HELLO) throw connectionError("PROTOCOL_ERROR", "the first frame is not HELLO");
        this.#welcome(decodeHello(payload));
        return true;
      case "dormant":
        this.#announceEpoch();
        return true;
      case "restarting":
        if (type === FRAME.RESTART && readU32(payload, 0) === this.epochNumber) this.#state = "ready";
        return true;
      case "ready":
        if (type !== FRAME.STREAMS) return false;
        this.#receiveStreams(readU32(payload, 0));
        return true;
    }
  }

  override creditOwed(stream: MuxStream): void {
    super.creditOwed(stream);
    // Now that its last message is read, the stream may be at rest.
    if (this.#restless.has(stream)) this.schedule();
  }

  protected override streamTouched(stream: MuxStream): void {
    if (this.#webSocketCount > 0) this.#restless.add(stream);
  }

  protected override streamGone(stream: MuxStream): void {
    this.#restless.delete(stream);
    if (stream.open.kind === "http")
      this.#answerSizes.note(stream.open.service, stream.receiveWindow.receivedBytes);
    if (stream.open.kind === "websocket") this.#webSocketCount--;
    // A draining connection gets no new streams, so its credit does not matter any more.
    const costsNothing = this.closed || this.isDraining || this.#unsent.delete(stream);
    if (costsNothing || this.#creditAheadCount > 0) {
      if (!costsNothing) this.#creditAheadCount--;
      this.#options.events.onCreditBack?.(stream.open);
      this.#options.events.onRoom?.();
    } else this.#uncredited.push(stream.open);
    // The others may be at rest now.
    if (this.#webSocketCount > 0) this.schedule();
  }

  protected override turnEnded(): void {
    if (this.closed || (this.#webSocketCount === 0 && this.#lastRest === null)) return;
    for (const stream of this.#restless) {
      if (!stream.isAtRest) continue;
      this.#restless.delete(stream);
      stream.tellRest();
    }
    const rest = this.#isAtRest ? this.#rest() : null;
    if (isSameRest(rest, this.#lastRest)) return;
    this.#lastRest = rest;
    this.#options.events.onRest(rest);
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId < this.#nextId;
  }

  protected override isRefused(): boolean {
    return false;
  }

  /** The connector opens none. */
  protected override lastTakenStreamId(): number {
    return 0;
  }

  protected override queueStreamsCredit(): void {
    // Only the connector grants it.
  }

  protected override ended(): void {
    this.#forgetCredit();
  }

  protected override goawayReceived(goaway: Goaway): void {
    if (this.#goawayLastId !== null && goaway.lastStreamId > this.#goawayLastId) {
      throw connectionError("PROTOCOL_ERROR", "the last stream of a second GOAWAY is higher");
    }
    this.#goawayLastId = goaway.lastStreamId;
    this.#forgetCredit();
    const error = new TunnelError("DRAINING", "the connector is shutting down", { notProcessed: true });
    for (const stream of this.epoch.streams.values()) {
      if (stream.id > goaway.lastStreamId) this.failStream(stream, error);
    }
  }

  /** Forgets this connection's credit, because it cannot be used any more. */
  #forgetCredit(): void {
    for (const open of this.#uncredited.splice(0)) this.#options.events.onCreditBack?.(open);
  }

  get #isAtRest(): boolean {
    const settled = this.#state === "ready" && !this.closed && !this.isDraining && this.epoch.queue.isEmpty;
    return settled && this.#webSocketCount > 0 && this.#restless.size === 0;
  }

  #rest(): ConnectionRest {
    const { sendCredit, receiveCredit } = this.epoch;
    return {
      nextId: this.#nextId,
      openedCount: this.#openedCount,
      streamsLimit: this.#streamsLimit,
      sentBytes: sendCredit.sentBytes,
      sendLimitBytes: sendCredit.limitBytes,
      receivedBytes: receiveCredit.receivedBytes,
      grantedBytes: receiveCredit.grantedBytes,
    };
  }

  #restore(rest: ConnectionRest): void {
    this.#state = "ready";
    this.#lastRest = rest;
    this.#nextId = rest.nextId;
    this.#openedCount = rest.openedCount;
    this.#streamsLimit = rest.streamsLimit;
    this.epoch.sendCredit.restore(rest.sentBytes, rest.sendLimitBytes);
    this.epoch.receiveCredit.restore(rest.receivedBytes, rest.grantedBytes);
  }

  #add(stream: MuxStream, handler: StreamHandler): void {
    if (stream.open.kind === "websocket" && this.#webSocketCount++ === 0) {
      for (const other of this.epoch.streams.values()) this.#restless.add(other);
    }
    if (this.#webSocketCount > 0) this.#restless.add(stream);
    this.epoch.streams.set(stream.id, stream);
    this.#options.events.onStreamOpened?.(stream.open);
    stream.attach(handler);
  }

  /** Opens a window that fits the service's usual answers, which would otherwise wait a round trip for it. */
  #grantAhead(stream: MuxStream): void {
    // A WebSocket would keep memory that it never uses for its whole life.
    if (stream.open.kind !== "http") return;
    const { roundTripMs } = this;
    const pathBytes = Number.isFinite(roundTripMs) ? AHEAD_BYTES_PER_MS * roundTripMs : 0;
    const lateBytes = this.#answerSizes.of(stream.open.service);
    const aheadBytes = Math.min(lateBytes, Math.max(pathBytes, AHEAD_MIN_BYTES));
    const limitBytes = stream.receiveWindow.grantAhead(aheadBytes);
    // Queued with the OPEN, because a control frame would overtake it.
    if (limitBytes !== null) this.sendHead(FRAME.WINDOW, stream.id, encodeOffset(limitBytes));
  }

  #adopt(hello: Hello): void {
    this.#hello = hello;
    this.#streamsLimit = hello.maxStreams;
    this.adoptPeer(hello);
  }

  #welcome(hello: Hello): void {
    this.#adopt(hello);
    this.#options.events.onHello(hello);
    const { softwareVersion, build, relayId, streamWindowBytes, connectionWindowBytes } = this.#options;
    const epoch = this.epochNumber;
    const windows = { streamWindowBytes, connectionWindowBytes };
    const own = { softwareVersion, relayId, epoch, capabilities: OWN_CAPABILITIES };
    const welcome: Welcome = { ...own, ...windows, ...(build === undefined ? {} : { build }) };
    this.epoch.queue.pushControl(FRAME.WELCOME, encodeWelcome(welcome));
    this.#state = "ready";
    this.schedule();
  }

  #announceEpoch(): void {
    this.epochNumber++;
    this.#options.events.onEpoch(this.epochNumber);
    this.#state = "restarting";
    this.epoch.queue.pushControl(FRAME.RESTART, encodeU32(this.epochNumber));
    this.schedule();
  }

  #receiveStreams(limit: number): void {
    if (limit < this.#streamsLimit) throw connectionError("PROTOCOL_ERROR", "the STREAMS credit decreased");
    if (limit === this.#streamsLimit) this.spend("staleControl");
    const addedCount = limit - this.#streamsLimit;
    const back = this.#uncredited.splice(0, addedCount);
    const aheadCount = this.#creditAheadCount + addedCount - back.length;
    this.#creditAheadCount = Math.min(aheadCount, this.streamCount);
    this.#streamsLimit = limit;
    for (const open of back) this.#options.events.onCreditBack?.(open);
    this.#options.events.onRoom?.();
  }

  /** Stream ids are never reused. When they run out, the connector makes a new connection, and this one drains. */
  #retire(): void {
    this.#idsUsedUp = true;
    this.goaway("NO_ERROR", RETIRE_DRAIN_MS, "stream ids are used up");
  }
}
