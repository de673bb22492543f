import { MAX_FIELDS, MAX_HEAD_BYTES } from "../../../shared/protocol/index.ts";
import {
  CODE,
  HTTP2_FLAG,
  HTTP2_FRAME,
  frame as frameOf,
  type Http2Frame,
  Http2FrameReader,
  Http2ConnectionError,
  Http2StreamError,
  MAX_STREAM_ID,
} from "./frames.ts";
import { HeaderBlock } from "./header-block.ts";
import { HpackDecoder, HpackError } from "./hpack/decoder.ts";
import { type PeerSettings, readSettings } from "./peer-settings.ts";
import type { FrameSender } from "./sender.ts";
import type { Http2Stream } from "./stream.ts";

/** In HTTP/2 the status is a field, but not in the head that is made of it. So there is room for one more. */
const HEAD_LIMITS = { bytes: MAX_HEAD_BYTES + ":status200".length, fields: MAX_FIELDS + 1 };
const PRIORITY_BYTES = 5;
const PING_BYTES = 8;
const SHORTEST_GOAWAY_BYTES = 8;

/** The connection, as the frame handler sees it. */
export interface Http2FrameEvents {
  readonly sender: FrameSender;
  /** Null: the stream is closed. Throws if it never existed. */
  streamOf(id: number): Http2Stream | null;
  /** An exception in `run` ends only the stream. */
  within(stream: Http2Stream, run: () => void): void;
  /** DATA came. `frameBytes` counts against the windows. */
  onDataBytes(frameBytes: number, stream: Http2Stream | null, empty: boolean): void;
  /** A frame came that changes nothing. Throws when there are too many. */
  onUselessFrame(bytes: number): void;
  /** The peer may have so many reasons for a WINDOW_UPDATE: what was sent to it. */
  readonly windowUpdatesDue: number;
  onSettings(settings: PeerSettings): void;
  /** `lastId` never increases. */
  onGoaway(lastId: number, code: number): void;
}

/** Interprets frames and checks whether they may come now (RFC 9113 §6). Throws errors that end the connection. */
export class FrameHandler {
  readonly #events: Http2FrameEvents;
  readonly #reader = new Http2FrameReader();
  readonly #decoder = new HpackDecoder();
  #block: HeaderBlock | null = null;
  #greeted = false;
  #lastId = MAX_STREAM_ID;
  #pongs = 0;
  #others = 0;
  #windowUpdates = 0;

  constructor(events: Http2FrameEvents) {
    this.#events = events;
  }

  /** True: only answers to PING came. */
  feed(bytes: Buffer): boolean {
    this.#pongs = 0;
    this.#others = 0;
    this.#reader.feed(bytes, (frame) => this.#take(frame));
    return this.#pongs > 0 && this.#others === 0;
  }

  #take(frame: Http2Frame): void {
    const { type, flags } = frame;
    if ((this.#block !== null) !== (type === HTTP2_FRAME.CONTINUATION)) {
      throw broken("another frame inside a header block");
    }
    if (!this.#greeted && (type !== HTTP2_FRAME.SETTINGS || (flags & HTTP2_FLAG.ACK) !== 0)) {
      throw broken("it does not start with SETTINGS");
    }
    this.#greeted = true;
    if (this.#isUseless(frame)) this.#events.onUselessFrame(frame.payload.byteLength);
    if (type === HTTP2_FRAME.PING && (flags & HTTP2_FLAG.ACK) !== 0) this.#pongs++;
    else this.#others++;
    switch (type) {
      case HTTP2_FRAME.DATA:
        return this.#onData(frame);
      case HTTP2_FRAME.HEADERS:
        return this.#onHeaders(frame);
      case HTTP2_FRAME.CONTINUATION:
        return this.#onContinuation(frame);
      case HTTP2_FRAME.PRIORITY:
        onStream(frame);
        return ofSize(frame, PRIORITY_BYTES);
      case HTTP2_FRAME.RST_STREAM:
        return this.#onReset(frame);
      case HTTP2_FRAME.SETTINGS:
        return this.#onSettings(frame);
      case HTTP2_FRAME.PUSH_PROMISE:
        throw broken("a push, which is not permitted");
      case HTTP2_FRAME.PING:
        return this.#onPing(frame);
      case HTTP2_FRAME.GOAWAY:
        return this.#onGoaway(frame);
      case HTTP2_FRAME.WINDOW_UPDATE:
        return this.#onWindowUpdate(frame);
    }
  }

  /** A flood of such frames would cost the time of all exchanges, those of other upstreams included. */
  #isUseless({ type, flags, streamId }: Http2Frame): boolean {
    switch (type) {
      case HTTP2_FRAME.DATA:
      // A header block is judged when it is complete.
      case HTTP2_FRAME.HEADERS:
      case HTTP2_FRAME.CONTINUATION:
        return false;
      case HTTP2_FRAME.SETTINGS:
        return (flags & HTTP2_FLAG.ACK) !== 0;
      case HTTP2_FRAME.RST_STREAM:
        return streamId === 0 || this.#events.streamOf(streamId) === null;
      case HTTP2_FRAME.WINDOW_UPDATE:
        return ++this.#windowUpdates > this.#events.windowUpdatesDue;
      default:
        // Answers to PINGs, too: few are asked for. And what nobody knows.
        return true;
    }
  }

