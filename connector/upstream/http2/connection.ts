/*
 * One HTTP/2 connection to an upstream, with an exchange on each of its streams. The pool makes it.
 *
 * The failure of one stream does not affect the others. A request counts as not processed only if the upstream said so
 * (REFUSED_STREAM, GOAWAY). There are limits on what an upstream can make this side keep or do.
 *
 * docs/upstreams.md; decision 0035.
 */
import type { Socket } from "node:net";
import { type Clock, elapsedMs, type Moment, momentOf } from "../../../shared/time/clock.ts";
import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { AbuseBudget } from "../../../shared/mux/watches/abuse-budget.ts";
import { MAX_FIELDS, MAX_HEAD_BYTES, TunnelError } from "../../../shared/protocol/index.ts";
import {
  faultError,
  guarded,
  guardedClock,
  type OnFault,
  type ReportFault,
  waitForReadingSide,
} from "../../platform/index.ts";
import type { Lease } from "../lease.ts";
import type { UpstreamAddress } from "../policy.ts";
import {
  CODE,
  codeName,
  DEFAULT_WINDOW_BYTES,
  goawayFrame,
  Http2ConnectionError,
  Http2StreamError,
  HTTP2_FRAME,
  MAX_STREAM_ID,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
  frame,
} from "./frames.ts";
import { FrameHandler, type Http2FrameEvents } from "./frame-handler.ts";
import { headerFrames } from "./header-block.ts";
import { encodeHeaders } from "./hpack/encoder.ts";
import { Liveness } from "./liveness.ts";
import type { PeerSettings } from "./peer-settings.ts";
import { FrameSender } from "./sender.ts";
import { Http2Stream, type Http2StreamOwner, STREAM_WINDOW_BYTES } from "./stream.ts";

/** An unused connection costs both sides little, and an upstream that wants to close it sends GOAWAY. */
const IDLE_MS = 60_000;
/** A stalled stream only closes its own window and never the connection's, so this one can be large. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const CONNECTION_CREDIT_STEP_BYTES = 1024 * 1024;
/** Concurrent streams until the upstream has sent its limit. */
const INITIAL_STREAMS = 1;
/** A header block takes time by its length, and one for a stream that is over has to be decoded as well. */
const BYTES_PER_USELESS_FRAME = 256;
/** Some servers give back the window after each small read, and for each request once more. */
const BYTES_PER_WINDOW_UPDATE = 64;
const WINDOW_UPDATES_PER_REQUEST = 4;
/** How long an upstream may take to close its side when we have closed ours. */
const CLOSE_MS = 5_000;
/** What each field adds to the size that SETTINGS_MAX_HEADER_LIST_SIZE limits (RFC 9113 §6.5.2). */
const FIELD_OVERHEAD_BYTES = 32;

