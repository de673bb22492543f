/*
 * One HTTP/1.1 connection to an upstream. The pool makes it, or a WebSocket handshake for itself. An exchange uses it alone until the
 * exchange ends.
 *
 * It is strict where two readers of the same bytes could differ: a doubtful answer is an error, never a guess. The connection is
 * used again only if nothing is left of the exchange before it.
 *
 * docs/upstreams.md; decisions 0026 and 0050.
 */
import type { Socket } from "node:net";
import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { type Clock, elapsedMs, type Moment, momentOf } from "../../../shared/time/clock.ts";
import { HeldBytes, SOCKET_PIECE_BYTES } from "../held-bytes.ts";
import { wrongLength } from "../upload-stream.ts";
import { Backlog } from "./backlog.ts";
import { bodyFraming, requestHead, type RequestHead } from "./request.ts";
import { ResponseParser } from "./response.ts";
import { TlsEnding } from "./tls-ending.ts";
import { Upload } from "./upload.ts";
import type { Lease, LeaseEvents, LeaseRequest, Upgrade, UploadProgress } from "../lease.ts";
import {
  faultError,
  guarded,
  guardedClock,
  type ReportFault,
  type ReadSide,
  readUpToReset,
  waitForReadingSide,
} from "../../platform/index.ts";

/** Below the 5 s of Node's servers, which is the shortest common value. A server's `Keep-Alive` may lengthen it. */
const IDLE_MS = 4_000;
const IDLE_MAX_MS = 60_000;
/** How much earlier to close than the server says that it will, because a request takes time to reach it. */
const IDLE_MARGIN_MS = 2_000;
/** The lowest status with which a server did not accept the request as it is (RFC 9110 §15). */
const FIRST_REFUSAL = 300;

export interface Http1Options {
  socket: Socket;
  /** The only caller whose requests this connection carries. */
  caller: string;
  clock: Clock;
  memory: MemoryAccount;
  reportFault: ReportFault;
  /** Null: a few seconds, or what the server's `Keep-Alive` says. */
  idleTimeoutMs: number | null;
  /** The exchange ended and another may follow. Call `settle` after the next turn of the event loop. */
  onIdle(connection: Http1Connection): void;
  /** Called once, when the socket is closed. */
  onGone(connection: Http1Connection): void;
}

/**
 * One HTTP/1.1 connection, with one exchange at a time. The pool decides which request goes on which connection. Bytes that no
 * request has asked for end the connection, and never become part of an answer.
 */
export class Http1Connection implements Lease {
  readonly openedAt: Moment;
  /** Once a part of a request has been sent, HTTP/1.1 cannot say that it was not processed. */
  readonly returnedBody = null;
  readonly #options: Http1Options;
  readonly #socket: Socket;
  readonly #reads: ReadSide;
  readonly #parser = new ResponseParser();
  /** The events of the exchange under way. */
  #events: LeaseEvents | null = null;
  #heard = false;
  #settled = true;
  /** The next exchange, which waits until the connection has settled. */
  #next: { request: LeaseRequest; events: LeaseEvents } | null = null;
  #upload: Upload | null = null;
  #upgrade: Upgrade | null = null;
  /** The server answered without wanting the upload. Its answer is read without a pause, because the connection may end at any moment. */
  #refused = false;
  #failure: Error | null = null;
  /** The socket has closed. Its own `closed` becomes true too early. */
  #gone = false;
  /** Another exchange may follow this one. */
  #kept = true;
  #paused = false;
  #feeding = false;
  readonly #backlog: Backlog;
  readonly #unread: HeldBytes;
  /** For a body that lasts until the connection ends, over TLS. */
  #ending: TlsEnding | null = null;
  /** The upstream's end has to wait behind the backlog, because Node reports it even though the socket is paused. */
  #endWaits = false;
  #patient = false;
  #servedCount = 0;
  #idleSince: Moment;
  /** How long it may stay unused, measured by both clocks: if this machine slept, its upstream did not. */
  #idleForMs = Infinity;
  #idleTimer: { atMs: number; cancel: () => void } | null = null;

