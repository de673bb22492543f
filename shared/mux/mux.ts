import type { Clock } from "../clock.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import { has, usableCapabilities } from "../protocol/capabilities.ts";
import type { ErrorCode } from "../protocol/error-code.ts";
import { decodeMessage } from "../protocol/frame-codec.ts";
import {
  decodeGoaway,
  decodeOffset,
  decodeReset,
  encodeGoaway,
  encodeOffset,
  type Goaway,
} from "../protocol/frame-payloads.ts";
import { FLAG, FRAME, type Frame } from "../protocol/frame.ts";
import type { OpenHead } from "../protocol/head.ts";
import { decodeSettings, type Hello } from "../protocol/handshake.ts";
import {
  CLOSE_GOING_AWAY,
  CLOSE_PROTOCOL_ERROR,
  CONNECTION_CREDIT_STEP_BYTES,
  GATHER_MS_PER_STREAM,
  MAX_DATA_BYTES,
  MIN_GATHER_MS,
  MIN_UNDER_WAY_BYTES,
  SEND_BACKLOG_BYTES,
  SLOW_CREDIT_BYTES,
  SLOW_CREDIT_MS,
  SLOW_STREAM_CREDIT_MS,
  SMALL_DATA_BYTES,
  STALL_CHECK_MS,
  STALL_TIMEOUT_MS,
  TARGET_MESSAGE_BYTES,
} from "../protocol/limits.ts";
import { connectionError, TunnelError } from "../protocol/tunnel-error.ts";
import type { Transport } from "../transport.ts";
import { type Abuse, AbuseBudget } from "./abuse-budget.ts";
import { AnswerWatch } from "./answer-watch.ts";
import {
  ReceiveWindow,
  type ReceiveWindowOptions,
  RoundTrip,
  type SendBudget,
  SendWindow,
} from "./flow-window.ts";
import { FlightLimit } from "./flight-limit.ts";
import type { MuxStream, StreamHost } from "./mux-stream.ts";
import { costBytes, type Outbox, SendQueue } from "./send-queue.ts";

export interface MuxEvents {
  /** The peer takes or opens no more streams on this connection. */
  onGoaway?(goaway: Goaway): void;
  /** Views of the message that brought them. May throw a connection error. */
  onSettings?(settings: ReadonlyMap<number, Uint8Array>): void;
  /** A stream has something to send, and the peer's window for it is shut. */
  onStalled?(): void;
  /** Something threw what is no failure of the protocol's. It ends the stream or the connection as INTERNAL. */
  onFault?(thrown: unknown): void;
  /** Called once, after every stream's own `onClosed`. */
  onClosed(error: TunnelError): void;
}

export interface MuxOptions {
  transport: Transport;
  clock: Clock;
  events: MuxEvents;
  /** What this end grants, in bytes; the base is what its HELLO or WELCOME says. */
  streamWindowBytes: number;
  streamWindowMaxBytes: number;
  connectionWindowBytes: number;
  /** Of all that is kept for others, here and elsewhere. */
  memory: MemoryAccount;
  budget: SendBudget;
  /** How long to gather frames under load at most, so that fewer messages leave. 0: never longer than the turn. */
  gatherMs: number;
  /** How to ask a peer that fell silent under traffic, if not by PING. */
  askForLife?: () => void;
  /** When the peer last showed life without a message to this end, in ms of the clock. */
  lastLifeMs?: () => number;
}

/** The frames of one epoch: ids, windows and credits all start again with it. */
interface Epoch {
  streams: Map<number, MuxStream>;
  queue: SendQueue;
  sendWindow: SendWindow;
  flight: FlightLimit;
  receivedBytes: number;
  grantedBytes: number;
}

/**
 * One connection's streams: takes messages in, hands frames to streams, schedules what leaves.
 * What differs between the ends is in RelayMux and ConnectorMux.
 */
export abstract class Mux implements StreamHost {
  protected readonly clock: Clock;
  readonly #abuse = new AbuseBudget();
  readonly #watch: AnswerWatch;
  protected closed = false;
  protected epoch: Epoch;
  /** The connection window as the peer granted it at first. */
  protected peerConnectionWindowBytes = 0;
  protected peerStreamWindowBytes = 0;
  /** What may be used toward the peer: nothing before its HELLO or WELCOME. */
  peerCapabilities = 0;
  #maxDataBytes = SMALL_DATA_BYTES;
  /** When the last message came in; -Infinity before the first. */
  lastReceivedMs = -Infinity;

