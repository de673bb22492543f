/*
 * One connection's streams, on either end: what both muxes have in common.
 *
 * Incoming frames change state and call owners; outgoing ones are gathered and sent in order of importance. Whatever a peer
 * sends wrong ends the stream or the connection, as the protocol says, and nothing it sends can make this side keep more than it
 * has granted.
 *
 * docs/protocol.md is normative; decisions 0003, 0005 and 0015. `stream-state.ts` has the diagram of a stream's life.
 */
import type { Clock } from "../time/clock.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import {
  has,
  usableCapabilities,
  type ErrorCode,
  decodeMessage,
  decodeGoaway,
  decodeOffset,
  encodeGoaway,
  encodeOffset,
  readU32,
  FLAG,
  FRAME,
  type OpenHead,
  decodeSettings,
  type Hello,
  CLOSE_GOING_AWAY,
  CLOSE_PROTOCOL_ERROR,
  SEND_BACKLOG_BYTES,
  STALL_TIMEOUT_MS,
  TARGET_MESSAGE_BYTES,
  connectionError,
  TunnelError,
} from "../protocol/index.ts";
import type { Transport } from "../transport.ts";
import { deliverFrame, wantsAnswer } from "./deliver-frame.ts";
import { FlushSchedule } from "./flush-schedule.ts";
import { MuxEnd } from "./mux-end.ts";
import type { MuxEvents, MuxOptions } from "./mux-options.ts";
import { OwedCredit } from "./owed-credit.ts";
import { askWhatArrived, type Epoch, isQuestion, newEpoch, noteArrived } from "./epoch.ts";
import { StallWatch } from "./watches/stall-watch.ts";
import { type Abuse, AbuseBudget } from "./watches/abuse-budget.ts";
import { AnswerWatch } from "./watches/answer-watch.ts";
import { ReceiveWindow, type ReceiveWindowOptions, RoundTrip } from "./credit/flow-window.ts";
import type { MuxStream, StreamHost } from "./mux-stream.ts";
import { costBytes, type Outbox } from "./send-queue.ts";

/**
 * One connection's streams: takes messages in, hands frames to streams, schedules what leaves.
 * What differs between the ends is in RelayMux and ConnectorMux.
 */
export abstract class Mux extends MuxEnd implements StreamHost {
  protected readonly clock: Clock;
  readonly #abuse = new AbuseBudget();
  readonly #watch: AnswerWatch;
  protected closed = false;
  protected epoch: Epoch;
  /** The connection window as the peer granted it at first. */
  #peerConnectionWindowBytes = 0;
  protected peerStreamWindowBytes = 0;
  /** The peer's capabilities; none before its HELLO or WELCOME. */
  peerCapabilities = 0;
  /** When the last message came in; -Infinity before the first. */
  lastReceivedMs = -Infinity;

  readonly #transport: Transport;
  readonly #events: MuxEvents;
  readonly #options: MuxOptions;
  readonly #receiveOptions: ReceiveWindowOptions;
  readonly #owed = new OwedCredit();
  readonly #wakeUp = (): void => this.schedule();
  readonly #stalls: StallWatch<MuxStream>;
  readonly #flushes: FlushSchedule;
  #nowMs: number;

