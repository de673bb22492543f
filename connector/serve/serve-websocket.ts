import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import type { Stream, StreamHandler } from "../../shared/mux/stream.ts";
import type { ResponseHead } from "../../shared/protocol/head.ts";
import { MAX_DATA_BYTES } from "../../shared/protocol/limits.ts";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { closeCodeOf, fittingReason } from "../platform/close-code.ts";
import { failureOf, guarded, guardedClock, type OnFault } from "../platform/faults.ts";
import {
  receivedFields,
  responseFields,
  withoutHandshakeFields,
  withTraceparent,
} from "../upstream/http-fields.ts";
import type { ServeDeps } from "./serve-http.ts";
import { RequestMeter } from "../telemetry/request-summary.ts";
import type { RequestTrace } from "../telemetry/request-trace.ts";
import { endingStream } from "./stream-fault.ts";
import { type HandshakeEvents, upstreamHandshake } from "../upstream/websocket-handshake.ts";
import { type PingedSocket, UpstreamPings } from "./upstream-pings.ts";

/** Messages wait in the stream, where they hold back their sender, once so much waits in the upstream's socket. */
const SOCKET_BACKLOG_BYTES = 256 * 1024;

const CLOSE_INTERNAL = 1011;
const CLOSE_SERVICE_RESTART = 1012;

/** What `ws` found wrong with the upstream, as the close code that says so. */
const CLOSE_CODE_OF_ERROR: ReadonlyMap<string, number> = new Map([
  ["WS_ERR_INVALID_UTF8", 1007],
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1009],
]);

/** Serves one stream of kind websocket: messages and the close go both ways, or the upstream's refusal comes back. */
export class WebSocketStream implements StreamHandler, HandshakeEvents {
  readonly #stream: Stream;
  readonly #deps: ServeDeps;
  readonly #record: RequestMeter;
  readonly #trace: RequestTrace | null;
  readonly #onFault: OnFault;
  #end: () => void = () => {};
  #socket: WebSocket | null = null;
  #refusal: IncomingMessage | null = null;
  #closing = false;
  #errorCloseCode: number | null = null;
  #pings: UpstreamPings | null = null;

