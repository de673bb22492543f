import type { Readable } from "node:stream";
import { GrowingPiece, JOINED_BYTES } from "../../../shared/memory/growing-piece.ts";
import type { Clock } from "../../../shared/time/clock.ts";
import { failureOf, guarded, type OnFault } from "../../platform/index.ts";
import type { UploadProgress } from "../lease.ts";
import { wrongLength } from "../upload-stream.ts";
import { CODE, Http2StreamError, MAX_WINDOW_BYTES } from "./frames.ts";
import type { DataSource, FrameSender } from "./sender.ts";

/** How much of a body is kept until a part of an answer comes: a usual window and the chunk behind it. */
const MAX_KEPT_BYTES = 128 * 1024;
/** The same for all bodies together. */
const MAX_KEPT_IN_ALL_BYTES = 16 * 1024 * 1024;
const keptInAll = { bytes: 0 };

export interface UploadEvents {
  onRequestSent(): void;
  /** The request can no longer be completed. */
  onUploadError(error: Error): void;
}

export interface UploadOptions {
  streamId: number;
  body: Buffer | Readable;
  /** Null: not known before the end. */
  declaredBytes: number | null;
  /** How much the peer accepts at first. */
  windowBytes: number;
  sender: FrameSender;
  clock: Clock;
  onFault: OnFault;
}

/** Sends one request's body as fast as the peer accepts it, and never more than was declared. */
export class Http2Upload implements DataSource, UploadProgress {
  readonly #options: UploadOptions;
  readonly #events: UploadEvents;
  #windowBytes: number;
  /** The chunk that is being sent. A streamed body is read one chunk at a time. */
  #chunk: Buffer | null = null;
  #takenBytes = 0;
  /** Everything read of a streamed body so far, while it is little and may be needed again; null: it is not kept. */
  #kept: Uint8Array[] | null = [];
  readonly #joined = new GrowingPiece(JOINED_BYTES);
  #removeListeners: () => void = () => {};
  /** The current chunk is the last one. */
  #ended = false;
  #over = false;
  #movedAtMs: number;

  constructor(options: UploadOptions, events: UploadEvents) {
    this.#options = options;
    this.#events = events;
    this.#windowBytes = options.windowBytes;
    this.#movedAtMs = options.clock.nowMs();
  }

  /** Nothing more will be sent. */
  get over(): boolean {
    return this.#over;
  }

  get blocked(): boolean {
    return this.#chunk !== null;
  }

  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  start(): void {
    const { body } = this.#options;
    if (Buffer.isBuffer(body)) {
      this.#ended = true;
      return this.#offer(body);
    }
    const onFault = (thrown: unknown): void => this.#fail(failureOf(thrown, this.#options.onFault));
    const onData = (chunk: Buffer | string): void => this.#onData(chunk);
    const onEnd = (): void => this.#onEnd();
    const onError = (error: Error): void => this.#fail(error);
    const onClose = (): void => {
      // A stream also closes after its normal end, while its last chunk may still wait for room.
      if (!this.#ended) this.#fail(new Error("the request body was cut off"));
    };
    const listeners = {
      data: guarded(onData, onFault),
      end: guarded(onEnd, onFault),
      // The listener stays, because a body can fail even after nobody wants it any more.
      error: guarded(onError, onFault),
      close: guarded(onClose, onFault),
    };
    for (const [name, listener] of Object.entries(listeners)) body.on(name, listener);
    this.#removeListeners = () => {
      for (const [name, listener] of Object.entries(listeners)) body.off(name, listener);
    };
    // A body that came back from another stream is paused.
    body.resume();
  }

  /** Sends nothing from now on, and destroys the body so that its source knows. */
  stop(): void {
    this.#end();
    this.keepNothing();
    const { body } = this.#options;
    if (!Buffer.isBuffer(body)) body.destroy();
  }

  /** A part of an answer has come, so the body will not be needed again. */
  keepNothing(): void {
    keptInAll.bytes -= this.#keptBytes;
    this.#kept = null;
    this.#joined.forget();
  }

  /** Stops and returns the whole body again; null: too much of it is gone. */
  giveBack(): Buffer | Readable | null {
    const { body } = this.#options;
    if (Buffer.isBuffer(body)) return body;
    const kept = this.#kept;
    if (kept === null || body.errored !== null) {
      this.stop();
      return null;
    }
    this.#end();
    this.keepNothing();
    this.#removeListeners();
    if (this.#ended) return Buffer.concat(kept);
    body.on("error", () => {});
    body.pause();
    for (const chunk of kept.reverse()) body.unshift(chunk);
    return body;
  }

  /** The peer accepts so many more bytes. Negative if its settings reduce the window. */
  grow(bytes: number): void {
    this.#windowBytes += bytes;
    if (this.#windowBytes > MAX_WINDOW_BYTES) {
      throw new Http2StreamError(CODE.FLOW_CONTROL_ERROR, "the stream's window is too large");
    }
    if (bytes > 0 && this.#chunk !== null && !this.#over) this.#options.sender.ready(this);
  }

  sendOne(): boolean {
    const { sender, streamId, clock, body } = this.#options;
    const chunk = this.#chunk;
    if (this.#over || chunk === null) return false;
    const size = Math.min(chunk.byteLength, this.#windowBytes, sender.dataRoom);
    if (size <= 0) return false;
    const last = size === chunk.byteLength;
    this.#windowBytes -= size;
    this.#movedAtMs = clock.nowMs();
    sender.data(streamId, last ? chunk : chunk.subarray(0, size), last && this.#ended);
    if (!last) {
      this.#chunk = chunk.subarray(size);
      return true;
    }
    this.#chunk = null;
    if (!this.#ended) {
      if (!Buffer.isBuffer(body)) body.resume();
      return false;
    }
    this.#sent();
    return false;
  }

  #onData(data: Buffer | string): void {
    const chunk = typeof data === "string" ? Buffer.from(data) : data;
    if (this.#over || chunk.byteLength === 0) return;
    const { declaredBytes, body } = this.#options;
    this.#takenBytes += chunk.byteLength;
    if (declaredBytes !== null && this.#takenBytes > declaredBytes) return this.#fail(wrongLength(false));
    if (!Buffer.isBuffer(body)) body.pause();
    this.#keep(chunk);
    this.#offer(chunk);
  }

  #onEnd(): void {
    if (this.#over) return;
    const { declaredBytes } = this.#options;
    if (declaredBytes !== null && this.#takenBytes < declaredBytes) return this.#fail(wrongLength(false));
    this.#ended = true;
    if (this.#chunk !== null) return;
    // A frame without bytes needs no window, and the peer may grant none before it has seen the end.
    const { sender, streamId } = this.#options;
    sender.data(streamId, Buffer.alloc(0), true);
    this.#sent();
  }

  #keep(chunk: Buffer): void {
    if (this.#kept === null) return;
    this.#joined.addTo(this.#kept, chunk);
    keptInAll.bytes += chunk.byteLength;
    if (this.#takenBytes > MAX_KEPT_BYTES || keptInAll.bytes > MAX_KEPT_IN_ALL_BYTES) this.keepNothing();
  }

  get #keptBytes(): number {
    return (this.#kept ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  #offer(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#movedAtMs = this.#options.clock.nowMs();
    this.#options.sender.ready(this);
  }

  #sent(): void {
    this.#end();
    this.#events.onRequestSent();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.stop();
    this.#events.onUploadError(error);
  }

  #end(): void {
    this.#over = true;
    this.#chunk = null;
    this.#options.sender.forget(this);
  }
}