  constructor(options: Http1Options) {
    const { socket, clock } = options;
    this.#options = { ...options, clock: guardedClock(clock, this.#onFault) };
    this.#socket = socket;
    this.#reads = readUpToReset(socket);
    this.#backlog = new Backlog(options.memory);
    this.#unread = new HeldBytes(options.memory);
    this.openedAt = momentOf(clock);
    this.#idleSince = this.openedAt;
    socket.on("data", this.#onSocketData);
    socket.on("end", this.#onSocketEnd);
    socket.on("close", this.#onSocketClose);
  }

  get caller(): string {
    return this.#options.caller;
  }

  get reused(): boolean {
    return this.#servedCount > 0;
  }

  get heard(): boolean {
    return this.#heard;
  }

  get upload(): UploadProgress | null {
    return this.#upload;
  }

  /** Checks the time as well, because the idle timer may be late. */
  get usable(): boolean {
    return !this.#socket.destroyed && this.#idleLeftMs > 0;
  }

  dispatch(request: LeaseRequest, events: LeaseEvents): void {
    this.#heard = false;
    if (this.#settled) this.#start(request, events);
    else this.#next = { request, events };
  }

  /**
   * By now, whatever came right after the response has been read, be it unexpected bytes or the end. So the next request can be
   * written, and none of that is taken for its answer.
   */
  settle(): void {
    this.#settled = true;
    const next = this.#next;
    this.#next = null;
    if (next === null) return;
    try {
      this.#start(next.request, next.events);
    } catch (thrown) {
      // Not thrown, because the caller settles other connections in the same turn.
      this.#onFault(thrown);
    }
  }

  pause(): void {
    if (this.#events === null) return;
    this.#paused = true;
    this.#parser.halt();
    if (this.#refused) return;
    this.#socket.pause();
    this.#unread.set(SOCKET_PIECE_BYTES);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#unread.set(0);
    // The loop that feeds the parser goes on by itself.
    if (this.#feeding) return void this.#socket.resume();
    for (let piece = this.#backlog.shift(); piece !== undefined; piece = this.#backlog.shift()) {
      this.#take(piece);
      if (this.#paused) return;
    }
    if (this.#endWaits) this.#onEnd();
    else this.#socket.resume();
  }

  done(): void {
    this.#servedCount++;
    if (!this.#kept) return;
    this.#settled = false;
    this.#becomeIdle();
    this.#options.onIdle(this);
  }

  abort(onTornDown: () => void): void {
    const socket = this.#socket;
    this.#endExchange();
    if (this.#gone) queueMicrotask(onTornDown);
    else socket.once("close", () => onTornDown());
    socket.destroy();
  }

  destroy(): void {
    this.#endExchange();
    this.#socket.destroy();
  }

  #start(request: LeaseRequest, events: LeaseEvents): void {
    const { method, body } = request;
    let head: RequestHead;
    try {
      if (this.#socket.destroyed) throw new Error("the connection was closed");
      head = requestHead(request);
      const lengthBytes = body === null ? 0 : Buffer.isBuffer(body) ? body.byteLength : head.declaredBytes;
      if (head.declaredBytes !== null && head.declaredBytes !== lengthBytes) throw wrongLength(true);
    } catch (error) {
      // Deferred, because the caller of dispatch has not returned yet.
      queueMicrotask(() => events.onLeaseError(error as Error));
      return;
    }
    this.#events = events;
    // A body with a method that expects none may confuse the server about where the next request starts.
    this.#kept = body === null || head.expectsBody;
    this.#refused = false;
    this.#upgrade = request.upgrade ?? null;
    this.#parser.begin(method, events, this.#upgrade !== null);
    events.onRequestStart();
    if (body === null || (Buffer.isBuffer(body) && body.byteLength === 0)) {
      this.#socket.write(head.text + bodyFraming(0, head.expectsBody), "latin1");
      events.onRequestSent();
    } else {
      this.#sendBody(head, body, events);
    }
  }

  #sendBody(head: RequestHead, body: Exclude<LeaseRequest["body"], null>, events: LeaseEvents): void {
    const socket = this.#socket;
    if (!this.#patient) {
      this.#patient = true;
      waitForReadingSide(socket, this.#options.clock, () => void (this.#kept = false));
    }
    if (Buffer.isBuffer(body)) {
      socket.cork();
      socket.write(head.text + bodyFraming(body.byteLength, true), "latin1");
      socket.write(body);
      socket.uncork();
      events.onRequestSent();
    } else {
      this.#upload = new Upload(
        socket,
        body,
        head,
        this.#options.clock,
        this.#onFault,
        {
          onRequestSent: () => {
            this.#upload = null;
            events.onRequestSent();
          },
          onUploadError: (error) => this.#fail(error),
        },
        this.#options.memory,
      );
      this.#upload.start();
    }
  }

  #onBytes(bytes: Buffer): void {
    if (this.#events === null) return void this.#socket.destroy();
    this.#heard = true;
    if (!this.#paused) this.#take(bytes);
    else if (!this.#backlog.add(bytes)) this.#socket.pause();
  }

  #take(bytes: Buffer): void {
    const events = this.#events;
    const parser = this.#parser;
    let at = 0;
    this.#feeding = true;
    try {
      do at = parser.feed(bytes, at);
      while (this.#events === events && !this.#paused && !parser.ended && at < bytes.byteLength);
    } catch (error) {
      return this.#fail(error as Error);
    } finally {
      this.#feeding = false;
    }
    if (this.#events !== events) return;
    if (parser.switched !== null) return this.#handOver(parser.switched, bytes.subarray(at));
    if (parser.framing?.body === "until close")
      this.#ending ??= TlsEnding.of(this.#socket, this.#options.clock);
    const more = at < bytes.byteLength;
    if (parser.ended) return this.#finish(more || !this.#backlog.isEmpty);
    if (more) this.#backlog.putBack(bytes.subarray(at));
    if (parser.framing !== null && parser.status >= FIRST_REFUSAL) this.#holdUpload();
  }

  /** Pauses the rest of a refused upload while the answer arrives. */
  #holdUpload(): void {
    const socket = this.#socket;
    const upload = this.#upload;
    if (upload === null || this.#refused) return;
    this.#refused = true;
    if (this.#paused) socket.resume();
    let { bytesRead } = socket;
    upload.hold(() => {
      const isComing = this.#paused || socket.bytesRead > bytesRead;
      bytesRead = socket.bytesRead;
      return isComing;
    });
  }

  /** Hands the connection over to its new owner. */
  #handOver(switched: NonNullable<ResponseParser["switched"]>, behind: Buffer): void {
    const socket = this.#socket;
    const upgrade = this.#upgrade;
    const problem = upgrade?.problemWith(switched.fields) ?? null;
    if (problem !== null) return this.#fail(new Error(problem));
    this.#endExchange();
    socket.off("data", this.#onSocketData);
    socket.off("end", this.#onSocketEnd);
    socket.off("close", this.#onSocketClose);
    upgrade?.onSwitched({ ...switched, socket, behind });
  }

  /** The response is complete. `more`: further bytes follow it. */
  #finish(more: boolean): void {
    const events = this.#events;
    const socket = this.#socket;
    const { trailers, framing } = this.#parser;
    const sent = this.#upload === null && socket.writableLength === 0;
    this.#kept &&= !more && sent && !this.#endWaits && framing?.keepAlive === true && this.#idleMs > 0;
    if (!this.#kept) this.destroy();
    else if (socket.isPaused()) socket.resume();
    this.#endExchange();
    events?.onResponseEnd(trailers);
  }

  /** The failure is reported when the socket is closed. By then, everything that came before it has been passed on. */
  #fail(error: Error): void {
    const events = this.#events;
    this.destroy();
    if (this.#gone) return events?.onLeaseError(error);
    this.#events = events;
    this.#failure = error;
  }

  readonly #onFault = (thrown: unknown): void => {
    this.#options.reportFault("upstream", thrown);
    this.#fail(faultError());
  };

  readonly #onSocketData = guarded((bytes: Buffer) => this.#onBytes(bytes), this.#onFault);
  readonly #onSocketEnd = guarded(() => this.#onEnd(), this.#onFault);
  readonly #onSocketClose = guarded(() => this.#onClose(), this.#onFault);

  #endExchange(): void {
    this.#events = null;
    this.#next = null;
    this.#parser.stop();
    this.#paused = false;
    this.#unread.set(0);
    this.#backlog.clear();
    this.#endWaits = false;
    this.#upload?.stop();
    this.#upload = null;
  }

  #onEnd(): void {
    if (this.#events === null) this.#socket.destroy();
    else if (!this.#backlog.isEmpty) this.#endWaits = true;
    else if (this.#reads.reset !== null) this.#fail(this.#reads.reset);
    else if (this.#ending?.isCut === true) this.#fail(new Error("TLS was cut off without a close_notify"));
    else if (this.#parser.finish()) this.#finish(false);
    else this.#fail(new Error("the upstream closed the connection"));
  }

  #onClose(): void {
    this.#gone = true;
    this.#idleTimer?.cancel();
    this.#idleTimer = null;
    this.#options.onGone(this);
    if (this.#endWaits) return;
    const events = this.#events ?? this.#next?.events;
    this.#endExchange();
    events?.onLeaseError(this.#failure ?? this.#socket.errored ?? new Error("the connection was closed"));
  }

  /** How long the connection may wait for another request. */
  get #idleMs(): number {
    const { idleTimeoutMs } = this.#options;
    const keepAliveMs = this.#parser.framing?.keepAliveMs ?? null;
    if (keepAliveMs === null) return idleTimeoutMs ?? IDLE_MS;
    return Math.min(keepAliveMs - IDLE_MARGIN_MS, idleTimeoutMs ?? IDLE_MAX_MS);
  }

  get #idleLeftMs(): number {
    return this.#idleForMs - elapsedMs(this.#options.clock, this.#idleSince);
  }

  /** One timer serves many exchanges: if it fires too early, it is set again for the rest. */
  #becomeIdle(): void {
    const idleMs = this.#idleMs;
    this.#idleSince = momentOf(this.#options.clock);
    this.#idleForMs = idleMs;
    if (this.#idleTimer !== null && this.#idleTimer.atMs <= this.#idleSince.nowMs + idleMs) return;
    this.#idleTimer?.cancel();
    this.#setIdleTimer(idleMs);
  }

  #setIdleTimer(delayMs: number): void {
    const { clock } = this.#options;
    const cancel = clock.after(delayMs, () => {
      this.#idleTimer = null;
      // In use: the timer is set again when the exchange is over.
      if (this.#events !== null || this.#next !== null) return;
      const leftMs = this.#idleLeftMs;
      if (leftMs > 0) this.#setIdleTimer(leftMs);
      else this.destroy();
    });
    this.#idleTimer = { atMs: clock.nowMs() + delayMs, cancel };
  }
}
