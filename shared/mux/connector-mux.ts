/*
 * The end that serves streams: the connector's. `relay-connection.ts` has one for each connection.
 *
 * Streams appear when the relay opens them, and a handler from `connector/serve` gets each. How many there may be is granted as
 * credit. A place comes back when the upstream work of its stream is gone, not when the stream has ended, so opening and cancelling
 * in a loop gains nothing. A stream beyond the credit ends the connection.
 *
 * docs/protocol.md#streams-credit; decisions 0005 and 0034.
 */
import {
  OWN_CAPABILITIES,
  FLAG,
  FRAME,
  encodeU32,
  type Goaway,
  decodeOpen,
  type OpenHead,
  decodeWelcome,
  encodeHello,
  type Hello,
  type Welcome,
  readU32,
  STREAM_OVERHEAD_BYTES,
  DEFAULT_STALL_TIMEOUT_MS,
  connectionError,
  TunnelError,
} from "../protocol/index.ts";
import { SendWindow } from "./credit/flow-window.ts";
import { Mux } from "./mux.ts";
import type { MuxEvents, MuxOptions } from "./mux-options.ts";
import { MuxStream } from "./mux-stream.ts";
import type { Stream, StreamHandler } from "./stream.ts";
import type { StreamLimit } from "../streams/stream-limit.ts";

export interface ConnectorMuxEvents extends MuxEvents {
  /** The relay has accepted this connection. */
  onWelcome(welcome: Welcome): void;
  /** A request. Its owner must call `release` once, when its upstream work is gone. */
  onStream(stream: Stream): StreamHandler;
}

/** Requests with a body leave so much of the reserve to those without one: stalled uploads must not keep a small GET out. */
const KEPT_FOR_SMALL_SHARE = 1 / 5;

export interface ConnectorMuxOptions extends MuxOptions {
  events: ConnectorMuxEvents;
  /** The limit over all connections of the process. Absent: this connection's credit is the only limit. */
  streams?: StreamLimit;
  hello: Omit<Hello, "capabilities" | "streamWindowBytes" | "connectionWindowBytes">;
}

const NO_PLACE = "the connector already serves its maximum of requests";

/** Stands in for a head that could not be read, until its stream is reset. */
const UNREADABLE: OpenHead = {
  kind: "http",
  target: "",
  service: "",
  method: "",
  path: "",
  project: "",
  environment: "",
  requestId: "",
  fields: [],
};

/** The end that serves streams. */
export class ConnectorMux extends Mux {
  readonly #options: ConnectorMuxOptions;
  #welcomed = false;
  epochNumber = 0;
  #lastId = 0;
  #openedCount = 0;
  #grantedCount: number;
  /** Streams of this epoch whose upstream work still exists. */
  #unreleased = new Set<MuxStream>();
  /** Streams that count against the process's limit, including those of earlier epochs. */
  readonly #counted = new Set<MuxStream>();
  #owedCredits = 0;
  #goaway: { lastStreamId: number; code: Goaway["code"]; drainMs: number } | null = null;

  constructor(options: ConnectorMuxOptions) {
    super(options);
    this.#options = options;
    this.#grantedCount = options.hello.maxStreams;
  }

  /** Sends HELLO. */
  start(): void {
    const { hello, streamWindowBytes, connectionWindowBytes } = this.#options;
    const windows = { streamWindowBytes, connectionWindowBytes };
    const payload = encodeHello({ ...hello, capabilities: OWN_CAPABILITIES, ...windows });
    this.epoch.queue.pushControl(FRAME.HELLO, payload);
    this.flush();
  }

  override goaway(code: Goaway["code"], drainMs: number, text = ""): void {
    this.#goaway ??= { lastStreamId: this.#lastId, code, drainMs };
    super.goaway(code, drainMs, text);
  }

  /** Tells every open stream that it is about to be cut, so that it can send an ending. */
  tellGraceOver(): void {
    for (const stream of [...this.epoch.streams.values()]) stream.tellGraceOver();
  }

  protected override get stallTimeoutMs(): number {
    return this.#options.hello.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS;
  }

