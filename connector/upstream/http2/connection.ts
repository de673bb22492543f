import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
} from "node:http2";
import type { Socket } from "node:net";
import { type Clock, elapsedMs, type Moment, momentOf } from "../../../shared/clock.ts";
import type { Field } from "../../../shared/protocol/head.ts";
import { MAX_HEAD_BYTES } from "../../../shared/protocol/limits.ts";
import { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { receivedFields } from "../http-fields.ts";
import type { Lease, LeaseEvents, LeaseRequest } from "../lease.ts";
import type { UpstreamAddress } from "../policy.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** An unused connection costs both sides little, and an upstream that wants it back says so with GOAWAY. */
const IDLE_MS = 60_000;
/** What one stream can make this process hold while its gateway reads slowly. */
const STREAM_WINDOW_BYTES = 256 * 1024;
/** A stalled stream keeps its own window shut and never the connection's, which may therefore be wide. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
/** RFC 9113 §6.5.2: as many as one should allow; used until the upstream says what it allows. */
const INITIAL_STREAMS = 100;

export interface Http2Options {
  target: UpstreamAddress;
  socket: Socket;
  clock: Clock;
  /** Null: a minute. */
  idleTimeoutMs: number | null;
  /** A stream ended, or more are allowed: there may be room. */
  onRoom(): void;
  /** Called once: it takes no more streams. */
  onClosing(connection: Http2Connection): void;
  /** Called once: the socket is no more. */
  onGone(connection: Http2Connection): void;
}

/** One HTTP/2 connection: many exchanges at a time, each on its own stream. */
export class Http2Connection {
  readonly openedAt: Moment;
  readonly #options: Http2Options;
  readonly #session: ClientHttp2Session;
  #leaseCount = 0;
  #servedCount = 0;
  #closing = false;
  /** Null while in use. */
  #idleSince: Moment | null = null;
  #cancelIdle: () => void = () => {};

  constructor(options: Http2Options) {
    const { target, socket, clock } = options;
    this.#options = options;
    this.openedAt = momentOf(clock);
    const sessionOptions: ClientSessionOptions & { strictSingleValueFields: boolean } = {
      createConnection: () => socket,
      peerMaxConcurrentStreams: INITIAL_STREAMS,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: MAX_HEAD_BYTES,
      },
      // Repeated fields go on as they came.
      strictSingleValueFields: false,
    };
    this.#session = connect(target.origin, sessionOptions);
    this.#session.once("connect", () => this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
    this.#session.on("remoteSettings", () => options.onRoom());
    this.#session.on("goaway", () => this.close());
    // Streams hear of it themselves.
    this.#session.on("error", () => {});
    socket.once("close", () => {
      this.close();
      options.onGone(this);
    });
  }

  get hasRoom(): boolean {
    const allowed = this.#session.remoteSettings?.maxConcurrentStreams ?? INITIAL_STREAMS;
    return !this.#closing && !this.#session.closed && this.#leaseCount < allowed;
  }

  /** Unused for longer than it is kept, though its timer may not have run: the machine slept. */
  get idledOut(): boolean {
    const { clock, idleTimeoutMs } = this.#options;
    return this.#idleSince !== null && elapsedMs(clock, this.#idleSince) >= (idleTimeoutMs ?? IDLE_MS);
  }

  /** Call while it has room. */
  openLease(): Lease {
    this.#leaseCount++;
    this.#idleSince = null;
    this.#cancelIdle();
    return new Http2Lease(this.#session, this.#options.target, this.#servedCount > 0, (served) => {
      this.#leaseCount--;
      if (served) this.#servedCount++;
      this.#becomeIdle();
      this.#options.onRoom();
    });
  }

  /** Takes no more exchanges; ends with the last one. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#cancelIdle();
    this.#session.close();
    this.#options.onClosing(this);
  }

  #becomeIdle(): void {
    if (this.#leaseCount > 0 || this.#closing) return;
    const { clock, idleTimeoutMs } = this.#options;
    this.#idleSince = momentOf(clock);
    this.#cancelIdle = clock.after(idleTimeoutMs ?? IDLE_MS, () => this.close());
  }
}

/** One stream. */
class Http2Lease implements Lease {
  readonly reused: boolean;
  readonly #session: ClientHttp2Session;
  readonly #target: UpstreamAddress;
  readonly #onLeft: (served: boolean) => void;
  #stream: ClientHttp2Stream | null = null;
  #heard = false;
  #left = false;