const HELLO = Buffer.concat([
  Buffer.from(PREFACE, "latin1"),
  settingsFrame([
    [SETTING.ENABLE_PUSH, 0],
    [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
    [SETTING.MAX_HEADER_LIST_SIZE, MAX_HEAD_BYTES + MAX_FIELDS * FIELD_OVERHEAD_BYTES],
  ]),
  numberFrame(HTTP2_FRAME.WINDOW_UPDATE, 0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
]);

export interface Http2Options {
  target: UpstreamAddress;
  socket: Socket;
  clock: Clock;
  /** The memory budget for data that waits for readers. */
  memory: MemoryAccount;
  reportFault: ReportFault;
  /** Null: a minute. */
  idleTimeoutMs: number | null;
  /** A stream ended or the limit changed, so there may be room for another stream. */
  onRoom(): void;
  /** Called once, when it accepts no more streams. */
  onClosing(connection: Http2Connection): void;
  /** Called once, when the socket is closed. */
  onGone(connection: Http2Connection): void;
  /** The upstream wants HTTP/1.1 (HTTP_1_1_REQUIRED). True: the next lease will use it. */
  onHttp1Required(): boolean;
}

/**
 * One HTTP/2 connection: many exchanges at a time, each on its own stream. It does not use Node's client, which hides what
 * a tunnel has to know: what ended a stream, whether a request was processed, and which bytes came first.
 */
export class Http2Connection implements Http2StreamOwner, Http2FrameEvents {
  readonly openedAt: Moment;
  readonly sender: FrameSender;
  readonly clock: Clock;
  readonly memory: MemoryAccount;
  readonly secure: boolean;
  readonly onFault: OnFault;
  readonly #options: Http2Options;
  readonly #handler: FrameHandler;
  readonly #liveness: Liveness;
  readonly #abuse = new AbuseBudget();
  /** The streams that count against the peer's limit, by id. */
  readonly #streams = new Map<number, Http2Stream>();
  /** Leases that have not sent their request yet. */
  #reservedCount = 0;
  #servedCount = 0;
  #nextId = 1;
  #maxStreams = INITIAL_STREAMS;
  #greeted = false;
  #initialWindowBytes = DEFAULT_WINDOW_BYTES;
  /** Bytes that came on all streams and were not yet returned to the window. */
  #receivedBytes = 0;
  /** Bytes that may still arrive for streams that this side has reset. */
  #dueBytes = 0;
  #closing = false;
  /** The peer violated the protocol, so everything it sends from now on is ignored. */
  #broken = false;
  #gone = false;
  /** Null while in use. */
  #idleSince: Moment | null = null;
  #cancelIdle: () => void = () => {};
  #cancelClose: () => void = () => {};

  constructor(options: Http2Options) {
    const { socket } = options;
    const onFault = (thrown: unknown): void => this.#onFault(thrown);
    const clock = guardedClock(options.clock, onFault);
    this.#options = { ...options, clock };
    this.clock = clock;
    this.memory = options.memory;
    this.onFault = (thrown) => options.reportFault("exchange", thrown);
    this.secure = options.target.secure;
    this.openedAt = momentOf(clock);
    this.sender = new FrameSender(socket, onFault);
    this.#handler = new FrameHandler(this);
    this.#liveness = new Liveness(clock, {
      onAsk: () => this.sender.write(frame(HTTP2_FRAME.PING, 0, 0, Buffer.alloc(8))),
      onDoubt: () => options.onRoom(),
      onDead: (silentMs) => {
        this.#failAll(this.#silent(silentMs));
        socket.destroy();
      },
    });
    // An upstream may refuse an upload by answering and closing. Its answer is read first.
    waitForReadingSide(socket, clock, () => this.#stopTaking());
    const onBytes = (bytes: Buffer): void => this.#onBytes(bytes);
    const onEnd = (): void => {
      this.#failAll(new Error("the upstream closed the connection"));
      socket.destroy();
    };
    const onClose = (): void => {
      this.#gone = true;
      this.#cancelClose();
      this.#liveness.stop();
      this.#failAll(socket.errored ?? new Error("the connection was closed"));
      options.onGone(this);
    };
    socket.on("data", guarded(onBytes, onFault));
    socket.on("end", guarded(onEnd, onFault));
    socket.once("close", guarded(onClose, onFault));
    this.sender.write(HELLO);
    this.#becomeIdle();
  }

  get hasRoom(): boolean {
    return !this.#closing && !this.#liveness.doubtful && this.#activeCount < this.#maxStreams;
  }

  /** Unused for longer than allowed, although the timer may not have fired because the machine slept. */
  get idledOut(): boolean {
    const { clock, idleTimeoutMs } = this.#options;
    return this.#idleSince !== null && elapsedMs(clock, this.#idleSince) >= (idleTimeoutMs ?? IDLE_MS);
  }

  /** It may have room soon, and a new connection would not be ready sooner. */
  get isPromising(): boolean {
    if (this.#closing || this.#liveness.doubtful) return false;
    return !this.#greeted || (this.#servedCount === 0 && this.#maxStreams === 0);
  }

  /** Call it only while there is room. */
  openLease(): Lease {
    this.#reservedCount++;
    this.#idleSince = null;
    this.#cancelIdle();
    return new Http2Stream(this, this.#servedCount > 0);
  }

  /** Accepts no more exchanges, and ends with the last one. */
  close(): void {
    this.#stopTaking();
    if (this.#activeCount === 0) this.#end(CODE.NO_ERROR);
  }

  // Calls from its streams.

  get initialWindowBytes(): number {
    return this.#initialWindowBytes;
  }

  open(stream: Http2Stream, raw: readonly string[], endStream: boolean): number | null {
    if (this.#gone || this.#options.socket.destroyed || !this.#options.socket.writable) return null;
    // A GOAWAY may have come between lease and dispatch.
    if (this.#closing) return null;
    this.#reservedCount--;
    const id = this.#nextId;
    const block = encodeHeaders(raw, id === 1);
    this.sender.write(headerFrames(id, block, endStream, this.sender.frameBytes));
    this.#nextId += 2;
    this.#streams.set(id, stream);
    this.#liveness.onRequest();
    if (this.#nextId > MAX_STREAM_ID) this.#stopTaking();
    return id;
  }

  onClosed(stream: Http2Stream, dueBytes: number): void {
    if (this.#streams.delete(stream.id)) this.#liveness.onAnswered();
    else this.#reservedCount--;
    if (stream.complete) this.#servedCount++;
    this.#dueBytes += Math.max(0, dueBytes);
    if (this.#activeCount === 0) {
      if (this.#closing) this.#end(CODE.NO_ERROR);
      else this.#becomeIdle();
    }
    this.#options.onRoom();
  }

  onUnanswered(sinceMs: number): void {
    if (this.#liveness.silentSinceMs <= sinceMs) this.#liveness.doubt();
  }

  untouched(code: number): TunnelError | null {
    const { authority } = this.#options.target;
    if (code === CODE.HTTP_1_1_REQUIRED) {
      const notProcessed = this.#options.onHttp1Required();
      return new TunnelError("UPSTREAM_PROTOCOL", `${authority} requires HTTP/1.1`, { notProcessed });
    }
    if (code !== CODE.REFUSED_STREAM) return null;
    // RFC 9113 §8.7: nothing of the request was processed.
    return new TunnelError("UPSTREAM_REFUSED", `${authority} refused the stream`, { notProcessed: true });
  }

  // Events from the frame handler.

  streamOf(id: number): Http2Stream | null {
    if (id % 2 === 0 || id >= this.#nextId) {
      throw new Http2ConnectionError(CODE.PROTOCOL_ERROR, "a frame for a stream that was never opened");
    }
    return this.#streams.get(id) ?? null;
  }

  /** An error of one stream ends that stream alone. */
  within(stream: Http2Stream, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof Http2ConnectionError) throw error;
      if (error instanceof Http2StreamError) return stream.reset(error.code, error);
      this.#options.reportFault("exchange", error);
      stream.reset(CODE.INTERNAL_ERROR, faultError());
    }
  }

  onDataBytes(frameBytes: number, stream: Http2Stream | null, empty: boolean): void {
    if (empty && !this.#abuse.spend("emptyData", this.clock.nowMs())) throw calm("DATA frames without data");
    if (stream === null) {
      this.#dueBytes -= frameBytes;
      if (this.#dueBytes < 0) {
        throw new Http2ConnectionError(CODE.STREAM_CLOSED, "DATA for a stream that is closed");
      }
    }
    this.#receivedBytes += frameBytes;
    if (this.#receivedBytes > CONNECTION_WINDOW_BYTES) {
      throw new Http2ConnectionError(CODE.FLOW_CONTROL_ERROR, "more than the connection's window allows");
    }
    if (this.#receivedBytes < CONNECTION_CREDIT_STEP_BYTES) return;
    this.sender.answer(numberFrame(HTTP2_FRAME.WINDOW_UPDATE, 0, this.#receivedBytes));
    this.#receivedBytes = 0;
  }

  onUselessFrame(bytes: number): void {
    const count = 1 + Math.floor(bytes / BYTES_PER_USELESS_FRAME);
    if (!this.#abuse.spend("staleControl", this.clock.nowMs(), count))
      throw calm("frames that change nothing");
  }

  get windowUpdatesDue(): number {
    const requests = (this.#nextId - 1) / 2;
    return this.sender.sentBytes / BYTES_PER_WINDOW_UPDATE + requests * WINDOW_UPDATES_PER_REQUEST;
  }

  onSettings(settings: PeerSettings): void {
    if (!this.#abuse.spend("settings", this.clock.nowMs())) throw calm("SETTINGS");
    if (settings.maxFrameBytes !== null) this.sender.frameBytes = settings.maxFrameBytes;
    if (settings.initialWindowBytes !== null) this.#changeWindows(settings.initialWindowBytes);
    // If the first SETTINGS name no limit, there is none (RFC 9113 §6.5.2).
    this.#maxStreams = settings.maxStreams ?? (this.#greeted ? this.#maxStreams : Infinity);
    this.#greeted = true;
    this.#options.onRoom();
  }

  onGoaway(lastId: number, code: number): void {
    this.#stopTaking();
    const why = `${this.#options.target.authority} closes the connection (${codeName(code)})`;
    for (const [id, stream] of this.#streams) {
      if (id <= lastId) continue;
      // RFC 9113 §6.8: streams above the last one were not processed, and may be sent again.
      const untouched = code === CODE.HTTP_1_1_REQUIRED ? this.untouched(code) : null;
      const error = new TunnelError("UPSTREAM_REFUSED", why, { notProcessed: !stream.heard });
      stream.fail(untouched ?? error);
    }
    if (this.#activeCount === 0) this.#end(CODE.NO_ERROR);
  }

  // The state of the connection itself.

  get #activeCount(): number {
    return this.#streams.size + this.#reservedCount;
  }

  #onBytes(bytes: Buffer): void {
    if (this.#broken) return;
    try {
      const pong = this.#handler.feed(bytes);
      this.#liveness.onHeard(pong);
    } catch (error) {
      if (!(error instanceof Http2ConnectionError)) return this.#onFault(error);
      this.#broken = true;
      this.#end(error.code);
      this.#failAll(error);
    }
  }

  #changeWindows(bytes: number): void {
    const delta = bytes - this.#initialWindowBytes;
    this.#initialWindowBytes = bytes;
    try {
      for (const stream of this.#streams.values()) stream.onWindow(delta);
    } catch (error) {
      throw new Http2ConnectionError(CODE.FLOW_CONTROL_ERROR, (error as Error).message);
    }
  }

  #stopTaking(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#cancelIdle();
    this.#options.onClosing(this);
  }

  /** Sends GOAWAY and ends the socket after everything that was written before. */
  #end(code: number): void {
    const { socket, clock } = this.#options;
    this.#stopTaking();
    if (this.#gone || socket.writableEnded) return;
    this.sender.write(goawayFrame(code));
    socket.end();
    this.#cancelClose = clock.after(CLOSE_MS, () => socket.destroy());
  }

  #failAll(error: Error): void {
    this.#stopTaking();
    for (const stream of [...this.#streams.values()]) stream.fail(error);
  }

  #onFault(thrown: unknown): void {
    this.#options.reportFault("upstream", thrown);
    this.#broken = true;
    this.#options.socket.destroy(faultError());
  }

  #silent(silentMs: number): TunnelError {
    const { authority } = this.#options.target;
    const message = `${authority} has been silent for ${Math.round(silentMs)} ms and does not answer PING`;
    return new TunnelError("UPSTREAM_RESPONSE_TIMEOUT", message);
  }

  #becomeIdle(): void {
    const { clock, idleTimeoutMs } = this.#options;
    this.#idleSince = momentOf(clock);
    this.#cancelIdle();
    this.#cancelIdle = clock.after(idleTimeoutMs ?? IDLE_MS, () => this.close());
  }
}

function calm(what: string): Http2ConnectionError {
  return new Http2ConnectionError(CODE.ENHANCE_YOUR_CALM, `too many ${what}`);
}
