import type { Socket } from "node:net";
import type { Stream, StreamHandler } from "../../shared/mux/index.ts";
import { type Field, MESSAGE_OVERHEAD_BYTES, type TunnelError } from "../../shared/protocol/index.ts";
import {
  upstreamCloseCode,
  fittingReason,
  failureOf,
  guarded,
  guardedClock,
  type OnFault,
} from "../platform/index.ts";
import {
  responseFields,
  withoutHandshakeFields,
  withTraceparent,
  HeldBytes,
  SOCKET_PIECE_BYTES,
} from "../upstream/index.ts";
import type { ServeDeps } from "./serve-http.ts";
import { RequestMeter, type RequestTrace } from "../telemetry/index.ts";
import { endingStream } from "./stream-fault.ts";
import { type HandshakeEvents, type Upgraded, UpstreamHandshake } from "../upstream/websocket/handshake.ts";
import { UpstreamSocket } from "../upstream/websocket/upstream-socket.ts";
import { type PingedSocket, UpstreamPings } from "./upstream-pings.ts";

/** Once so much waits in the upstream's socket, messages wait in the stream, where missing credit slows their sender down. */
const SOCKET_BACKLOG_BYTES = 256 * 1024;
/** The same when memory is short. */
const SHORT_SOCKET_BACKLOG_BYTES = 16 * 1024;

/** What a gateway may send before the first round trip is over. It is withdrawn if memory is short and it was not used. */
const WEBSOCKET_AHEAD_BYTES = 1024 * 1024;

const CLOSE_INTERNAL = 1011;
const CLOSE_SERVICE_RESTART = 1012;

