import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/index.ts";
import { type ResponseHead, LARGE_DATA_BYTES, type TunnelError } from "../../../shared/protocol/index.ts";
import type { EndedBy } from "../../../shared/events/request-event.ts";
import type { RequestRecord } from "../../events/index.ts";
import { Gate } from "../gate.ts";
import { ReadingPace } from "../reading-pace.ts";
import { SendBacklog, type SendQueued } from "../websocket/send-backlog.ts";

/**
 * One attempt at a TCP connection, and the connection that it becomes: a stream's events as promises. Each direction ends by
 * itself. The event is written when both have ended, or when the connection is cut.
 */
export class TcpExchange implements StreamHandler, SendQueued {
  /** Rejects with a TunnelError if the connection cannot be established. */
  readonly head: Promise<ResponseHead>;
  readonly #record: RequestRecord;
  /** The account in which bytes kept for this connection count. */
  readonly memory: MemoryAccount;
  readonly #settleHead: { resolve(head: ResponseHead): void; reject(error: TunnelError): void };
  #stream: Stream | null = null;
  #backlog: SendBacklog | null = null;
  /** Given to `write`, and not yet in the stream's queue, which counts its own. */
  #waitingBytes = 0;
  /** The gateway has the connection. From here on, this object writes its event. */
  #isHandedOver = false;
  #error: TunnelError | null = null;
  #isOver = false;
  /** The gateway has everything that came, or wants no more. */
  #isRead = false;
  #endedFirst: EndedBy | null = null;
  readonly #pace: ReadingPace;
  readonly #readable = new Gate();
  readonly #writable = new Gate();

  constructor(record: RequestRecord, memory: MemoryAccount, nowMs: () => number) {
    this.#record = record;
    this.#pace = new ReadingPace(nowMs);
    this.memory = memory;
    const { promise, resolve, reject } = Promise.withResolvers<ResponseHead>();
    this.head = promise;
    this.#settleHead = { resolve, reject };
    promise.catch(() => {});
  }

  attach(stream: Stream): void {
    this.#stream = stream;
    this.#backlog = new SendBacklog(this, this.memory, () => this.#endForMemory());
  }

  get #open(): Stream {
    if (this.#stream === null) throw new Error("the connection has no stream yet");
    return this.#stream;
  }

  handedOver(): void {
    this.#isHandedOver = true;
    this.#settle();
  }

  // ── from and to the gateway ─────────────────────────────────────────────────────────────────────

  /** The next bytes; null if none are here now, or if no more will come (`isReadEnded`). Throws the error that cut the connection. */
  readNow(): Uint8Array | null {
    this.#throwIfCut();
    const bytes = this.#open.read(this.#pace.nextBytes());
    if (bytes !== null) this.#record.state.responseBytes += bytes.byteLength;
    if (this.#open.readEnded) {
      this.#isRead = true;
      this.#settle();
    }
    return bytes;
  }

  /** The upstream has ended its direction, and everything from it was read. */
  get isReadEnded(): boolean {
    return this.#error === null && this.#open.readEnded;
  }

  /** Resolves when there may be something to read, be it the end or an error. */
  untilReadable(): Promise<void> {
    return this.#readable.untilOpened();
  }

  /** Resolves when more may be written. Rejects with the error that cut the connection. */
  async write(bytes: Uint8Array): Promise<void> {
    let leftBytes = bytes.byteLength;
    this.#waitingBytes += leftBytes;
    this.#backlog?.grew();
    this.memory.hold(leftBytes);
    try {
      for (let at = 0; at < bytes.byteLength; at += LARGE_DATA_BYTES) {
        const piece = bytes.subarray(at, at + LARGE_DATA_BYTES);
        leftBytes -= piece.byteLength;
        this.#giveBack(piece.byteLength);
        if (!this.push(piece)) await this.#untilWritable();
      }
      this.#throwIfCut();
    } finally {
      this.#giveBack(leftBytes);
    }
  }