  override released(stream: MuxStream): void {
    if (this.#counted.delete(stream)) this.#options.streams?.release(stream.open);
    if (!this.#unreleased.delete(stream) || this.closed) return;
    this.#owedCredits++;
    this.#scheduleCredit();
  }

  /** Until the relay has used half of its credit, new credit is only sent along with other frames. */
  #scheduleCredit(): void {
    const freeCount = this.#grantedCount - this.#openedCount;
    if (this.#owedCredits > 0 && freeCount * 2 < this.#options.hello.maxStreams) this.schedule();
  }

  protected override intercept(type: number, flags: number, streamId: number, payload: Uint8Array): boolean {
    if (!this.#welcomed && type !== FRAME.GOAWAY) {
      if (type !== FRAME.WELCOME) throw connectionError("PROTOCOL_ERROR", "the first frame is not WELCOME");
      this.#receiveWelcome(decodeWelcome(payload));
      return true;
    }
    if (type === FRAME.OPEN) this.#receiveOpen(flags, streamId, payload);
    else if (type === FRAME.RESTART) this.#receiveRestart(readU32(payload, 0));
    else return false;
    return true;
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId <= this.#lastId;
  }

  protected override isRefused(streamId: number): boolean {
    return this.#goaway !== null && streamId > this.#goaway.lastStreamId;
  }

  protected override lastTakenStreamId(): number {
    return this.#goaway?.lastStreamId ?? this.#lastId;
  }

  protected override streamTouched(): void {
    // Nothing to do here: only the relay's end restores streams.
  }

  protected override streamGone(): void {
    // `release` says when the credit returns.
  }

  protected override turnEnded(): void {
    // As above.
  }

  protected override queueStreamsCredit(): void {
    if (this.#owedCredits === 0) return;
    this.#grantedCount += this.#owedCredits;
    this.#owedCredits = 0;
    this.epoch.queue.pushControl(FRAME.STREAMS, encodeU32(this.#grantedCount));
  }

  protected override goawayReceived(): void {
    // The connection hears of it by its own event and dials anew; streams go on.
  }

  #receiveWelcome(welcome: Welcome): void {
    this.#welcomed = true;
    this.epochNumber = welcome.epoch;
    this.adoptPeer(welcome);
    this.#options.events.onWelcome(welcome);
  }

  #receiveRestart(epoch: number): void {
    if (epoch <= this.epochNumber) throw connectionError("PROTOCOL_ERROR", "RESTART of a past epoch");
    this.epochNumber = epoch;
    this.#lastId = 0;
    this.#openedCount = 0;
    this.#grantedCount = this.#options.hello.maxStreams;
    this.#owedCredits = 0;
    this.#unreleased = new Set();
    this.restart(new TunnelError("RELAY_RESTART", "the relay restarted and lost its streams"));
    this.epoch.queue.pushControl(FRAME.RESTART, encodeU32(epoch));
    // The relay may not have heard the GOAWAY of the last epoch.
    if (this.#goaway !== null) {
      this.#goaway.lastStreamId = 0;
      super.goaway(this.#goaway.code, this.#goaway.drainMs);
    }
    this.schedule();
  }

  #receiveOpen(flags: number, id: number, payload: Uint8Array): void {
    if (id % 2 === 0 || id <= this.#lastId) {
      throw connectionError("PROTOCOL_ERROR", `OPEN of stream ${id} after ${this.#lastId}`);
    }
    if (this.#openedCount >= this.#grantedCount)
      throw connectionError("PROTOCOL_ERROR", "OPEN exceeds the STREAMS credit");
    this.#lastId = id;
    this.#openedCount++;
    this.#scheduleCredit();
    if (this.isRefused(id)) return;
    this.#take(id, payload, (flags & FLAG.END) !== 0);
  }

  #take(id: number, payload: Uint8Array, end: boolean): void {
    const problem: { error: TunnelError | null } = { error: null };
    const bodyBytes = end
      ? 0
      : this.#options.streamWindowBytes + Math.floor(this.memory.reserveBytes * KEPT_FOR_SMALL_SHARE);
    const neededBytes = bodyBytes + STREAM_OVERHEAD_BYTES + payload.byteLength;
    const hasRoom = this.memory.makeRoomFor(neededBytes);
    const stream = new MuxStream({
      id,
      open: readOpen(payload, problem),
      host: this,
      localHalf: "head",
      remoteHalf: end ? "ended" : "body",
      sendWindow: new SendWindow(this.peerStreamWindowBytes),
      receiveWindow: this.newReceiveWindow(),
      memory: this.memory,
      headBytes: payload.byteLength,
    });
    this.epoch.streams.set(id, stream);
    this.#unreleased.add(stream);
    if (problem.error !== null) stream.reset("BAD_REQUEST", problem.error.message);
    else if (!hasRoom)
      stream.reset("OVERLOADED", "the connector's memory is used up", { notProcessed: true });
    else return this.#serveInTurn(stream);
    stream.release();
  }

  /** Serves the stream at once, unless the process has no place now but owes its caller one. */
  #serveInTurn(stream: MuxStream): void {
    const { streams } = this.#options;
    let leave = (): void => {};
    // Until somebody serves it.
    stream.attach({
      onReadable() {},
      onWritable() {},
      onStop: () => stream.reset("CANCEL"),
      onGraceOver: () => stream.reset("DRAINING", "the connector is shutting down", { notProcessed: true }),
      onClosed: () => {
        leave();
        stream.release();
      },
    });
    if (streams === undefined) return this.#serve(stream);
    leave = streams.whenPlace(stream.open, (taken) => {
      if (!taken) return stream.reset("OVERLOADED", NO_PLACE, { notProcessed: true });
      this.#counted.add(stream);
      this.#serve(stream);
    });
  }

  /** May run in another stream's turn, because that stream made the place. So an exception here must end only this stream. */
  #serve(stream: MuxStream): void {
    try {
      stream.attach(this.#options.events.onStream(stream));
    } catch (thrown) {
      this.#options.events.onFault?.(thrown);
      stream.reset("INTERNAL", "the request could not be served", { notProcessed: true });
    }
  }
}

/** A malformed block ends the connection. A well-formed one that is not a valid request ends only its stream. */
function readOpen(payload: Uint8Array, problem: { error: TunnelError | null }): OpenHead {
  try {
    return decodeOpen(payload);
  } catch (thrown) {
    problem.error = TunnelError.from(thrown);
    if (problem.error.scope === "connection") throw thrown;
    return UNREADABLE;
  }
}