/** Serves one stream of kind websocket: passes on messages and the close in both directions, or the upstream's refusal. */
export class WebSocketStream implements StreamHandler, HandshakeEvents {
  readonly #stream: Stream;
  readonly #deps: ServeDeps;
  readonly #record: RequestMeter;
  readonly #trace: RequestTrace | null;
  readonly #onFault: OnFault;
  readonly #unread: HeldBytes;
  readonly #unsent: HeldBytes;
  #handshake: UpstreamHandshake | null = null;
  #socket: UpstreamSocket | null = null;
  /** The upstream's answer cannot have a body. */
  #headEnded = false;
  #closing = false;
  #pings: UpstreamPings | null = null;
  /** Messages in the upstream's socket. Each needs more than its bytes. */
  #unsentMessages = 0;

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
    if (this.#stream.closed) return this.onTornDown();
    try {
      const { open } = this.#stream;
      const fields = withTraceparent(open.fields, this.#trace?.callUpstream() ?? null);
      this.#handshake = new UpstreamHandshake({ ...open, fields }, this.#deps, this);
    } catch (error) {
      this.onError(failureOf(error, this.#onFault));
      this.onTornDown();
    }
  }

  // The tunnel's side.

  onReadable(): void {
    const socket = this.#socket;
    if (socket === null || this.#closing || this.#stream.closed) return;
    const maxBytes = this.#deps.memory.shareBytes(SHORT_SOCKET_BACKLOG_BYTES, SOCKET_BACKLOG_BYTES);
    const unsentBytes = (): number => socket.bufferedBytes + this.#unsentMessages * MESSAGE_OVERHEAD_BYTES;
    while (unsentBytes() < maxBytes) {
      const message = this.#stream.readMessage();
      if (message === null) break;
      this.#record.requestBytes += message.bytes.byteLength;
      this.#unsentMessages++;
      const sent = guarded(() => {
        this.#unsentMessages--;
        this.onReadable();
      }, this.#onFault);
      socket.send(message.bytes, message.text, message.more, sent);
    }
    this.#unsent.set(unsentBytes());
    const { closeFrame } = this.#stream;
    if (closeFrame === null || !this.#stream.readEnded) return;
    this.#closing = true;
    socket.close(closeFrame.code, fittingReason(closeFrame.reason));
  }

  onWritable(): void {
    this.#unread.set(0);
    this.#socket?.resume();
    // Deferred, because the connection is sending while it calls this, and resuming would write to it.
    queueMicrotask(guarded(() => this.#handshake?.resume(), this.#onFault));
  }

  /** 1012, "service restart": the client may connect again (RFC 6455's registry). */
  onGraceOver(): void {
    if (this.#socket === null || this.#closing) return;
    this.#closing = true;
    this.#stream.sendClose(CLOSE_SERVICE_RESTART, "");
    this.#socket.close(CLOSE_SERVICE_RESTART, "");
  }

  onStop(): void {
    this.#stream.reset("CANCEL");
  }

  onClosed(error: TunnelError | null): void {
    this.#unread.set(0);
    this.#unsent.set(0);
    if (error !== null) {
      this.#handshake?.end();
      this.#socket?.terminate();
    }
    const summary = this.#record.finish(error?.code ?? null);
    this.#deps.onFinished(summary, error);
    this.#trace?.finish(summary);
  }

  // The upstream's side.

  onAccepted({ socket: tcp, behind, reason, fields, isPinged }: Upgraded): void {
    const { clock } = this.#deps;
    const events = {
      onPiece: (bytes: Buffer, isText: boolean, more: boolean) => this.#onPiece(bytes, isText, more),
      onClosed: (code: number, reason: string) => this.#onUpstreamClosed(code, reason),
    };
    const socket = new UpstreamSocket(tcp, behind, clock, events, this.#onFault);
    this.#socket = socket;
    if (isPinged)
      this.#pings = new UpstreamPings(guardedClock(clock, this.#onFault), this.#pinged(socket, tcp));
    if (!this.#sendHead(101, reason, withoutHandshakeFields(responseFields(101, fields)), false)) return;
    // A gateway cannot be slowed down: over a long path, its messages would pile up in the relay until the window has grown.
    this.#stream.expect(WEBSOCKET_AHEAD_BYTES);
    this.onReadable();
  }

  /** The upstream refuses the upgrade with an ordinary answer. */
  onResponse(status: number, reason: string, received: readonly Field[]): void {
    this.#headEnded = status === 204 || status === 304;
    this.#sendHead(status, reason, responseFields(status, received), this.#headEnded);
  }

  onData(bytes: Buffer): void {
    this.#record.responseBytes += bytes.byteLength;
    if (!this.#stream.closed && !this.#stream.write(bytes)) this.#handshake?.pause();
  }

  onEnd(): void {
    if (this.#stream.closed) return;
    if (!this.#headEnded) this.#stream.end();
    this.#stream.stopSending();
  }

  onError(error: TunnelError): void {
    if (this.#record.status === null) {
      this.#stream.reset(error.code, error.message, { notProcessed: error.notProcessed });
    } else {
      this.#stream.reset("BODY_ABORTED", error.message);
    }
  }

  onTornDown(): void {
    this.#stream.release();
  }

  #sendHead(status: number, reason: string, fields: readonly Field[], end: boolean): boolean {
    try {
      this.#stream.sendHead({ status, reason, upstreamMs: this.#record.upstreamMs, fields }, end);
      this.#record.status = status;
      return true;
    } catch (error) {
      this.#stream.reset("UPSTREAM_PROTOCOL", failureOf(error, this.#onFault).message);
      return false;
    }
  }

  #pinged(socket: UpstreamSocket, tcp: Socket): PingedSocket {
    return {
      get receivedBytes() {
        return tcp.bytesRead;
      },
      get sentBytes() {
        return tcp.bytesWritten - tcp.writableLength;
      },
      get isBlocked() {
        return tcp.writableLength > 0;
      },
      get isPaused() {
        return socket.isPaused;
      },
      ping: () => socket.ping(),
      lost: () => {
        this.#stream.sendClose(CLOSE_INTERNAL, "the upstream does not answer");
        socket.terminate();
      },
    };
  }

  /** Passes pieces on as they arrive. The relay assembles whole messages, within its memory budget. */
  #onPiece(bytes: Buffer, isText: boolean, more: boolean): void {
    if (this.#stream.closed) return;
    this.#record.responseBytes += bytes.byteLength;
    if (this.#stream.writeMessage(bytes, isText, more)) return;
    this.#socket?.pause();
    this.#unread.set(SOCKET_PIECE_BYTES);
  }

  /** Comes after every message of the upstream. If the gateway began the close, it gets its own code back. */
  #onUpstreamClosed(code: number, reason: string): void {
    this.#pings?.stop();
    if (this.#stream.closed) return;
    const { closeFrame } = this.#stream;
    if (closeFrame === null) this.#stream.sendClose(upstreamCloseCode(code), fittingReason(reason));
    else this.#stream.sendClose(closeFrame.code, fittingReason(closeFrame.reason));
    if (!this.#stream.closed && !this.#stream.readEnded) this.#stream.stopSending();
  }
}
