/*
 * One HTTP exchange at the connector: from the stream to the upstream and back. `serve-stream.ts` makes it.
 *
 * It reads from the upstream only what the stream has credit for, and from the stream only what the upstream accepts. It says whether
 * the request was processed: the relay may send it elsewhere only if it was not.
 *
 * docs/protocol.md#two-halves; decisions 0023, 0026 and 0050.
 */
import { contentLengthOf } from "../../shared/http/index.ts";
import type { Stream, StreamHandler } from "../../shared/mux/index.ts";
import type { Field, TunnelError } from "../../shared/protocol/index.ts";
import {
  rawHeadersOf,
  requestFields,
  responseFields,
  trailerFields,
  wantedHost,
  wireText,
  withTraceparent,
  readAll,
  UploadStream,
  wrongLength,
  bodyTooLarge,
  limitsFor,
  type ServiceLimits,
  type TcpConnections,
  type Upstream,
  type UpstreamDeps,
  type UpstreamEvents,
  type UpstreamExchange,
} from "../upstream/index.ts";
import { callerOf } from "../../shared/streams/stream-shares.ts";
import { failureOf, guarded, type OnFault } from "../platform/index.ts";
import { endingStream } from "./stream-fault.ts";
import { type OnFinished, RequestMeter, type RequestTrace, type TraceRequest } from "../telemetry/index.ts";

export interface ServeDeps extends UpstreamDeps {
  upstream: Upstream;
  tcpConnections: TcpConnections;
  trace: TraceRequest;
  onFinished: OnFinished;
}

/** Serves one stream of kind http: its request goes upstream, the response comes back, both as they arrive. */
export class HttpStream implements StreamHandler, UpstreamEvents {
  readonly #stream: Stream;
  readonly #deps: ServeDeps;
  readonly #record: RequestMeter;
  readonly #trace: RequestTrace | null;
  readonly #limits: ServiceLimits;
  readonly #onFault: OnFault;
  #exchange: UpstreamExchange | null = null;
  #body: UploadStream | null = null;
  #phase: "new" | "waiting" | "answering" | "ended" = "new";

  constructor(stream: Stream, deps: ServeDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.#record = new RequestMeter(stream.open, deps.clock);
    this.#trace = deps.trace(stream.open);
    this.#limits = limitsFor(deps.limits, stream.open.service);
    this.#onFault = endingStream(stream, deps.reportFault);
    // Deliver the rest of the same message first, so that a small body is complete when the request starts.
    queueMicrotask(guarded(() => this.#start(), this.#onFault));
  }

  #start(): void {
    const { open } = this.#stream;
    if (this.#stream.closed) return this.onTornDown();
    try {
      const forwarded = requestFields(open.fields, this.#limits);
      const fields = withTraceparent(forwarded, this.#trace?.callUpstream() ?? null);
      this.#phase = "waiting";
      const exchange = this.#deps.upstream.request(
        {
          caller: callerOf(open),
          service: open.service,
          target: open.target,
          method: open.method,
          host: wantedHost(open.fields),
          path: wireText(open.path),
          rawHeaders: rawHeadersOf(fields),
          body: this.#requestBody(fields),
          connectTimeoutMs: open.connectTimeoutMs,
          responseTimeoutMs: open.responseTimeoutMs,
          stallTimeoutMs: this.#stream.stallTimeoutMs,
        },
        this,
      );
      this.#exchange = exchange;
    } catch (error) {
      this.onError(failureOf(error, this.#onFault));
      this.onTornDown();
    }
  }

  #requestBody(fields: readonly Field[]): Buffer | UploadStream | null {
    const length = contentLengthOf(fields);
    if (typeof length === "number" && length > this.#maxBodyBytes) throw bodyTooLarge(this.#limits, true);
    if (!this.#stream.remoteEnded) {
      const lengthBytes = length === "invalid" ? null : length;
      if (lengthBytes !== null) this.#stream.expect(lengthBytes);
      this.#body = new UploadStream(this.#stream, lengthBytes, (bytes) => this.#countRequestBytes(bytes));
      return this.#body;
    }
    const body = readAll(this.#stream);
    if (body.byteLength > this.#maxBodyBytes) throw bodyTooLarge(this.#limits, true);
    if (length !== null && length !== body.byteLength) throw wrongLength(true);
    this.#record.requestBytes = body.byteLength;
    return body.byteLength === 0 ? null : body;
  }

  #countRequestBytes(bytes: number): void {
    this.#record.requestBytes += bytes;
    if (this.#record.requestBytes > this.#maxBodyBytes) this.onError(bodyTooLarge(this.#limits, false));
  }

  get #maxBodyBytes(): number {
    return this.#limits.maxBodyBytes ?? Infinity;
  }

  // The tunnel's side.

  onReadable(): void {
    this.#body?.pump();
  }

  onWritable(): void {
    // Deferred, because the connection is sending while it calls this, and resuming would write to it.
    queueMicrotask(guarded(() => this.#exchange?.resume(), this.#onFault));
  }

  /** Nobody reads the response any more, so the rest of the request is not needed either. */
  onStop(): void {
    this.#stream.reset("CANCEL");
  }

  onClosed(error: TunnelError | null): void {
    this.#phase = "ended";
    if (error !== null) this.#exchange?.abort();
    const summary = this.#record.finish(error?.code ?? null);
    this.#deps.onFinished(summary, error);
    this.#trace?.finish(summary);
  }

  // The upstream's side.

  onResponse(status: number, reason: string, received: readonly Field[]): void {
    try {
      const fields = responseFields(status, received);
      const bodyless = this.#stream.open.method === "HEAD" || status === 204 || status === 304;
      const ended = bodyless || contentLengthOf(fields) === 0;
      const { upstreamMs } = this.#record;
      this.#stream.sendHead({ status, reason, upstreamMs, fields }, ended);
      this.#record.status = status;
      this.#phase = ended ? "ended" : "answering";
    } catch (error) {
      this.#stream.reset("UPSTREAM_PROTOCOL", failureOf(error, this.#onFault).message);
    }
  }

  onData(bytes: Buffer): void {
    if (this.#phase !== "answering") return;
    this.#record.responseBytes += bytes.byteLength;
    if (!this.#stream.write(bytes)) this.#exchange?.pause();
  }

  onEnd(received: readonly Field[]): void {
    this.#trace?.upstreamDone({ status: this.#record.status, code: null });
    if (this.#phase === "answering") {
      this.#phase = "ended";
      this.#endAnswer(trailerFields(received));
    }
    // The upstream answered before it had read the whole request.
    if (!this.#stream.closed && !this.#stream.readEnded) this.#stream.stopSending();
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

  /** Any hop may drop trailers (RFC 9110 §6.5.1), so trailers that the protocol cannot carry are left out. */
  #endAnswer(trailers: readonly Field[]): void {
    if (trailers.length === 0) return this.#stream.end();
    try {
      this.#stream.sendTrailers(trailers);
    } catch {
      this.#stream.end();
    }
  }
}
