import { MuxStream } from "../../../shared/mux/mux-stream.ts";
import type { StreamRest } from "../../../shared/mux/rest.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/stream.ts";
import type { ErrorCode } from "../../../shared/protocol/error-code.ts";
import type { TunnelError } from "../../../shared/protocol/tunnel-error.ts";

/** The byte at an offset of one direction of one stream. */
const patternByte = (seed: number, offset: number) => (seed * 31 + offset * 7 + (offset >> 8)) & 0xff;

/** One end of a simulated stream. It sends a known pattern, checks what arrives, and counts what it is told. */
export class SimOwner implements StreamHandler {
  stream: Stream | null = null;
  sentBytes = 0;
  sentMessages = 0;
  receivedBytes = 0;
  receivedMessages = 0;
  /** One entry per call of `onClosed`. */
  readonly closed: (TunnelError | null)[] = [];
  readonly problems: string[] = [];
  /** What this end may send next. */
  mode: "head" | "body" | "messages" | "ended";
  /** If false, nothing is read until the test says so. */
  reads = true;
  /** `stopped`: this end wants no more of the peer's bytes. `stopHeard`: the peer wants no more of this end's. */
  stopped = false;
  stopHeard = false;
  /** The state from which the stream can be restored, as last reported. */
  rest: StreamRest | null = null;
  sentTrailers = false;
  resetByOwner = false;
  readonly #seed: number;
  readonly #peerSeed: number;
  readonly #isConnector: boolean;

  constructor(number: number, isConnector: boolean, mode: "head" | "body" | "ended") {
    this.#seed = 2 * number + (isConnector ? 1 : 0);
    this.#peerSeed = 2 * number + (isConnector ? 0 : 1);
    this.#isConnector = isConnector;
    this.mode = mode;
  }

  get #mayAnswer(): boolean {
    return this.#isConnector && this.isLive && this.mode === "head";
  }

  get isLive(): boolean {
    return this.stream !== null && this.closed.length === 0;
  }

  // Actions of the owner. Each does nothing if it is not allowed now.

  head(end: boolean): void {
    if (!this.#mayAnswer || this.stream === null) return;
    const switches = this.stream.open.kind === "websocket";
    const ends = end && !switches;
    this.mode = ends ? "ended" : switches ? "messages" : "body";
    this.stream.sendHead({ status: switches ? 101 : 200, reason: "", fields: [] }, ends);
  }

  informational(): void {
    if (this.#mayAnswer) this.stream?.sendHead({ status: 103, reason: "", fields: [] });
  }

  write(length: number): void {
    if (!this.isLive || (this.mode !== "body" && this.mode !== "messages")) return;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = patternByte(this.#seed, this.sentBytes + i);
    this.sentBytes += length;
    if (this.mode === "body") {
      this.stream?.write(bytes);
    } else {
      this.sentMessages++;
      this.stream?.writeMessage(bytes, false, false);
    }
  }

  finish(trailers: boolean): void {
    if (!this.isLive || this.mode === "ended") return;
    // A WebSocket that was never accepted ends like any other stream.
    if (this.mode === "head" && (this.#isConnector || this.stream?.remoteEnded !== true)) return;
    const wasMessages = this.mode === "messages";
    this.mode = "ended";
    if (wasMessages) return this.stream?.sendClose(1000, "done");
    if (!trailers) return this.stream?.end();
    this.sentTrailers = true;
    this.stream?.sendTrailers([["x-sum", String(this.sentBytes)]]);
  }

  stop(): void {
    if (!this.isLive) return;
    this.stopped = true;
    this.stream?.stopSending();
  }

  reset(code: ErrorCode): void {
    if (!this.isLive) return;
    this.mode = "ended";
    this.resetByOwner = true;
    this.stream?.reset(code);
  }

  readAll(): void {
    const { stream } = this;
    if (stream === null) return;
    for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) this.#check(bytes);
    for (let message = stream.readMessage(); message !== null; message = stream.readMessage()) {
      this.#check(message.bytes);
      if (!message.more) this.receivedMessages++;
    }
  }

  // Callbacks of the stream.

  onHead(head: { status: number }): void {
    if (this.#isConnector) this.problems.push("a head at the connector");
    if (head.status === 101 && this.mode === "head") this.mode = "messages";
    this.#inOrder("onHead");
  }

  onReadable(): void {
    this.#inOrder("onReadable");
    if (this.reads) this.readAll();
  }

  onWritable(): void {
    this.#inOrder("onWritable");
    if (this.stopHeard) this.problems.push("onWritable after onStop");
  }

  onStop(): void {
    this.#inOrder("onStop");
    this.stopHeard = true;
    this.mode = "ended";
  }

  onRest(rest: StreamRest): void {
    this.#inOrder("onRest");
    if (this.mode !== "messages") this.problems.push(`at rest while ${this.mode}`);
    this.rest = rest;
  }

  onClosed(error: TunnelError | null): void {
    this.closed.push(error);
    this.mode = "ended";
    this.stream?.release();
  }

  /** Returns what is wrong now; must be empty at any time. */
  check(): string[] {
    const { stream } = this;
    if (!(stream instanceof MuxStream)) return this.problems;
    const { outbox, receiveWindow } = stream;
    if (outbox.window.availableBytes < 0) this.problems.push("sent beyond the window");
    if (outbox.queuedBytes < 0) this.problems.push("a negative queue");
    if (receiveWindow.consumedBytes > receiveWindow.receivedBytes) this.problems.push("read more than came");
    if (this.closed.length > 1) this.problems.push("closed twice");
    return this.problems;
  }

  #check(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.byteLength; i++) {
      if (bytes[i] === patternByte(this.#peerSeed, this.receivedBytes + i)) continue;
      this.problems.push(`wrong byte at ${this.receivedBytes + i}`);
      break;
    }
    this.receivedBytes += bytes.byteLength;
  }

  #inOrder(event: string): void {
    if (this.closed.length > 0) this.problems.push(`${event} after onClosed`);
  }
}