  /** For a gateway that cannot be slowed down. False: it should not send until `drained`. Throws the error that cut the connection. */
  push(bytes: Uint8Array): boolean {
    if (this.#backlog?.isEnded === true) this.#endForMemory();
    this.#throwIfCut();
    this.#record.state.requestBytes += bytes.byteLength;
    const goesOn = this.#open.write(bytes);
    this.#backlog?.grew();
    return goesOn;
  }

  /** Resolves when more may be pushed, be it that the connection is cut. */
  drained(): Promise<void> {
    return this.#untilWritable();
  }

  /** The gateway sends no more. Resolves when everything from it was sent. */
  async end(): Promise<void> {
    this.#throwIfCut();
    this.#endedFirst ??= "gateway";
    this.#open.end();
    while (this.#open.queuedBytes > 0 && this.#error === null) await this.#untilWritable(true);
    this.#throwIfCut();
  }

  /** The gateway reads no more. What it sends still goes to the upstream. */
  stopReading(): void {
    this.#isRead = true;
    this.#open.stopSending();
    this.#settle();
  }

  /** The gateway has cut it, or is gone. */
  abort(): void {
    this.#endedFirst = "gateway";
    this.#record.cancelled("gateway");
    this.#open.reset("CANCEL", "the gateway aborted the connection");
  }

  /** The gateway may not reach this service any more. */
  revoked(refusal: TunnelError): void {
    if (this.#isHandedOver) this.#record.connectionCut(refusal, "tunnel");
    this.#open.reset(refusal.code, refusal.message);
  }

  // ── what waits for the upstream ─────────────────────────────────────────────────────────────────

  get queuedBytes(): number {
    return this.#open.queuedBytes + this.#waitingBytes;
  }

  get sentBytes(): number {
    return this.#open.sentBytes;
  }

  get closed(): boolean {
    return this.#isOver;
  }

  discardQueued(): void {
    this.#giveBack(this.#waitingBytes);
    this.#open.discardQueued();
  }

  #giveBack(bytes: number): void {
    const givenBytes = Math.min(bytes, this.#waitingBytes);
    this.#waitingBytes -= givenBytes;
    this.memory.giveBack(givenBytes);
  }

  /** The isolate's memory is short, and this was the largest connection without progress. */
  #endForMemory(): void {
    this.#open.reset("OVERLOADED", "the upstream reads too slowly");
  }

  // ── the stream's events ─────────────────────────────────────────────────────────────────────────

  onHead(head: ResponseHead): void {
    this.#settleHead.resolve(head);
  }

  onReadable(): void {
    if (this.#open.remoteEnded) this.#endedFirst ??= "upstream";
    this.#readable.open();
  }

  onWritable(): void {
    this.#writable.open();
  }

  /** The upstream reads no more, but still sends. What is written to it is dropped, as with a socket. */
  onStop(): void {
    this.onWritable();
  }

  onClosed(error: TunnelError | null): void {
    this.#isOver = true;
    this.#error = error;
    if (error !== null) this.#settleHead.reject(error);
    this.#settle();
    this.#readable.open();
    this.onWritable();
  }

  #throwIfCut(): void {
    if (this.#error !== null) throw this.#error;
  }

  /** `empty`: there is no event for an empty queue, so it is checked repeatedly. */
  #untilWritable(empty = false): Promise<void> {
    if (empty) setTimeout(() => this.onWritable(), LOOK_EVERY_MS);
    return this.#writable.untilOpened();
  }

  #settle(): void {
    if (!this.#isHandedOver || !this.#isOver) return;
    if (this.#error !== null) this.#record.connectionCut(this.#error, endedBy(this.#error));
    else if (this.#isRead) this.#record.connectionEnded(this.#endedFirst ?? "upstream");
  }
}

/** How often to check whether the last bytes were sent. */
const LOOK_EVERY_MS = 5;

function endedBy({ code }: TunnelError): EndedBy {
  if (code === "CANCEL") return "gateway";
  return code === "BODY_ABORTED" || code.startsWith("UPSTREAM_") ? "upstream" : "tunnel";
}