  readonly #transport: Transport;
  readonly #events: MuxEvents;
  readonly #options: MuxOptions;
  readonly #receiveOptions: ReceiveWindowOptions;
  /** Streams whose peers are owed enough credit to be told when something leaves anyway. */
  readonly #owed = new Set<MuxStream>();
  /** Streams reset from this end whose peer has not ended its half yet, since when. */
  readonly #tearingDown = new Map<MuxStream, number>();
  /** Streams with something to send and a shut window, since when. */
  readonly #stalled = new Map<MuxStream, number>();
  /** Since when data waits for the connection's credit alone. */
  #creditAwaitedSinceMs: number | null = null;
  readonly #wakeUp = (): void => this.schedule();
  #cancelStallCheck: (() => void) | null = null;
  #stallCheckAtMs = Infinity;
  #cancelGather: (() => void) | null = null;
  #scheduled = false;
  #lastFlushMs = -Infinity;
  #lastCreditMs = -Infinity;
  #nowMs: number;
  /** As the budget knows it. */
  #unacknowledgedBytes = 0;

  constructor(options: MuxOptions) {
    this.#options = options;
    this.#transport = options.transport;
    this.clock = options.clock;
    this.#events = options.events;
    this.#watch = new AnswerWatch(options.clock, {
      ask: options.askForLife ?? (() => this.ping()),
      lost: () => this.giveUp(),
      lastLifeMs: options.lastLifeMs ?? (() => -Infinity),
    });
    this.#nowMs = options.clock.nowMs();
    this.#receiveOptions = {
      baseBytes: options.streamWindowBytes,
      maxBytes: options.streamWindowMaxBytes,
      memory: options.memory,
      roundTrip: new RoundTrip(),
    };
    this.epoch = this.#newEpoch();
  }

  /** How long a window may stay shut where the stream's service does not say. */
  protected abstract get stallTimeoutMs(): number;

  /** Streams are numbered anew in each. */
  abstract get epochNumber(): number;

  /** Streams that are not over, those in teardown included. */
  get streamCount(): number {
    return this.epoch.streams.size;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Upper bound of the round trip, in ms; Infinity until a transfer measured it. */
  get roundTripMs(): number {
    return this.#receiveOptions.roundTrip.estimateMs;
  }

  // ── the owner's side ────────────────────────────────────────────────────────────────────────────

  /** One binary message from the peer. Never throws: a violation ends the connection. */
  receive(message: Uint8Array): void {
    if (this.closed) return;
    this.#nowMs = this.clock.nowMs();
    this.lastReceivedMs = this.#nowMs;
    this.#watch.received();
    try {
      decodeMessage(message, (type, flags, streamId, payload) => {
        if (!this.closed) this.#dispatch(type, flags, streamId, payload);
      });
    } catch (thrown) {
      this.fail(this.#failureOf(thrown));
    }
    this.turnEnded();
  }

  /** A sign of life that is no message of ours. */
  heard(): void {
    this.#watch.received();
  }

  /** Something was sent, the peer was asked, and nothing has come since. */
  get isSuspect(): boolean {
    return this.#watch.isSuspect;
  }

  /** The transport's backlog has shrunk. */
  drained(): void {
    if (this.#transport.bufferedBytes() > 0) this.#watch.stillLeaving();
    if (!this.epoch.queue.isEmpty) this.schedule();
  }

  ping(): void {
    this.epoch.queue.pushControl(FRAME.PING, new Uint8Array(8));
    this.schedule();
  }

  /** Settings of the connection: they outlive its epochs. */
  sendSettings(payload: Uint8Array): void {
    if (this.closed) return;
    this.epoch.queue.pushControl(FRAME.SETTINGS, payload);
    this.schedule();
  }

  /** Says that this end takes or opens no more streams; those taken go on. */
  goaway(code: ErrorCode, drainMs: number, text = ""): void {
    if (this.closed) return;
    const lastStreamId = this.lastTakenStreamId();
    this.epoch.queue.pushControl(FRAME.GOAWAY, encodeGoaway({ lastStreamId, code, drainMs, text }));
    this.schedule();
  }

  /** The socket is gone: every stream fails, nothing is sent. */
  transportClosed(error: TunnelError): void {
    this.#shutDown(error);
  }

  /** The peer has shown no life when it should have. */
  giveUp(): void {
    const message = "The other end gave no sign of life.";
    this.fail(new TunnelError("CONNECTOR_LOST", message, { scope: "connection" }), CLOSE_GOING_AWAY);
  }

  /** Ends the connection with a GOAWAY that says why, and closes the socket with `closeCode`. */
  fail(error: TunnelError, closeCode = CLOSE_PROTOCOL_ERROR): void {
    if (this.closed) return;
    const lastStreamId = this.lastTakenStreamId();
    const payload = encodeGoaway({ lastStreamId, code: error.code, drainMs: 0, text: error.message });
    this.#transport.send([{ type: FRAME.GOAWAY, flags: 0, streamId: 0, payload }]);
    this.#transport.close(closeCode, error.code);
    this.#shutDown(error);
  }

  /** Sends what waits, as far as credit and the transport go. Called by itself at the end of a turn. */
  flush(): void {
    this.#scheduled = false;
    this.#cancelGather?.();
    this.#cancelGather = null;
    if (this.closed) return;
    this.#nowMs = this.clock.nowMs();
    this.#lastFlushMs = this.#nowMs;
    do {
      let touched: Set<Outbox> | null = null;
      this.#queueCredit();
      const room = this.#dataRoomBytes();
      const sent = (outbox: Outbox, cost: number): void => {
        (touched ??= new Set()).add(outbox);
        this.epoch.sendWindow.spend(cost);
      };
      const frames = this.epoch.queue.take(room, sent, this.#maxDataBytes);
      if (frames.length === 0) break;
      this.noteUnacknowledged(this.unacknowledgedBytes);
      this.#transport.send(frames);
      if (frames.some(wantsAnswer)) this.#watch.sent();
      if (touched !== null) this.#allSent(touched);
      if (this.closed) return;
    } while (!this.epoch.queue.isEmpty);
    this.turnEnded();
    if (this.epoch.queue.isEmpty) return;
    this.#options.budget.notifyWhenFreed(this.#wakeUp);
    if (this.#isBacklogged) return;
    this.#creditAwaitedSinceMs ??= this.#nowMs;
    this.#scheduleStallCheck();
  }

  // ── what the two ends add ───────────────────────────────────────────────────────────────────────

  /** Frames that only one end takes, and all frames outside of the ready state. True: done with it. */
  protected abstract intercept(type: number, flags: number, streamId: number, payload: Uint8Array): boolean;
  /** Has a stream of this id ever been opened in this epoch? */
  protected abstract wasOpened(streamId: number): boolean;
  /** Frames of streams that this end refused by its GOAWAY are ignored. */
  protected abstract isRefused(streamId: number): boolean;
  protected abstract lastTakenStreamId(): number;
  protected abstract goawayReceived(goaway: Goaway): void;
  /** Credit of this end's own kind, before a message is put together. */
  protected abstract queueStreamsCredit(): void;
  /** Something of this stream went in or out, or its window changed. */
  protected abstract streamTouched(stream: MuxStream): void;
  /** The stream is no longer among those of the epoch. */
  protected abstract streamGone(stream: MuxStream): void;
  /** A message has been taken in, or all that may leave has left. */
  protected abstract turnEnded(): void;
  /** The connection is over, its streams are gone. */
  protected ended(): void {}
  /** A stream's upstream work is gone. */
  abstract released(stream: MuxStream): void;

  /** Forgets all streams; ids, windows and credits begin again. */
  protected restart(error: TunnelError): void {
    const { streams } = this.epoch;
    // First: the budget that is freed then wakes who waits for it, who may send at once.
    this.epoch = this.#newEpoch();
    this.#disposeEpoch();
    for (const stream of streams.values()) this.failStream(stream, error);
  }

  protected adoptPeer(
    peer: Pick<Hello, "capabilities" | "streamWindowBytes" | "connectionWindowBytes">,
  ): void {
    this.peerCapabilities = usableCapabilities(peer);
    this.#maxDataBytes = has(this.peerCapabilities, "LARGE_DATA") ? MAX_DATA_BYTES : SMALL_DATA_BYTES;
    this.peerConnectionWindowBytes = peer.connectionWindowBytes;
    this.peerStreamWindowBytes = peer.streamWindowBytes;
    this.epoch.sendWindow.grant(peer.connectionWindowBytes);
  }

  protected get memory(): MemoryAccount {
    return this.#options.memory;
  }

  protected newReceiveWindow(): ReceiveWindow {
    return new ReceiveWindow(this.#receiveOptions, this.#nowMs);
  }

  protected spend(kind: Abuse): void {
    if (!this.#abuse.spend(kind, this.#nowMs))
      throw connectionError("CALM", `too many frames of kind ${kind}`);
  }

  protected schedule(): void {
    if (this.closed) return;
    if (this.#scheduled) {
      // A gathering that has its message's worth need not wait longer.
      if (this.#cancelGather !== null && this.epoch.queue.holds(TARGET_MESSAGE_BYTES)) this.flush();
      return;
    }
    this.#scheduled = true;
    const gatherMs = Math.min(this.streamCount * GATHER_MS_PER_STREAM, this.#options.gatherMs);
    const elapsedMs = this.clock.nowMs() - this.#lastFlushMs;
    if (gatherMs >= MIN_GATHER_MS && elapsedMs < gatherMs) {
      this.#cancelGather = this.clock.after(gatherMs - elapsedMs, () => this.flush());
    } else {
      this.clock.soon(() => {
        if (this.#scheduled) this.flush();
      });
    }
  }

  // ── what streams ask for ────────────────────────────────────────────────────────────────────────

  sendHead(type: number, streamId: number, payload: Uint8Array, flags = 0): void {
    this.epoch.queue.pushHead(type, streamId, payload, flags);
    const stream = this.epoch.streams.get(streamId);
    if (stream !== undefined) this.streamTouched(stream);
    this.schedule();
  }

  wake(outbox: Outbox): void {
    this.epoch.queue.wake(outbox);
    if (outbox.inRing) return this.schedule();
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream === undefined || outbox.items.length === 0) return;
    this.#noteStalled(outbox);
    // What waits for the window is under way, though nothing leaves: the connection is at rest no longer.
    this.streamTouched(stream);
    this.schedule();
  }

  creditOwed(stream: MuxStream): void {
    const window = stream.receiveWindow;
    const isDue = window.isDue || this.#isOverdue(stream);
    if (!isDue && window.owedBytes * 8 < window.sizeBytes) return;
    this.#owed.add(stream);
    if (isDue) this.schedule();
  }

  dropQueued(stream: MuxStream, keepHeads: boolean): boolean {
    this.#stalled.delete(stream);
    return this.epoch.queue.drop(stream.outbox, keepHeads);
  }

  settle(stream: MuxStream): void {
    if (this.epoch.streams.get(stream.id) !== stream) return;
    if (!stream.isOver) return stream.isAbandoned ? this.#awaitTeardown(stream) : undefined;
    this.epoch.streams.delete(stream.id);
    this.#forget(stream);
    this.streamGone(stream);
    if (this.epoch.streams.size === 0) this.#watch.rest();
    stream.finish();
  }

  // ── frames in ───────────────────────────────────────────────────────────────────────────────────

  #dispatch(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    if (this.intercept(type, flags, streamId, payload)) return;
    switch (type) {
      case FRAME.GOAWAY: {
        this.spend("goaway");
        const goaway = decodeGoaway(payload);
        this.goawayReceived(goaway);
        this.#events.onGoaway?.(goaway);
        return;
      }
      case FRAME.PING:
        // An answer has done its work by arriving.
        if ((flags & FLAG.ACK) !== 0) return;
        this.spend("ping");
        this.epoch.queue.pushControl(FRAME.PING, payload.slice(), FLAG.ACK);
        return this.schedule();
      case FRAME.SETTINGS: {
        this.spend("settings");
        // A malformed one is a violation whether anybody listens or not.
        const settings = decodeSettings(payload);
        this.#events.onSettings?.(settings);
        return;
      }
      case FRAME.WINDOW:
        return this.#receiveWindow(streamId, decodeOffset(payload));
      case FRAME.HEAD:
      case FRAME.DATA:
      case FRAME.TRAILERS:
      case FRAME.RESET:
      case FRAME.STOP:
      case FRAME.WSMSG:
      case FRAME.WSCLOSE:
        return this.#receiveStreamFrame(type, flags, streamId, payload);
      default:
        throw connectionError("PROTOCOL_ERROR", `frame type ${type} may not come from this end or now`);
    }
  }

  #receiveStreamFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const cost = costBytes(type, payload.byteLength);
    if (cost > 0) this.#receiveConnectionBytes(cost);
    if (type === FRAME.DATA && cost === 0 && (flags & FLAG.END) === 0) this.spend("emptyData");
    if (type === FRAME.HEAD && (flags & FLAG.INFO) !== 0) this.spend("informational");
    const stream = this.epoch.streams.get(streamId);
    if (stream === undefined) return this.#receiveLate(type, streamId);
    this.streamTouched(stream);
    try {
      if (cost > 0 && !stream.receiveWindow.receive(cost, this.#nowMs)) {
        if (!stream.isAbandoned) throw new TunnelError("FLOW_CONTROL", "data beyond the stream's window");
        this.spend("lateFrame");
      }
      deliver(stream, type, flags, payload);
    } catch (thrown) {
      const error = this.#failureOf(thrown);
      if (error.scope === "connection") throw error;
      stream.reset(error.code, error.message);
    }
  }

  #failureOf(thrown: unknown): TunnelError {
    if (!(thrown instanceof TunnelError)) this.#events.onFault?.(thrown);
    return TunnelError.from(thrown);
  }

  #receiveLate(type: number, streamId: number): void {
    if (this.isRefused(streamId)) return;
    if (!this.wasOpened(streamId)) {
      throw connectionError("PROTOCOL_ERROR", `a frame for stream ${streamId}, which was never opened`);
    }
    if (type === FRAME.RESET) this.spend("uselessReset");
    else this.spend(type === FRAME.STOP ? "staleControl" : "lateFrame");
  }

  #receiveWindow(streamId: number, limitBytes: number): void {
    if (streamId === 0) return this.#receiveConnectionWindow(limitBytes);
    const stream = this.epoch.streams.get(streamId);
    if (stream === undefined) {
      if (!this.wasOpened(streamId))
        throw connectionError("PROTOCOL_ERROR", `WINDOW on idle stream ${streamId}`);
      return this.spend("staleControl");
    }
    const { outbox } = stream;
    if (limitBytes <= outbox.window.limitBytes) return this.spend("staleControl");
    outbox.window.grant(limitBytes);
    this.streamTouched(stream);
    this.#stalled.delete(stream);
    this.wake(outbox);
  }

  #receiveConnectionWindow(limitBytes: number): void {
    const { flight, sendWindow } = this.epoch;
    const addedBytes = limitBytes - sendWindow.limitBytes;
    if (addedBytes <= 0) return this.spend("staleControl");
    if (limitBytes > sendWindow.sentBytes + this.peerConnectionWindowBytes) {
      throw connectionError("FLOW_CONTROL", "connection credit beyond what was sent");
    }
    sendWindow.grant(limitBytes);
    flight.acknowledged(limitBytes - this.peerConnectionWindowBytes, addedBytes, this.#nowMs);
    this.#creditAwaitedSinceMs = null;
    this.noteUnacknowledged(this.unacknowledgedBytes);
    if (!this.epoch.queue.isEmpty) this.schedule();
  }

  #receiveConnectionBytes(cost: number): void {
    const { epoch } = this;
    epoch.receivedBytes += cost;
    if (epoch.receivedBytes > epoch.grantedBytes) {
      throw connectionError("FLOW_CONTROL", "data beyond the connection's window");
    }
    const windowBytes = this.#options.connectionWindowBytes;
    const limitBytes = epoch.receivedBytes + windowBytes;
    const owedBytes = limitBytes - epoch.grantedBytes;
    const isSlow = owedBytes >= SLOW_CREDIT_BYTES && this.#nowMs - this.#lastCreditMs >= SLOW_CREDIT_MS;
    if (owedBytes < Math.min(windowBytes / 8, CONNECTION_CREDIT_STEP_BYTES) && !isSlow) return;
    this.#lastCreditMs = this.#nowMs;
    epoch.grantedBytes = limitBytes;
    epoch.queue.pushControl(FRAME.WINDOW, encodeOffset(limitBytes));
    this.schedule();
  }

  /** Several times before the peer gives the reader up. */
  #isOverdue({ receiveWindow, stallTimeoutMs }: MuxStream): boolean {
    return receiveWindow.isOverdue(this.clock.nowMs(), Math.min(SLOW_STREAM_CREDIT_MS, stallTimeoutMs / 4));
  }

  // ── frames out ──────────────────────────────────────────────────────────────────────────────────

  #queueCredit(): void {
    this.queueStreamsCredit();
    for (const stream of this.#owed) {
      const isOverdue = this.#isOverdue(stream);
      if (!stream.wantsCredit || (stream.receiveWindow.owedBytes <= 0 && !isOverdue)) continue;
      const limitBytes = stream.receiveWindow.grant(this.#nowMs, isOverdue);
      this.streamTouched(stream);
      this.epoch.queue.pushControl(FRAME.WINDOW, encodeOffset(limitBytes), 0, stream.id);
    }
    this.#owed.clear();
  }

  protected noteUnacknowledged(nowBytes: number): void {
    const beforeBytes = this.#unacknowledgedBytes;
    this.#unacknowledgedBytes = nowBytes;
    if (nowBytes !== beforeBytes) this.#options.budget.change(beforeBytes, nowBytes);
  }

  protected get unacknowledgedBytes(): number {
    const { sentBytes, limitBytes } = this.epoch.sendWindow;
    return Math.max(0, sentBytes - (limitBytes - this.peerConnectionWindowBytes));
  }

  get #isBacklogged(): boolean {
    return this.#transport.bufferedBytes() > SEND_BACKLOG_BYTES;
  }

  #dataRoomBytes(): number {
    if (this.#isBacklogged) return 0;
    const { flight, sendWindow } = this.epoch;
    const underWayBytes = this.unacknowledgedBytes;
    const room = Math.min(this.#options.budget.roomBytes(underWayBytes), flight.bytes - underWayBytes);
    return Math.min(room, sendWindow.availableBytes);
  }

  #noteFlight(): void {
    const { flight, sendWindow } = this.epoch;
    flight.sent(sendWindow.sentBytes, this.unacknowledgedBytes, this.#nowMs);
  }

  #allSent(outboxes: ReadonlySet<Outbox>): void {
    this.#noteFlight();
    for (const outbox of outboxes) this.#afterSend(outbox);
  }

  #afterSend(outbox: Outbox): void {
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream?.outbox !== outbox) return;
    // A STOP lets the end of a stalled half leave.
    if (outbox.items.length === 0) this.#stalled.delete(stream);
    this.#noteStalled(outbox);
    this.streamTouched(stream);
    stream.afterSend();
  }

  // ── stalls ──────────────────────────────────────────────────────────────────────────────────────

  #noteStalled(outbox: Outbox): void {
    if (outbox.inRing || outbox.items.length === 0) return;
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream === undefined || this.#stalled.has(stream)) return;
    this.#stalled.set(stream, this.clock.nowMs());
    this.#events.onStalled?.();
    this.#scheduleStallCheck(stream.stallTimeoutMs);
  }

  /** A service's limit may be shorter than the steps in which the others are looked at. */
  #scheduleStallCheck(limitMs = STALL_CHECK_MS): void {
    const delayMs = Math.min(limitMs, STALL_CHECK_MS);
    const atMs = this.clock.nowMs() + delayMs;
    if (this.#stallCheckAtMs <= atMs) return;
    this.#cancelStallCheck?.();
    this.#stallCheckAtMs = atMs;
    this.#cancelStallCheck = this.clock.after(delayMs, () => this.#checkStalls());
  }

  #stopStallChecks(): void {
    this.#cancelStallCheck?.();
    this.#cancelStallCheck = null;
    this.#stallCheckAtMs = Infinity;
  }

  stallTimeoutOf({ stallTimeoutMs }: OpenHead): number {
    if (!has(this.peerCapabilities, "STALL_LIMIT")) return STALL_TIMEOUT_MS;
    return stallTimeoutMs ?? this.stallTimeoutMs;
  }

  /** A peer that leaves RESETs unanswered would fill the table with streams that nobody uses. */
  #awaitTeardown(stream: MuxStream): void {
    if (this.#tearingDown.has(stream)) return;
    this.#tearingDown.set(stream, this.clock.nowMs());
    this.#scheduleStallCheck();
  }

  #checkStalls(): void {
    this.#stopStallChecks();
    const nowMs = this.clock.nowMs();
    let nextMs = STALL_CHECK_MS;
    for (const [stream, sinceMs] of this.#stalled) {
      const timeoutMs = stream.stallTimeoutMs;
      const leftMs = sinceMs + timeoutMs - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else stream.reset("STALLED", `the peer took nothing for ${timeoutMs / 1000} s`);
    }
    // The oldest comes first.
    const [teardownSinceMs = nowMs] = this.#tearingDown.values();
    if (nowMs - teardownSinceMs >= STALL_TIMEOUT_MS) {
      return this.fail(connectionError("STALLED", "the peer does not answer RESET"));
    }
    if (this.epoch.queue.isEmpty) this.#creditAwaitedSinceMs = null;
    const sinceMs = this.#creditAwaitedSinceMs;
    if (sinceMs !== null && nowMs - sinceMs >= STALL_TIMEOUT_MS) {
      return this.fail(connectionError("STALLED", "the peer returns no connection credit"));
    }
    if (this.#stalled.size > 0 || this.#tearingDown.size > 0 || sinceMs !== null)
      this.#scheduleStallCheck(nextMs);
  }

  // ── endings ─────────────────────────────────────────────────────────────────────────────────────

  #newEpoch(): Epoch {
    return {
      streams: new Map(),
      queue: new SendQueue(),
      sendWindow: new SendWindow(this.peerConnectionWindowBytes),
      flight: new FlightLimit(MIN_UNDER_WAY_BYTES),
      receivedBytes: 0,
      grantedBytes: this.#options.connectionWindowBytes,
    };
  }

  #forget(stream: MuxStream): void {
    this.#owed.delete(stream);
    this.#stalled.delete(stream);
    this.#tearingDown.delete(stream);
    stream.forgotten();
  }

  #disposeEpoch(): void {
    this.noteUnacknowledged(0);
    this.#stopStallChecks();
    this.#creditAwaitedSinceMs = null;
  }

  /** Ends a stream without a word to the peer. One that was never sent may be sent elsewhere. */
  protected failStream(stream: MuxStream, error: TunnelError): void {
    const neverSent = this.epoch.queue.drop(stream.outbox) && !error.notProcessed;
    this.#forget(stream);
    this.epoch.streams.delete(stream.id);
    this.streamGone(stream);
    stream.fail(neverSent ? new TunnelError(error.code, error.message, { notProcessed: true }) : error);
  }

  #shutDown(error: TunnelError): void {
    if (this.closed) return;
    this.closed = true;
    this.#scheduled = false;
    this.#cancelGather?.();
    this.#watch.stop();
    this.#disposeEpoch();
    for (const stream of this.epoch.streams.values()) this.failStream(stream, error);
    this.#options.budget.forget(this.#wakeUp);
    this.ended();
    this.#events.onClosed(error);
  }
}