  #onData(frame: Http2Frame): void {
    onStream(frame);
    const stream = this.#events.streamOf(frame.streamId);
    const bytes = withoutPadding(frame);
    const endStream = (frame.flags & HTTP2_FLAG.END_STREAM) !== 0;
    const frameBytes = frame.payload.byteLength;
    this.#events.onDataBytes(frameBytes, stream, bytes.byteLength === 0 && !endStream);
    if (stream === null) return;
    this.#events.within(stream, () => stream.onData(bytes, frameBytes, endStream));
  }

  #onHeaders(frame: Http2Frame): void {
    onStream(frame);
    this.#events.streamOf(frame.streamId);
    const block = new HeaderBlock(frame.streamId, (frame.flags & HTTP2_FLAG.END_STREAM) !== 0);
    let part = withoutPadding(frame);
    if ((frame.flags & HTTP2_FLAG.PRIORITY) !== 0) {
      if (part.byteLength < PRIORITY_BYTES) throw wrongSize("HEADERS too short for their priority");
      part = part.subarray(PRIORITY_BYTES);
    }
    if ((frame.flags & HTTP2_FLAG.END_HEADERS) !== 0) return this.#complete(block, part);
    block.add(part);
    this.#block = block;
  }

  #onContinuation(frame: Http2Frame): void {
    const block = this.#block;
    if (block === null || block.streamId !== frame.streamId) throw broken("another stream's continuation");
    block.add(frame.payload);
    if ((frame.flags & HTTP2_FLAG.END_HEADERS) === 0) return;
    this.#block = null;
    this.#complete(block, block.bytes);
  }

  /** Every block is decoded, even for a closed stream, because the tables of both sides depend on it. */
  #complete({ streamId, endStream }: HeaderBlock, bytes: Buffer): void {
    const stream = this.#events.streamOf(streamId);
    if (stream === null) this.#events.onUselessFrame(bytes.byteLength);
    let raw: string[] | null;
    try {
      raw = this.#decoder.decode(bytes, HEAD_LIMITS);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new Http2ConnectionError(CODE.COMPRESSION_ERROR, error.message);
    }
    if (stream !== null) this.#events.within(stream, () => stream.onHeaders(raw, endStream));
  }

  #onReset(frame: Http2Frame): void {
    onStream(frame);
    ofSize(frame, 4);
    const stream = this.#events.streamOf(frame.streamId);
    if (stream !== null) this.#events.within(stream, () => stream.onReset(frame.payload.readUInt32BE(0)));
  }

  #onSettings(frame: Http2Frame): void {
    onConnection(frame);
    if ((frame.flags & HTTP2_FLAG.ACK) !== 0) return ofSize(frame, 0);
    const settings = readSettings(frame.payload);
    this.#events.sender.answer(frameOf(HTTP2_FRAME.SETTINGS, HTTP2_FLAG.ACK, 0, Buffer.alloc(0)));
    this.#events.onSettings(settings);
  }

  #onPing(frame: Http2Frame): void {
    onConnection(frame);
    ofSize(frame, PING_BYTES);
    if ((frame.flags & HTTP2_FLAG.ACK) !== 0) return;
    this.#events.sender.answer(frameOf(HTTP2_FRAME.PING, HTTP2_FLAG.ACK, 0, frame.payload));
  }

  #onGoaway(frame: Http2Frame): void {
    onConnection(frame);
    if (frame.payload.byteLength < SHORTEST_GOAWAY_BYTES) throw wrongSize("a GOAWAY that is too short");
    this.#lastId = Math.min(this.#lastId, frame.payload.readUInt32BE(0) & MAX_STREAM_ID);
    this.#events.onGoaway(this.#lastId, frame.payload.readUInt32BE(4));
  }

  #onWindowUpdate(frame: Http2Frame): void {
    ofSize(frame, 4);
    const bytes = frame.payload.readUInt32BE(0) & MAX_STREAM_ID;
    if (frame.streamId === 0) {
      if (bytes === 0) throw broken("a WINDOW_UPDATE of nothing");
      return this.#events.sender.grow(bytes);
    }
    const stream = this.#events.streamOf(frame.streamId);
    if (stream === null) return;
    this.#events.within(stream, () => {
      if (bytes === 0) throw new Http2StreamError(CODE.PROTOCOL_ERROR, "a WINDOW_UPDATE of nothing");
      stream.onWindow(bytes);
    });
  }
}

function onStream({ streamId }: Http2Frame): void {
  if (streamId === 0) throw broken("a stream frame on stream 0");
}

function onConnection({ streamId }: Http2Frame): void {
  if (streamId !== 0) throw broken("a connection frame on a stream");
}

function ofSize({ payload, type }: Http2Frame, bytes: number): void {
  if (payload.byteLength !== bytes)
    throw wrongSize(`a frame of type ${type} with ${payload.byteLength} bytes`);
}

function withoutPadding({ flags, payload }: Http2Frame): Buffer {
  if ((flags & HTTP2_FLAG.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined) throw wrongSize("padding without its length");
  if (padding >= payload.byteLength) throw broken("more padding than payload");
  return payload.subarray(1, payload.byteLength - padding);
}

function broken(what: string): Http2ConnectionError {
  return new Http2ConnectionError(CODE.PROTOCOL_ERROR, what);
}

function wrongSize(what: string): Http2ConnectionError {
  return new Http2ConnectionError(CODE.FRAME_SIZE_ERROR, what);
}
