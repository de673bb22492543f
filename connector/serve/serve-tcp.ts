import type { Socket } from "node:net";
import type { Stream, StreamHandler } from "../../shared/mux/index.ts";
import { TCP_STATUS, DEFAULT_TCP_IDLE_TIMEOUT_MS, TunnelError } from "../../shared/protocol/index.ts";
import { callerOf } from "../../shared/streams/stream-shares.ts";
import { failureOf, guarded, type OnFault } from "../platform/index.ts";
import { RequestMeter, type RequestTrace } from "../telemetry/index.ts";
import { dial, HeldBytes, SOCKET_PIECE_BYTES, permitTcp, settingsFor } from "../upstream/index.ts";
import { TlsEnding } from "../upstream/http1/index.ts";
import type { ServeDeps } from "./serve-http.ts";
import { endingStream } from "./stream-fault.ts";

/** How long sent bytes may take to reach an upstream that keeps sending although nobody reads it. */
const LINGER_MS = 5_000;

/**
 * Serves one stream of kind tcp: bytes go both ways as they arrive. Each direction ends by itself, with FIN or END. Anything
 * else cuts off both directions, so that neither end mistakes what it has for the whole.
 */
export class TcpStream implements StreamHandler {
  readonly #stream: Stream;
  readonly #deps: ServeDeps;
  readonly #record: RequestMeter;
  readonly #trace: RequestTrace | null;
  readonly #onFault: OnFault;
  readonly #unread: HeldBytes;
  readonly #unsent: HeldBytes;
  #abandonDial: () => void = () => {};
  #leave: () => void = () => {};
  #socket: Socket | null = null;
  /** The socket under TLS; without TLS, the same as `#socket`. */
  #transport: Socket | null = null;
  #tlsEnding: TlsEnding | null = null;
  #upstreamEnded = false;
  /** The gateway has stopped reading, so further bytes from the upstream are dropped. */
  #stopped = false;
  #isLingering = false;
  #isTornDown = false;
  #movedAtMs = 0;
  #cancelIdle: () => void = () => {};

  constructor(stream: Stream, deps: ServeDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.#record = new RequestMeter(stream.open, deps.clock);
    this.#trace = deps.trace(stream.open);
    this.#onFault = endingStream(stream, deps.reportFault);
    this.#unread = new HeldBytes(deps.memory);
    this.#unsent = new HeldBytes(deps.memory);
    queueMicrotask(guarded(() => this.#start(), this.#onFault));
  }

  #start(): void {
    if (this.#stream.closed) return this.#tornDown();
    try {
      this.#dial();
    } catch (thrown) {
      this.#refused(failureOf(thrown, this.#onFault));
    }
  }

  #dial(): void {
    const { open } = this.#stream;
    const target = permitTcp(open, this.#deps);
    const settings = settingsFor(this.#deps.rules, target);
    this.#leave = this.#deps.tcpConnections.enter([
      { name: `service ${open.service}`, max: open.maxConnections ?? Infinity },
      { name: target.authority, max: settings.maxConnections },
    ]);
    this.#trace?.callUpstream();
    const timeoutMs = open.connectTimeoutMs ?? settings.connectTimeoutMs;
    const ways = { protocols: [], isHalfOpen: true, startTls: open.startTls ?? null };
    const dialled = guarded(
      (error: TunnelError | null, socket: Socket | null, transport: Socket | null) =>
        socket === null
          ? this.#refused(error ?? new TunnelError("UPSTREAM_REFUSED", "no connection"))
          : this.#connected(socket, transport ?? socket),
      this.#onFault,
    );
    this.#abandonDial = dial(
      { target, settings, timeoutMs, ...ways, caller: callerOf(open) },
      this.#deps,
      dialled,
    );
  }

