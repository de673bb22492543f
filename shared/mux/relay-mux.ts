import { FLAG, FRAME } from "../protocol/frame.ts";
import { encodeU32, type Goaway } from "../protocol/frame-payloads.ts";
import { encodeOpen } from "../protocol/head-codec.ts";
import type { OpenHead } from "../protocol/head.ts";
import { decodeHello, encodeWelcome, type Hello, type Welcome } from "../protocol/handshake.ts";
import { readU32 } from "../protocol/integers.ts";
import { MAX_STREAM_ID, RETIRE_DRAIN_MS } from "../protocol/limits.ts";
import { connectionError, TunnelError } from "../protocol/tunnel-error.ts";
import { SendWindow } from "./flow-window.ts";
import { Mux, type MuxEvents, type MuxOptions } from "./mux.ts";
import { MuxStream } from "./mux-stream.ts";
import type { Stream, StreamHandler } from "./stream.ts";

export interface RelayMuxEvents extends MuxEvents {
  /** The connector is known. Store what a resume needs before returning: WELCOME follows. */
  onHello(hello: Hello): void;
  /** A new epoch is about to be announced. Store it before returning. */
  onEpoch(epoch: number): void;
}

export interface RelayMuxOptions extends MuxOptions {
  events: RelayMuxEvents;
  relayId: string;
  softwareVersion: string;
  /** Of a connection that outlived the memory of its streams. */
  resume?: { hello: Hello; epoch: number };
  /** Tests lower it. */
  maxStreamId?: number;
}

/**
 * hello ──HELLO──▶ ready
 * dormant ──anything to send, anything received──▶ restarting ──RESTART of this epoch──▶ ready
 *
 * Dormant: the connection was resumed, and its connector does not know yet that its streams are forgotten.
 */
type State = "hello" | "dormant" | "restarting" | "ready";

/** The end that opens streams. */
export class RelayMux extends Mux {
  readonly #options: RelayMuxOptions;
  #state: State;
  #hello: Hello | null = null;
  #epochNumber = 0;
  #nextId = 1;
  #openedCount = 0;
  #streamsLimit = 0;
  /** The last stream the connector has taken, once it drains. */
  #goawayLastId: number | null = null;
  #idsUsedUp = false;

  constructor(options: RelayMuxOptions) {
    super(options);
    this.#options = options;
    this.#state = "hello";
    if (options.resume !== undefined) {
      this.#state = "dormant";
      this.#epochNumber = options.resume.epoch;
      this.#adopt(options.resume.hello);
    }
  }

  /** What the connector said of itself; null before its HELLO. */
  get hello(): Hello | null {
    return this.#hello;
  }

  get isDraining(): boolean {
    return this.#goawayLastId !== null || this.#idsUsedUp;
  }

  /** Streams that may be opened now. */
  get openCredit(): number {
    return this.closed || this.isDraining || this.#hello === null
      ? 0
      : this.#streamsLimit - this.#openedCount;
  }

  /**
   * Opens a stream; `end`: no body follows. Call only while there is `openCredit`.
   * Throws a stream error BAD_REQUEST where the head cannot be carried.
   */
  open(open: OpenHead, end: boolean, handler: StreamHandler): Stream {
    if (this.openCredit <= 0) throw new TunnelError("OVERLOADED", "no stream credit", { notProcessed: true });
    const payload = encodeOpen(open);
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
    });
    this.epoch.streams.set(id, stream);
    stream.attach(handler);
    this.sendHead(FRAME.OPEN, id, payload, end ? FLAG.END : 0);
    if (this.#nextId > (this.#options.maxStreamId ?? MAX_STREAM_ID)) this.#retire();
    return stream;
  }

  override ping(): void {
    if (this.#state === "dormant") this.#announceEpoch();
    super.ping();
  }

  override dropQueued(stream: MuxStream): boolean {
    const neverSent = super.dropQueued(stream);
    if (neverSent) this.#openedCount--;
    return neverSent;
  }

  override released(): void {
    // Nothing to give back: STREAMS credit is the connector's to grant.
  }

  protected override intercept(
    type: number,
    _flags: number,
    _streamId: number,
    payload: Uint8Array,
  ): boolean {
    switch (this.#state) {
      case "hello":
        if (type !== FRAME.HELLO) throw connectionError("PROTOCOL_ERROR", "the first frame is not HELLO");
        this.#welcome(decodeHello(payload));
        return true;
      case "dormant":
        this.#announceEpoch();
        return true;
      case "restarting":
        if (type === FRAME.RESTART && readU32(payload, 0) === this.#epochNumber) this.#state = "ready";
        return true;
      case "ready":
        if (type !== FRAME.STREAMS) return false;
        this.#receiveStreams(readU32(payload, 0));
        return true;
    }
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

  protected override goawayReceived(goaway: Goaway): void {
    if (this.#goawayLastId !== null && goaway.lastStreamId > this.#goawayLastId) {
      throw connectionError("PROTOCOL_ERROR", "the last stream of GOAWAY grew");
    }
    this.#goawayLastId = goaway.lastStreamId;
    const error = new TunnelError("DRAINING", "the connector is shutting down", { notProcessed: true });
    for (const stream of this.epoch.streams.values()) {
      if (stream.id > goaway.lastStreamId) this.failStream(stream, error);
    }
  }

  #adopt(hello: Hello): void {
    this.#hello = hello;
    this.#streamsLimit = hello.maxStreams;
    this.adoptPeerWindows(hello);
  }

  #welcome(hello: Hello): void {
    this.#adopt(hello);
    this.#options.events.onHello(hello);
    const { softwareVersion, relayId, streamWindowBytes, connectionWindowBytes } = this.#options;
    const epoch = this.#epochNumber;
    const windows = { streamWindowBytes, connectionWindowBytes };
    const welcome: Welcome = { softwareVersion, relayId, epoch, capabilities: 0, ...windows };
    this.epoch.queue.pushControl(FRAME.WELCOME, encodeWelcome(welcome));
    this.#state = "ready";
    this.schedule();
  }

  #announceEpoch(): void {
    this.#epochNumber++;
    this.#options.events.onEpoch(this.#epochNumber);
    this.#state = "restarting";
    this.epoch.queue.pushControl(FRAME.RESTART, encodeU32(this.#epochNumber));
    this.schedule();
  }

  #receiveStreams(limit: number): void {
    if (limit < this.#streamsLimit) throw connectionError("PROTOCOL_ERROR", "STREAMS credit decreased");
    if (limit === this.#streamsLimit) this.spend("staleControl");
    this.#streamsLimit = limit;
  }

  /** Ids are never reused: the connector dials anew and this connection runs dry. */
  #retire(): void {
    this.#idsUsedUp = true;
    this.goaway("NO_ERROR", RETIRE_DRAIN_MS, "stream ids are used up");
  }
}
