import type { Socket } from "node:net";
import { guarded, type OnFault } from "../../platform/index.ts";
import {
  CODE,
  DEFAULT_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  HTTP2_FLAG,
  HTTP2_FRAME,
  frameHead,
  Http2ConnectionError,
  MAX_WINDOW_BYTES,
} from "./frames.ts";

/** Without this limit, answers to a peer that sends and does not read would pile up here. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** A body with something to send. */
export interface DataSource {
  /** Sends one frame. True: it can send another one at once. */
  sendOne(): boolean;
}

/** Writes the frames of one turn together. Bodies take turns, as the peer and the socket have room. */
export class FrameSender {
  readonly #socket: Socket;
  /** In the order of their turns. */
  readonly #ready = new Set<DataSource>();
  /** Of bodies. */
  sentBytes = 0;
  #windowBytes = DEFAULT_WINDOW_BYTES;
  #frameBytes = DEFAULT_FRAME_BYTES;
  #corked = false;
  #pumping = false;

  constructor(socket: Socket, onFault: OnFault) {
    this.#socket = socket;
    socket.on(
      "drain",
      guarded(() => this.#pump(), onFault),
    );
  }

  /** The largest frame that is sent to the peer. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  set frameBytes(bytes: number) {
    // Larger frames would keep other streams waiting.
    this.#frameBytes = Math.min(bytes, DEFAULT_FRAME_BYTES);
  }

  /** How much of a body may leave in one frame now. */
  get dataRoom(): number {
    return this.#socket.writableNeedDrain ? 0 : Math.max(0, Math.min(this.#windowBytes, this.#frameBytes));
  }

  write(bytes: Buffer): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  /** Sends an answer that the peer's frames require. */
  answer(bytes: Buffer): void {
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      throw new Http2ConnectionError(
        CODE.ENHANCE_YOUR_CALM,
        "the upstream does not read the answers to its frames",
      );
    }
    this.write(bytes);
  }

  /** At most `dataRoom` bytes. */
  data(streamId: number, bytes: Buffer, endStream: boolean): void {
    this.#windowBytes -= bytes.byteLength;
    this.sentBytes += bytes.byteLength;
    this.write(
      frameHead(bytes.byteLength, HTTP2_FRAME.DATA, endStream ? HTTP2_FLAG.END_STREAM : 0, streamId),
    );
    if (bytes.byteLength > 0) this.write(bytes);
  }

  /** The peer accepts so many more bytes over all streams. */
  grow(bytes: number): void {
    this.#windowBytes += bytes;
    if (this.#windowBytes > MAX_WINDOW_BYTES) {
      throw new Http2ConnectionError(CODE.FLOW_CONTROL_ERROR, "the connection's window is too large");
    }
    this.#pump();
  }

  ready(source: DataSource): void {
    this.#ready.add(source);
    this.#pump();
  }

  forget(source: DataSource): void {
    this.#ready.delete(source);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (const source of this.#ready) {
        if (this.dataRoom === 0) return;
        this.#ready.delete(source);
        // Moves it behind all others, so that the bodies take turns.
        if (source.sendOne()) this.#ready.add(source);
      }
    } finally {
      this.#pumping = false;
    }
  }
}