  #refused(error: TunnelError): void {
    this.#trace?.upstreamDone({ status: null, code: error.code });
    this.#stream.reset(error.code, error.message, { notProcessed: error.notProcessed });
    this.#tornDown();
  }

  #connected(socket: Socket, transport: Socket): void {
    this.#socket = socket;
    this.#transport = transport;
    this.#tlsEnding = TlsEnding.of(socket, this.#deps.clock);
    const onFault = this.#onFault;
    socket.on(
      "data",
      guarded((bytes: Buffer) => this.#onData(bytes), onFault),
    );
    socket.on(
      "end",
      guarded(() => this.#onEnd(), onFault),
    );
    socket.on(
      "drain",
      guarded(() => this.onReadable(), onFault),
    );
    socket.on(
      "finish",
      guarded(() => this.#endIfUnread(), onFault),
    );
    socket.on(
      "error",
      guarded((error: Error) => this.#cut(error), onFault),
    );
    socket.on(
      "close",
      guarded(() => this.#onClose(), onFault),
    );
    this.#movedAtMs = this.#deps.clock.nowMs();
    this.#watchIdle(this.#idleTimeoutMs);
    const { upstreamMs } = this.#record;
    this.#stream.sendHead({ status: TCP_STATUS, reason: "", upstreamMs, fields: [] });
    this.#record.status = TCP_STATUS;
    this.onReadable();
  }

  // The tunnel's side.

  onReadable(): void {
    const socket = this.#socket;
    if (socket === null || socket.destroyed || socket.writableEnded) return;
    while (!socket.writableNeedDrain) {
      const bytes = this.#stream.read(SOCKET_PIECE_BYTES);
      if (bytes === null) break;
      this.#record.requestBytes += bytes.byteLength;
      this.#moved();
      socket.write(bytes);
    }
    this.#unsent.set(socket.writableNeedDrain ? socket.writableLength : 0);
    if (this.#stream.readEnded) socket.end();
  }

  onWritable(): void {
    // Deferred, because the connection is sending while it calls this, and resuming would write to it.
    queueMicrotask(guarded(() => this.#readOn(), this.#onFault));
  }

  /** The other direction continues: the upstream still has to get what the gateway has sent. */
  onStop(): void {
    this.#stopped = true;
    this.#readOn();
    this.#endIfUnread();
  }

  onGraceOver(): void {
    this.#stream.reset("DRAINING", "the connector is shutting down");
  }

  onClosed(error: TunnelError | null): void {
    const summary = this.#record.finish(error?.code ?? null);
    this.#deps.onFinished(summary, error);
    this.#trace?.finish(summary);
    if (error !== null) this.#abort();
  }

  #readOn(): void {
    this.#unread.set(0);
    this.#socket?.resume();
  }

  // The upstream's side.

  #onData(bytes: Buffer): void {
    this.#moved();
    if (this.#stopped) return;
    this.#record.responseBytes += bytes.byteLength;
    if (this.#stream.write(bytes)) return;
    this.#socket?.pause();
    this.#unread.set(SOCKET_PIECE_BYTES);
  }

  #onEnd(): void {
    if (this.#tlsEnding?.isCut === true) return this.#cut(new Error("TLS ended without close_notify"));
    this.#upstreamEnded = true;
    this.#moved();
    this.#trace?.upstreamDone({ status: TCP_STATUS, code: null });
    this.#stream.end();
  }

  #onClose(): void {
    if (!this.#upstreamEnded && !this.#stopped) this.#cut(new Error("the connection was closed"));
    this.#tornDown();
  }

  #cut(error: Error): void {
    const { target } = this.#stream.open;
    this.#stream.reset("BODY_ABORTED", `${target}: ${error.message}`);
    this.#abort();
  }

  /**
   * Ends the socket when everything has been sent and nobody reads the answer, as a process does that closes its socket. It waits
   * a little, because closing a socket with unread bytes in the kernel resets it, and the kernel then drops what it has yet to send.
   */
  #endIfUnread(): void {
    const socket = this.#socket;
    if (!this.#stopped || this.#isLingering || socket?.writableFinished !== true) return;
    this.#isLingering = true;
    this.#cancelIdle();
    this.#cancelIdle = this.#deps.clock.after(
      LINGER_MS,
      guarded(() => void socket.destroy(), this.#onFault),
    );
  }

  /** Resets the connection where the system can, so that the upstream does not mistake what it has for the whole. */
  #abort(): void {
    this.#abandonDial();
    const socket = this.#socket;
    if (socket === null) return this.#tornDown();
    if (socket.destroyed) return;
    try {
      this.#transport?.resetAndDestroy();
    } catch {
      // A Unix socket has no reset.
    }
    socket.destroy();
  }

  #tornDown(): void {
    if (this.#isTornDown) return;
    this.#isTornDown = true;
    this.#unread.set(0);
    this.#unsent.set(0);
    this.#cancelIdle();
    this.#leave();
    this.#stream.release();
  }

  // Idle time-out.

  get #idleTimeoutMs(): number {
    return this.#stream.open.idleTimeoutMs ?? DEFAULT_TCP_IDLE_TIMEOUT_MS;
  }

  #moved(): void {
    this.#movedAtMs = this.#deps.clock.nowMs();
  }

  /** One timer serves many bytes: if it fires too early, it is set again for the rest. */
  #watchIdle(delayMs: number): void {
    this.#cancelIdle = this.#deps.clock.after(
      delayMs,
      guarded(() => this.#onIdleTimer(), this.#onFault),
    );
  }

  #onIdleTimer(): void {
    const leftMs = this.#movedAtMs + this.#idleTimeoutMs - this.#deps.clock.nowMs();
    if (leftMs > 0) return this.#watchIdle(leftMs);
    this.#stream.reset(
      "UPSTREAM_RESPONSE_TIMEOUT",
      `no data in either direction for ${this.#idleTimeoutMs} ms`,
    );
    this.#abort();
  }
}