  constructor(
    session: ClientHttp2Session,
    target: UpstreamAddress,
    reused: boolean,
    onLeft: (served: boolean) => void,
  ) {
    this.#session = session;
    this.#target = target;
    this.reused = reused;
    this.#onLeft = onLeft;
  }

  get heard(): boolean {
    return this.#heard;
  }

  dispatch(request: LeaseRequest, events: LeaseEvents): void {
    const { method, path, host, rawHeaders, body } = request;
    const scheme = this.#target.secure ? "https" : "http";
    const head = [":method", method, ":scheme", scheme, ":authority", host, ":path", path, ...rawHeaders];
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(head, { endStream: body === null });
    } catch (error) {
      const gone = this.#session.closed || this.#session.destroyed;
      const message = error instanceof Error ? error.message : String(error);
      const code = gone ? "UPSTREAM_PROTOCOL" : "BAD_REQUEST";
      return events.onLeaseError(new TunnelError(code, message, { notProcessed: true, cause: error }));
    }
    this.#stream = stream;
    events.onRequestStart();
    this.#listen(stream, events);
    if (body === null) return events.onRequestSent();
    stream.once("finish", () => events.onRequestSent());
    if (Buffer.isBuffer(body)) {
      stream.end(body);
    } else {
      body.once("error", (error) => events.onLeaseError(error));
      body.pipe(stream);
      stream.once("close", () => body.destroy());
    }
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  done(): void {
    this.#leave(true);
  }

  abort(onTornDown: () => void): void {
    const stream = this.#stream;
    const left = (): void => {
      this.#leave(false);
      onTornDown();
    };
    if (stream === null || stream.destroyed) return left();
    stream.once("close", left);
    stream.close(NGHTTP2_CANCEL);
    // A stream whose data nobody reads any more would wait for its reader.
    stream.destroy();
  }

  #leave(served: boolean): void {
    if (this.#left) return;
    this.#left = true;
    this.#onLeft(served);
  }

  #listen(stream: ClientHttp2Stream, events: LeaseEvents): void {
    let ended = false;
    let trailers: readonly Field[] = [];
    stream.on("headers", () => void (this.#heard = true));
    stream.once("response", (headers, _flags, raw) => {
      this.#heard = true;
      events.onResponseHead(headers[":status"] ?? 0, "", receivedFields(raw));
    });
    stream.once("trailers", (_trailers, _flags, raw) => (trailers = receivedFields(raw)));
    stream.on("data", (bytes: Buffer) => events.onResponseData(bytes));
    stream.once("end", () => {
      // A reset looks like the end of a body without a length.
      if (stream.aborted || (stream.rstCode ?? NGHTTP2_NO_ERROR) !== NGHTTP2_NO_ERROR) return;
      ended = true;
      // The rest of an upload has no purpose any more.
      if (!stream.writableEnded) stream.close(NGHTTP2_CANCEL);
      events.onResponseEnd(trailers);
    });
    stream.on("error", (error) => this.#fail(error, events));
    stream.once("close", () => {
      if (!ended) this.#fail(new Error("the upstream ended the stream early"), events);
    });
  }

  #fail(error: Error, events: LeaseEvents): void {
    if (this.#stream?.rstCode !== NGHTTP2_REFUSED_STREAM) return events.onLeaseError(error);
    // RFC 9113 §8.7: nothing of the request was processed.
    const options = { notProcessed: true, cause: error };
    events.onLeaseError(
      new TunnelError("UPSTREAM_REFUSED", `${this.#target.authority} refused the stream`, options),
    );
  }
}