  constructor(stream: Stream, deps: ServeDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.#record = new RequestMeter(stream.open, deps.clock);
    this.#trace = deps.trace(stream.open);
    this.#onFault = endingStream(stream, deps.reportFault);
    queueMicrotask(guarded(() => this.#start(), this.#onFault));
  }

  #start(): void {
    if (this.#stream.closed) return this.onTornDown();
    try {
      const { open } = this.#stream;
      const fields = withTraceparent(open.fields, this.#trace?.callUpstream() ?? null);
      this.#end = upstreamHandshake({ ...open, fields }, this.#deps, this);
    } catch (error) {
      this.onFailed(failureOf(error, this.#onFault));
      this.onTornDown();
    }
  }

  // The tunnel's side.

  onReadable(): void {
    const socket = this.#socket;
    if (socket === null || this.#closing) return;
    while (socket.bufferedAmount < SOCKET_BACKLOG_BYTES) {
      const message = this.#stream.readMessage();
      if (message === null) break;
      this.#record.requestBytes += message.bytes.byteLength;
      const sent = guarded(() => this.onReadable(), this.#onFault);
      socket.send(message.bytes, { binary: !message.text, fin: !message.more }, sent);
    }
    const { closeFrame } = this.#stream;
    if (closeFrame === null || !this.#stream.readEnded) return;
    this.#closing = true;
    if (closeFrame.code === null) socket.close();
    else socket.close(closeFrame.code, fittingReason(closeFrame.reason));
  }

  onWritable(): void {
    this.#socket?.resume();
    this.#refusal?.resume();
  }

  /** 1012: the service restarts, come again (RFC 6455's registry). */
  onGraceOver(): void {
    if (this.#socket === null || this.#closing) return;
    this.#closing = true;
    this.#stream.sendClose(CLOSE_SERVICE_RESTART, "");
    this.#socket.close(CLOSE_SERVICE_RESTART);
  }

  onStop(): void {
    this.#stream.reset("CANCEL");
  }

  onClosed(error: TunnelError | null): void {
    if (error !== null) this.#end();
    const summary = this.#record.finish(error?.code ?? null);
    this.#deps.onFinished(summary, error);
    this.#trace?.finish(summary);
  }

  // The upstream's side.

  onAccepted(socket: WebSocket, response: IncomingMessage, isPinged: boolean): void {
    const onMessage = (data: RawData, isBinary: boolean): void => this.#onMessage(data, isBinary);
    const onClose = (code: number, reason: Buffer): void =>
      this.#onUpstreamClosed(code, reason.toString("utf8"));
    socket.on("message", guarded(onMessage, this.#onFault));
    socket.on("error", (error: Error & { code?: string }) => {
      this.#errorCloseCode = CLOSE_CODE_OF_ERROR.get(error.code ?? "") ?? 1002;
    });
    socket.on("close", guarded(onClose, this.#onFault));
    this.#socket = socket;
    const clock = guardedClock(this.#deps.clock, this.#onFault);
    if (isPinged) this.#pings = new UpstreamPings(clock, this.#pinged(socket, response.socket));
    if (this.#sendHead(101, response, false)) this.onReadable();
  }

  onRefused(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const bodyless = status === 204 || status === 304;
    const onData = (bytes: Buffer): void => {
      this.#record.responseBytes += bytes.byteLength;
      if (!this.#stream.closed && !bodyless && !this.#stream.write(bytes)) response.pause();
    };
    const onClose = (): void => {
      if (!response.complete) this.#stream.reset("BODY_ABORTED", "the upstream ended its refusal early");
      this.#finishRefusal(bodyless);
    };
    response.on("data", guarded(onData, this.#onFault));
    response.on("close", guarded(onClose, this.#onFault));
    this.#refusal = response;
    if (!this.#sendHead(status, response, bodyless)) response.destroy();
  }

  onFailed(error: TunnelError): void {
    this.#stream.reset(error.code, error.message, { notProcessed: error.notProcessed });
  }

  onTornDown(): void {
    this.#stream.release();
  }

  #sendHead(status: number, response: IncomingMessage, end: boolean): boolean {
    try {
      const fields = responseFields(status, receivedFields(response.rawHeaders));
      const head: ResponseHead = {
        status,
        reason: response.statusMessage ?? "",
        upstreamMs: this.#record.upstreamMs,
        fields: status === 101 ? withoutHandshakeFields(fields) : fields,
      };
      this.#stream.sendHead(head, end);
      this.#record.status = status;
      return true;
    } catch (error) {
      this.#stream.reset("UPSTREAM_PROTOCOL", failureOf(error, this.#onFault).message);
      return false;
    }
  }

  #pinged(socket: WebSocket, tcp: Socket): PingedSocket {
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

  #finishRefusal(headEnded: boolean): void {
    if (!this.#stream.closed) {
      if (!headEnded) this.#stream.end();
      this.#stream.stopSending();
    }
    this.#end();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#stream.closed || !Buffer.isBuffer(data)) return;
    this.#record.responseBytes += data.byteLength;
    let goOn = true;
    let at = 0;
    do {
      const piece = data.subarray(at, at + MAX_DATA_BYTES);
      at += MAX_DATA_BYTES;
      goOn = this.#stream.writeMessage(piece, !isBinary, at < data.byteLength);
    } while (at < data.byteLength);
    if (!goOn) this.#socket?.pause();
  }

  /** After every message of the upstream. A close that the gateway began is answered with its own code. */
  #onUpstreamClosed(code: number, reason: string): void {
    this.#pings?.stop();
    if (this.#stream.closed) return;
    const { closeFrame } = this.#stream;
    if (closeFrame === null)
      this.#stream.sendClose(this.#errorCloseCode ?? closeCodeOf(code), fittingReason(reason));
    else this.#stream.sendClose(closeFrame.code, fittingReason(closeFrame.reason));
    if (!this.#stream.closed && !this.#stream.readEnded) this.#stream.stopSending();
  }
}
