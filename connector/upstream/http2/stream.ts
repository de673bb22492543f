import type { Readable } from "node:stream";
import type { Clock } from "../../../shared/time/clock.ts";
import type { Holder, MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import { type Field, ITEM_OVERHEAD_BYTES, TunnelError } from "../../../shared/protocol/index.ts";
import { guarded, type OnFault } from "../../platform/index.ts";
import type { Lease, LeaseEvents, LeaseRequest, UploadProgress } from "../lease.ts";
import { CODE, codeName, HTTP2_FRAME, Http2StreamError, numberFrame } from "./frames.ts";
import { bodyLengthOf, malformed, requestHead, responseHead, responseTrailers } from "./head.ts";
import type { FrameSender } from "./sender.ts";
import { Http2Upload } from "./upload.ts";
import { wrongLength } from "../upload-stream.ts";

/** The most that one stream can make this process keep while its gateway reads slowly. The budget limits all of them together. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
/** This much is granted even if memory is short. */
const MIN_WINDOW_BYTES = 16 * 1024;

/** Smaller pieces are joined, because a queue of single bytes would need a hundred times their size. */
const JOINED_BYTES = 1024;

/** The connection, as a stream sees it. */
export interface Http2StreamOwner {
  readonly sender: FrameSender;
  readonly clock: Clock;
  readonly memory: MemoryAccount;
  readonly secure: boolean;
  /** Called with unexpected exceptions. */
  readonly onFault: OnFault;
  /** Writes the stream's HEADERS and returns its id. Null: it accepts no more streams. */
  open(stream: Http2Stream, raw: readonly string[], endStream: boolean): number | null;
  /** How much of a new stream's body the peer accepts at first. */
  readonly initialWindowBytes: number;
  /** The stream is closed, or was never opened. `dueBytes` of its DATA may still arrive. */
  onClosed(stream: Http2Stream, dueBytes: number): void;
  /** A request of this stream timed out without any answer. */
  onUnanswered(sinceMs: number): void;
  /** The error for a stream that the peer reset or dropped with this code before anything came on it. */
  untouched(code: number): TunnelError | null;
}

/**
 * One exchange. Only END_STREAM completes its response (RFC 9113 §8.1). Nothing that comes after that changes it, not even a
 * reset. A failure is reported once.
 */
export class Http2Stream implements Lease, Holder {
  readonly reused: boolean;
  readonly #owner: Http2StreamOwner;
  #events: LeaseEvents | null = null;
  /** "detached": closed for the peer, but its reader has not read everything yet. */
  #phase: "reserved" | "open" | "detached" | "over" = "reserved";
  #id = 0;
  #sentAtMs = 0;
  #method = "";
  #heard = false;
  #upload: Http2Upload | null = null;
  #returnedBody: Buffer | Readable | null = null;
  #hasHead = false;
  /** How many bytes of the body are still due; null: the length is not known. */
  #leftBytes: number | null = null;
  #windowBytes = STREAM_WINDOW_BYTES;
  /** Bytes that were read and not yet returned to the window. */
  #readBytes = 0;
  #paused = false;
  #delivering = false;
  readonly #queue: Buffer[] = [];
  /** Bytes of the memory budget for what is queued. */
  #heldBytes = 0;
  progressMs = 0;
  /** The queued data was dropped to free memory, so no more of the body may follow. */
  #dropped = false;
  /** The trailers, if the response's end came behind the queued data. */
  #trailers: readonly Field[] | null = null;

  constructor(owner: Http2StreamOwner, reused: boolean) {
    this.#owner = owner;
    this.reused = reused;
  }

  get id(): number {
    return this.#id;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get heard(): boolean {
    return this.#heard;
  }

  /** The response is complete. */
  get complete(): boolean {
    return this.#trailers !== null;
  }

  get upload(): UploadProgress | null {
    return this.#upload?.over === false ? this.#upload : null;
  }

  get returnedBody(): Buffer | Readable | null {
    return this.#returnedBody;
  }

  dispatch(request: LeaseRequest, events: LeaseEvents): void {
    const { method } = request;
    const body = Buffer.isBuffer(request.body) && request.body.byteLength === 0 ? null : request.body;
    const owner = this.#owner;
    let declaredBytes: number | null;
    let id: number | null;
    try {
      const head = requestHead({ ...request, body }, owner.secure);
      declaredBytes = head.declaredBytes;
      const lengthBytes = body === null ? 0 : Buffer.isBuffer(body) ? body.byteLength : declaredBytes;
      if (declaredBytes !== null && declaredBytes !== lengthBytes) throw wrongLength(true);
      id = owner.open(this, head.raw, body === null);
      if (id === null) throw new Error("the connection was closed");
    } catch (error) {
      this.#phase = "over";
      this.#returnedBody = body;
      // Deferred, because the caller of dispatch has not returned yet.
      const tell = (): void => {
        owner.onClosed(this, 0);
        events.onLeaseError(error as Error);
      };
      queueMicrotask(guarded(tell, owner.onFault));
      return;
    }
    this.#events = events;
    this.#phase = "open";
    this.#id = id;
    this.#method = method;
    this.#sentAtMs = owner.clock.nowMs();
    events.onRequestStart();
    if (body === null) return events.onRequestSent();
    const { sender, clock, onFault, initialWindowBytes: windowBytes } = owner;
    this.#upload = new Http2Upload(
      { streamId: id, body, declaredBytes, windowBytes, sender, clock, onFault },
      {
        onRequestSent: () => {
          this.#sentAtMs = clock.nowMs();
          events.onRequestSent();
        },
        onUploadError: (error) => this.reset(CODE.CANCEL, error),
      },
    );
    this.#upload.start();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  /** Nothing to do: a stream leaves its connection when it is closed. */
  done(): void {}

  abort(onTornDown: () => void, timedOut = false): void {
    if (timedOut && !this.#heard) this.#owner.onUnanswered(this.#sentAtMs);
    this.#close(CODE.CANCEL);
    queueMicrotask(onTornDown);
  }

  /** The memory budget calls this in the middle of other work, so the reader is told later. */
  end(): void {
    this.#dropped = true;
    this.#dropQueue();
    const error = new TunnelError(
      "OVERLOADED",
      "the connector's memory is used up, and this response was read slowly",
    );
    this.#owner.clock.soon(() => this.reset(CODE.CANCEL, error));
  }

  // Frames of this stream, from the connection. These may throw an Http2StreamError.

  /** Null: the head is over the limits. */
  onHeaders(raw: readonly string[] | null, endStream: boolean): void {
    this.#heard = true;
    this.#upload?.keepNothing();
    if (raw === null) throw new Http2StreamError(CODE.CANCEL, "the response head is too large");
    if (this.#hasHead) {
      if (!endStream) throw malformed("trailers without END_STREAM");
      return this.#end(responseTrailers(raw));
    }
    const head = responseHead(raw);
    if (head.status < 200) {
      if (endStream || head.status === 101) throw malformed(`a ${head.status} with END_STREAM, or a 101`);
      return this.#events?.onInterimHead(head.status, head.fields);
    }
    this.#leftBytes = bodyLengthOf(this.#method, head);
    this.#hasHead = true;
    this.#events?.onResponseHead(head.status, "", head.fields);
    if (endStream) this.#end([]);
  }

  /** `frameBytes` counts against the window. */
  onData(bytes: Buffer, frameBytes: number, endStream: boolean): void {
    this.#windowBytes -= frameBytes;
    if (this.#windowBytes < 0) {
      throw new Http2StreamError(CODE.FLOW_CONTROL_ERROR, "the upstream sent more than its window allows");
    }
    if (!this.#hasHead) throw malformed("a body before its head");
    if (this.#leftBytes !== null) {
      this.#leftBytes -= bytes.byteLength;
      if (this.#leftBytes < 0) throw malformed("its body is too long");
    }
    this.#giveBack(frameBytes - bytes.byteLength);
    if (this.#dropped) return;
    if (bytes.byteLength > 0) {
      if (this.#paused || this.#delivering || this.#queue.length > 0) this.#keep(bytes);
      else this.#pass(bytes);
    }
    if (endStream) this.#end([]);
  }

  onReset(code: number): void {
    const untouched = this.#heard ? null : this.#owner.untouched(code);
    const where = this.#hasHead ? "during its response" : "before its response";
    this.fail(untouched ?? new Error(`the upstream reset the stream ${where} (${codeName(code)})`));
  }

  onWindow(bytes: number): void {
    this.#upload?.grow(bytes);
  }

  /** Ends the stream on both sides. */
  reset(code: number, error: Error): void {
    this.#close(code, error);
  }

  /** The peer has ended the stream or the whole connection. */
  fail(error: Error): void {
    this.#close(null, error);
  }

  #end(trailers: readonly Field[]): void {
    if (this.#phase !== "open") return;
    if (this.#leftBytes !== null && this.#leftBytes > 0) {
      throw malformed("its body is shorter than its Content-Length");
    }
    this.#trailers = trailers;
    this.#phase = "detached";
    // The rest of an upload is not needed any more.
    this.#leave(CODE.CANCEL);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivering || this.#dropped) return;
    this.#delivering = true;
    try {
      for (let bytes = this.#next(); bytes !== null; bytes = this.#next()) this.#pass(bytes);
    } finally {
      this.#delivering = false;
    }
    const trailers = this.#trailers;
    if (
      this.#paused ||
      this.#dropped ||
      trailers === null ||
      this.#queue.length > 0 ||
      this.#phase !== "detached"
    )
      return;
    const events = this.#events;
    this.#finish();
    events?.onResponseEnd(trailers);
  }

  /** Keeps a copy, because a view would keep the whole read buffer alive. Small pieces are joined, because each buffer has its cost. */
  #keep(bytes: Buffer): void {
    const { memory, clock } = this.#owner;
    const last = this.#queue.at(-1);
    let addedBytes = bytes.byteLength;
    if (last === undefined || last.byteLength + bytes.byteLength > JOINED_BYTES) {
      this.#queue.push(Buffer.from(bytes));
      addedBytes += ITEM_OVERHEAD_BYTES;
    } else {
      this.#queue[this.#queue.length - 1] = Buffer.concat([last, bytes]);
    }
    if (last === undefined) {
      this.progressMs = clock.nowMs();
      memory.add(this);
    }
    this.#heldBytes += addedBytes;
    // This comes last, because this stream may be the one that has to free memory.
    memory.hold(addedBytes);
  }

  #next(): Buffer | null {
    const bytes = this.#paused ? undefined : this.#queue.shift();
    if (bytes === undefined) return null;
    const { memory, clock } = this.#owner;
    this.progressMs = clock.nowMs();
    this.#heldBytes -= bytes.byteLength + ITEM_OVERHEAD_BYTES;
    memory.giveBack(bytes.byteLength + ITEM_OVERHEAD_BYTES);
    if (this.#queue.length === 0) memory.remove(this);
    return bytes;
  }

  #dropQueue(): void {
    if (this.#queue.length === 0) return;
    const { memory } = this.#owner;
    this.#queue.length = 0;
    memory.remove(this);
    memory.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #pass(bytes: Buffer): void {
    this.#events?.onResponseData(bytes);
    this.#giveBack(bytes.byteLength);
  }

  /** Returns credit in steps of half a window, to save frames. While memory is short, it keeps some of it back. */
  #giveBack(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#phase !== "open" || this.#readBytes < STREAM_WINDOW_BYTES / 2) return;
    const sizeBytes = this.#owner.memory.shareBytes(MIN_WINDOW_BYTES, STREAM_WINDOW_BYTES);
    const owedBytes = this.#readBytes - (STREAM_WINDOW_BYTES - sizeBytes);
    if (owedBytes < sizeBytes / 2) return;
    this.#owner.sender.write(numberFrame(HTTP2_FRAME.WINDOW_UPDATE, this.#id, owedBytes));
    this.#windowBytes += owedBytes;
    this.#readBytes -= owedBytes;
  }

  /** `code`: the reset to send; null if the peer already knows. */
  #close(code: number | null, error: Error | null = null): void {
    if (this.#phase === "over") return;
    const events = this.#events;
    const phase = this.#phase;
    this.#finish();
    if (phase === "reserved") this.#owner.onClosed(this, 0);
    if (phase === "open") {
      const untouched = error instanceof TunnelError && error.notProcessed;
      if (untouched) this.#returnedBody = this.#upload?.giveBack() ?? null;
      this.#leave(code, true);
    }
    if (error !== null) events?.onLeaseError(error);
  }

  /** Closes the stream for the peer. A request that was sent and answered completely needs no reset. */
  #leave(code: number | null, always = false): void {
    const uploading = this.upload !== null;
    if (uploading) this.#upload?.stop();
    else this.#upload?.keepNothing();
    this.#upload = null;
    if (code !== null && (always || uploading)) {
      this.#owner.sender.write(numberFrame(HTTP2_FRAME.RST_STREAM, this.#id, code));
    }
    this.#owner.onClosed(this, always && code !== null ? this.#windowBytes : 0);
  }

  #finish(): void {
    this.#phase = "over";
    this.#events = null;
    this.#dropQueue();
  }
}