/** Housekeeping is no traffic, and an answer asks for none: two quiet ends would keep each other awake. */
function wantsAnswer({ type, flags }: Frame): boolean {
  if (type === FRAME.PING) return (flags & FLAG.ACK) === 0;
  const credit = type === FRAME.WINDOW || type === FRAME.STREAMS;
  return !credit && type !== FRAME.GOAWAY && type !== FRAME.SETTINGS;
}

function deliver(stream: MuxStream, type: number, flags: number, payload: Uint8Array): void {
  switch (type) {
    case FRAME.HEAD:
      return stream.receiveHead(payload, flags);
    case FRAME.DATA:
      return stream.receiveData(payload, flags);
    case FRAME.TRAILERS:
      return stream.receiveTrailers(payload);
    case FRAME.RESET: {
      const { code, detail } = decodeReset(payload);
      const notProcessed = (flags & FLAG.NOT_PROCESSED) !== 0;
      return stream.receiveReset(new TunnelError(code, detail, { notProcessed }));
    }
    case FRAME.STOP:
      return stream.receiveStop();
    case FRAME.WSMSG:
      return stream.receiveMessage(payload, flags);
    case FRAME.WSCLOSE:
      return stream.receiveClose(payload);
    default:
      throw connectionError("PROTOCOL_ERROR", `frame type ${type} for a stream`);
  }
}
