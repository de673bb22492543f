import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/stream.ts";
import type { ResponseHead } from "../../../shared/protocol/head.ts";
import { MAX_DATA_BYTES } from "../../../shared/protocol/limits.ts";
import type { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import type { EndedBy } from "../../../shared/request-event.ts";
import type { RequestRecord } from "../../events/request-record.ts";
import { Gate } from "../gate.ts";

/**
 * One attempt at a TCP connection, and the connection that it becomes: a stream's events as promises. Each way ends by
 * itself; the event is written when both have, or with whatever cuts it.
 */
export class TcpExchange implements StreamHandler {
  /** Rejects with a TunnelError when the connection does not come to stand. */
  readonly head: Promise<ResponseHead>;
  readonly #record: RequestRecord;
  /** Where what is kept for this connection counts. */
  readonly memory: MemoryAccount;
  readonly #settleHead: { resolve(head: ResponseHead): void; reject(error: TunnelError): void };
  #stream: Stream | null = null;
  /** The gateway has it: from here on this writes its event. */
  #isHandedOver = false;
  #error: TunnelError | null = null;
  #isOver = false;
  /** The gateway has all that came, or wants no more of it. */
  #isRead = false;
  #endedFirst: EndedBy | null = null;
  readonly #readable = new Gate();
  readonly #writable = new Gate();

  constructor(record: RequestRecord, memory: MemoryAccount) {
    this.#record = record;
    this.memory = memory;
    const { promise, resolve, reject } = Promise.withResolvers<ResponseHead>();
    this.head = promise;
    this.#settleHead = { resolve, reject };
    promise.catch(() => {});
  }

  attach(stream: Stream): void {
    this.#stream = stream;
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

  /** The next bytes; null when none are here now, or none come any more: `isReadEnded`. Throws what cut it. */
  readNow(): Uint8Array | null {
    this.#throwIfCut();
    const bytes = this.#open.read();
    if (bytes !== null) this.#record.state.responseBytes += bytes.byteLength;
    if (this.#open.readEnded) {
      this.#isRead = true;
      this.#settle();
    }
    return bytes;
  }

  /** All that the upstream sent has been read, and it has ended its way. */
  get isReadEnded(): boolean {
    return this.#error === null && this.#open.readEnded;
  }

  /** Resolves when there may be something to read, be it the end or an error. */
  untilReadable(): Promise<void> {
    return this.#readable.untilOpened();
  }

  /** Resolves when more may be written. Rejects with what cut the connection. */
  async write(bytes: Uint8Array): Promise<void> {
    // What is not yet in the stream's queue, which counts its own, is held all the same.
    let waitingBytes = bytes.byteLength;
    this.memory.hold(waitingBytes);
    try {
      for (let at = 0; at < bytes.byteLength; at += MAX_DATA_BYTES) {
        this.#throwIfCut();
        const piece = bytes.subarray(at, at + MAX_DATA_BYTES);
        this.memory.giveBack(piece.byteLength);
        waitingBytes -= piece.byteLength;
        this.#record.state.requestBytes += piece.byteLength;
        if (!this.#open.write(piece)) await this.#untilWritable();
      }
      this.#throwIfCut();
    } finally {
      this.memory.giveBack(waitingBytes);
    }
  }

  /** The gateway sends no more. Resolves when all that it sent has left. */
  async end(): Promise<void> {
    this.#throwIfCut();
    this.#endedFirst ??= "gateway";
    this.#open.end();
    while (this.#open.queuedBytes > 0 && this.#error === null) await this.#untilWritable(true);
    this.#throwIfCut();
  }

  /** The gateway reads no more; what it sends still goes its way. */
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

  /** The upstream reads no more, and its own way goes on. What is written is dropped, as a socket's is. */
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

  /** `empty`: the queue's mark says nothing of its end, so it is looked at again. */
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

/** How often it is looked whether the last bytes have left. */
const LOOK_EVERY_MS = 5;

function endedBy({ code }: TunnelError): EndedBy {
  if (code === "CANCEL") return "gateway";
  return code === "BODY_ABORTED" || code.startsWith("UPSTREAM_") ? "upstream" : "tunnel";
}
