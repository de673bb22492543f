/*
 * One attempt of a request on one stream. It turns the stream's events into promises for `relay-request.ts`.
 *
 * A stream is released once and only once both of its bodies are over; until then it counts in its mux. An attempt that failed
 * says whether the connector can have processed it, and the next attempt depends on that alone.
 *
 * docs/protocol.md#two-halves; decision 0029.
 */
import type { ResponseHead, TunnelError } from "../../shared/protocol/index.ts";
import type { Stream, StreamHandler } from "../../shared/mux/index.ts";
import type { RequestRecord } from "../events/index.ts";
import { Gate } from "./gate.ts";
import { ReadingPace } from "./reading-pace.ts";

/** One attempt of one request: a stream's events as promises. */
export class Exchange implements StreamHandler {
  /** Rejects with a TunnelError when the stream failed before it. */
  readonly head: Promise<ResponseHead>;
  readonly #record: RequestRecord;
  readonly #settleHead: { resolve(head: ResponseHead): void; reject(error: TunnelError): void };
  #stream: Stream | null = null;
  #error: TunnelError | null = null;
  #handedOver = false;
  #stopped = false;
  readonly #pace: ReadingPace;
  readonly #readable = new Gate();
  readonly #writable = new Gate();

  constructor(record: RequestRecord, nowMs: () => number) {
    this.#record = record;
    this.#pace = new ReadingPace(nowMs);
    const { promise, resolve, reject } = Promise.withResolvers<ResponseHead>();
    this.head = promise;
    this.#settleHead = { resolve, reject };
    // If the body fails first, nobody may be waiting for the head yet: without this, the rejection would count as unhandled.
    promise.catch(() => {});
  }

  get stream(): Stream {
    if (this.#stream === null) throw new Error("the exchange has no stream yet");
    return this.#stream;
  }

  attach(stream: Stream): void {
    this.#stream = stream;
  }

  /** The next bytes of the response body; null when none are here. Throws the TunnelError that ended it early. */
  readChunk(): Uint8Array | null {
    if (this.#error !== null) throw this.#error;
    const chunk = this.stream.read(this.#pace.nextBytes());
    if (chunk === null) return null;
    this.#record.state.responseBytes += chunk.byteLength;
    this.#record.tap?.received(chunk);
    return chunk;
  }

  /** All of the body has been read. */
  get isEnded(): boolean {
    return this.stream.readEnded;
  }

  /** Resolves when there may be something to read, be it the end or an error. */
  untilReadable(): Promise<void> {
    return this.#readable.untilOpened();
  }

  /** The whole body, if all of it is here and it is no longer than `maxBytes`; else null and nothing is read. */
  wholeBody(maxBytes: number): Uint8Array[] | null {
    const { remoteEnded, bufferedBytes } = this.stream;
    if (!remoteEnded || bufferedBytes > maxBytes || this.#error !== null) return null;
    const chunks: Uint8Array[] = [];
    this.#record.state.responseBytes = bufferedBytes;
    for (let chunk = this.stream.read(); chunk !== null; chunk = this.stream.read()) {
      chunks.push(chunk);
      this.#record.tap?.received(chunk);
    }
    return chunks;
  }

  /** The gateway has the response's head: a failure from here on cuts the body short. */
  handedOver(): void {
    this.#handedOver = true;
    this.#recordFailure();
  }

  /** The gateway gave up. The stream may be over already. */
  gaveUp(): void {
    this.#record.cancelled();
    this.stream.reset("CANCEL", "the gateway gave up");
  }

  /** The gateway lost access to this service: ends the exchange. */
  revoked(refusal: TunnelError): void {
    this.stream.reset(refusal.code, refusal.message);
  }

  /** The answer cannot be passed on as it came. */
  broke(error: TunnelError): void {
    this.#record.aborted(error);
    this.stream.reset(error.code, error.message);
  }

  /** The gateway has all of the answer. */
  get isDelivered(): boolean {
    return this.#record.isOver;
  }

  delivered(): void {
    this.#record.answered();
  }

  /** Waits until the stream accepts more. False: the body is no longer wanted. */
  async untilWritable(full: boolean): Promise<boolean> {
    if (full && this.#wants) await this.#writable.untilOpened();
    return this.#wants;
  }

  onHead(head: ResponseHead, informational: boolean): void {
    if (!informational) this.#settleHead.resolve(head);
  }

  onReadable(): void {
    this.#readable.open();
  }

  onWritable(): void {
    this.#writable.open();
  }

  onStop(): void {
    this.#stopped = true;
    this.onWritable();
  }

  onClosed(error: TunnelError | null): void {
    this.#error = error;
    this.#recordFailure();
    if (error !== null) this.#settleHead.reject(error);
    this.onReadable();
    this.onWritable();
  }

  #recordFailure(): void {
    if (this.#handedOver && this.#error !== null) this.#record.aborted(this.#error);
  }

  get #wants(): boolean {
    return !this.#stopped && this.#error === null;
  }
}