  constructor(options: MuxOptions) {
    super();
    this.#options = options;
    this.#transport = options.transport;
    this.clock = options.clock;
    this.#events = options.events;
    this.#watch = new AnswerWatch(options.clock, {
      ask: options.askForLife ?? (() => this.ping()),
      silent: () => (options.events.onSilent === undefined ? this.giveUp() : options.events.onSilent()),
      heard: () => options.events.onHeard?.(),
      lost: () => this.giveUp(),
      lastLifeMs: options.lastLifeMs ?? (() => -Infinity),
    });
    this.#stalls = new StallWatch({
      clock: options.clock,
      ask: (id) => this.ping(id),
      fail: (error) => this.fail(error),
      isWaiting: () => !this.epoch.queue.isEmpty,
    });
    this.#flushes = new FlushSchedule(options.clock, options.gatherMs, () => this.flush());
    this.#nowMs = options.clock.nowMs();
    this.#receiveOptions = {
      baseBytes: options.streamWindowBytes,
      maxBytes: options.streamWindowMaxBytes,
      memory: options.memory,
      roundTrip: new RoundTrip(),
    };
    this.epoch = this.#newEpoch();
  }

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

  /** The peer gave a sign of life other than a message of this protocol. */
  heard(): void {
    this.#watch.received();
  }

  /** Something was sent, the peer was asked, and nothing has come since. */
  get isSuspect(): boolean {
    return this.#watch.isSuspect;
  }

  /** The peer was asked for a sign of life. `urgent`: it need not be asked again before it counts as silent. */
  asked(urgent: boolean): void {
    if (urgent) this.#watch.asked();
    else this.#watch.sent();
  }

  /** The transport's backlog has shrunk. */
  drained(): void {
    if (this.#transport.bufferedBytes() > 0) this.#watch.stillLeaving();
    if (!this.epoch.queue.isEmpty) this.schedule();
  }

  /** `id` distinguishes its answer from others. */
  ping(id = 0): void {
    this.epoch.queue.pushControl(FRAME.PING, encodeOffset(id));
    this.schedule();
  }

  /** Settings of the connection: they outlive its epochs. */
  sendSettings(payload: Uint8Array): void {
    if (this.closed) return;
    this.epoch.queue.pushControl(FRAME.SETTINGS, payload);
    this.schedule();
  }

  /** Tells the peer that this end accepts or opens no more streams. Existing ones go on. */
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
    const message = "The other end did not answer.";
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

  /** Sends what is queued, as far as credit and the transport allow. It also runs by itself at the end of a turn. */
  flush(): void {
    this.#nowMs = this.clock.nowMs();
    this.#flushes.flushed(this.#nowMs);
    if (this.closed) return;
    askWhatArrived(this.epoch, this.#nowMs);
    do {
      let touched: Set<Outbox> | null = null;
      this.#queueCredit();
      const { queue, sendCredit } = this.epoch;
      const room = Math.min(this.#backlogRoomBytes, sendCredit.roomBytes(this.#nowMs));
      const sent = (outbox: Outbox, cost: number): void => {
        (touched ??= new Set()).add(outbox);
        sendCredit.spend(cost);
      };
      const frames = queue.take(room, sent, sendCredit.frameBytes(this.peerCapabilities));
      if (frames.length === 0) break;
      sendCredit.note();
      this.#transport.send(frames);
      if (frames.some(wantsAnswer)) this.#watch.sent();
      if (touched !== null) this.epoch.sendCredit.sent(this.#nowMs);
      for (const outbox of touched ?? []) this.#afterSend(outbox);
      if (this.closed) return;
      askWhatArrived(this.epoch, this.#nowMs);
    } while (!this.epoch.queue.isEmpty);
    this.turnEnded();
    if (this.epoch.queue.isEmpty) return;
    this.#options.budget.notifyWhenFreed(this.#wakeUp);
    if (this.#backlogRoomBytes === 0) return;
    this.#stalls.awaitCredit();
  }

  /** Forgets all streams; ids, windows and credits begin again. */
  protected restart(error: TunnelError): void {
    const { streams, sendCredit } = this.epoch;
    // Make the new epoch first: ending the old streams frees budget, and whoever waits for it may send at once.
    this.epoch = this.#newEpoch();
    this.#stalls.stop();
    sendCredit.dispose();
    for (const stream of streams.values()) this.failStream(stream, error);
  }

  protected adoptPeer(
    peer: Pick<Hello, "capabilities" | "streamWindowBytes" | "connectionWindowBytes">,
  ): void {
    this.peerCapabilities = usableCapabilities(peer);
    this.#peerConnectionWindowBytes = peer.connectionWindowBytes;
    this.peerStreamWindowBytes = peer.streamWindowBytes;
    this.epoch.sendCredit.adopt(peer.connectionWindowBytes, has(this.peerCapabilities, "QUESTIONS"));
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
    // Once there is enough for a full message, gathering need not go on.
    if (this.#flushes.isGathering && this.epoch.queue.holds(TARGET_MESSAGE_BYTES)) return this.flush();
    this.#flushes.schedule(this.streamCount);
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
    // Bytes that wait for the window count as under way, so the connection is not at rest any more.
    this.streamTouched(stream);
    this.schedule();
  }

  creditOwed(stream: MuxStream): void {
    if (this.#owed.add(stream, this.clock.nowMs())) this.schedule();
  }

  dropQueued(stream: MuxStream, keepHeads: boolean): boolean {
    this.#stalls.moved(stream);
    return this.epoch.queue.drop(stream.outbox, keepHeads);
  }

  settle(stream: MuxStream): void {
    if (this.epoch.streams.get(stream.id) !== stream) return;
    if (!stream.isOver) return stream.isAbandoned ? this.#stalls.awaitTeardown(stream) : undefined;
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
        if ((flags & FLAG.ACK) !== 0) return this.#pingAnswered(payload);
        this.spend(isQuestion(payload) ? "question" : "ping");
        this.epoch.queue.pushControl(FRAME.PING, payload.slice(), FLAG.ACK);
        return this.schedule();
      case FRAME.SETTINGS: {
        this.spend("settings");
        // Decode it even if nobody listens, because a malformed one is a violation.
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
        if (!stream.isAbandoned) throw new TunnelError("FLOW_CONTROL", "data exceeds the stream's window");
        this.spend("lateFrame");
      }
      deliverFrame(stream, type, flags, payload);
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
    this.#stalls.moved(stream);
    this.wake(outbox);
  }

  #receiveConnectionWindow(limitBytes: number): void {
    const { queue, sendCredit } = this.epoch;
    if (!sendCredit.grant(limitBytes, this.#nowMs)) return this.spend("staleControl");
    this.#stalls.creditCame();
    sendCredit.note();
    if (!queue.isEmpty) this.schedule();
  }

  #pingAnswered(payload: Uint8Array): void {
    if (!isQuestion(payload)) return this.#stalls.answered(readU32(payload, 4));
    if (!noteArrived(this.epoch, payload, this.#nowMs, this.#wakeUp)) return this.spend("staleControl");
    this.#stalls.creditCame();
  }

  #receiveConnectionBytes(cost: number): void {
    this.epoch.sendCredit.received(cost, this.#nowMs);
    const limitBytes = this.epoch.receiveCredit.receive(cost, this.#nowMs);
    if (limitBytes === null) return;
    this.epoch.queue.pushControl(FRAME.WINDOW, encodeOffset(limitBytes));
    this.schedule();
  }

  // ── frames out ──────────────────────────────────────────────────────────────────────────────────

  #queueCredit(): void {
    this.queueStreamsCredit();
    this.#owed.settle(this.#nowMs, (stream, limitBytes) => {
      this.streamTouched(stream);
      this.epoch.queue.pushControl(FRAME.WINDOW, encodeOffset(limitBytes), 0, stream.id);
    });
  }

  /** A large message makes the backlog no longer than one of the usual size would. */
  get #backlogRoomBytes(): number {
    const leftBytes = SEND_BACKLOG_BYTES - this.#transport.bufferedBytes();
    return leftBytes < 0 ? 0 : leftBytes + TARGET_MESSAGE_BYTES;
  }

  #afterSend(outbox: Outbox): void {
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream?.outbox !== outbox) return;
    // After a STOP, a stalled half can end.
    if (outbox.items.length === 0) this.#stalls.moved(stream);
    this.#noteStalled(outbox);
    this.streamTouched(stream);
    stream.afterSend();
  }

  // ── stalls ──────────────────────────────────────────────────────────────────────────────────────

  #noteStalled(outbox: Outbox): void {
    if (outbox.inRing || outbox.items.length === 0) return;
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream !== undefined && this.#stalls.stalled(stream)) this.#events.onStalled?.();
  }

  stallTimeoutOf({ stallTimeoutMs }: OpenHead): number {
    if (!has(this.peerCapabilities, "STALL_LIMIT")) return STALL_TIMEOUT_MS;
    return stallTimeoutMs ?? this.stallTimeoutMs;
  }

  // ── endings ─────────────────────────────────────────────────────────────────────────────────────

  #newEpoch(): Epoch {
    const { budget, connectionWindowBytes } = this.#options;
    const takesQuestions = has(this.peerCapabilities, "QUESTIONS");
    return newEpoch(budget, connectionWindowBytes, this.#peerConnectionWindowBytes, takesQuestions);
  }

  #forget(stream: MuxStream): void {
    this.#owed.forget(stream);
    this.#stalls.forget(stream);
    stream.forgotten();
  }

  /** Ends a stream without telling the peer. If its OPEN was never sent, the request may be sent elsewhere. */
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
    this.#flushes.cancel();
    this.#watch.stop();
    this.#stalls.stop();
    this.epoch.sendCredit.dispose();
    for (const stream of this.epoch.streams.values()) this.failStream(stream, error);
    this.#options.budget.forget(this.#wakeUp);
    this.ended();
    this.#events.onClosed(error);
  }
}
