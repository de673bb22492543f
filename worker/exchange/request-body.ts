/*
 * A request's body, on its way from the gateway to the stream. `relay-request.ts` makes one for each request with a body.
 *
 * It reads only when the stream has credit, so a fast gateway fills no memory. The first bytes are kept until the request can no
 * longer be sent to another connector; how many depends on the memory budget.
 *
 * docs/architecture.md#memory; decisions 0029, 0033 and 0040.
 */
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import { markHeadroom, roomBehindHeadroom, TunnelError } from "../../shared/protocol/index.ts";
import type { RequestRecord } from "../events/index.ts";
import type { Exchange } from "./exchange.ts";
import type { ReadTurns } from "../tunnel/connections/read-turns.ts";

/** `request.body` read the default way comes in pieces of 4 KiB; into a buffer of this size it comes in large ones. */
const READ_BYTES = 64 * 1024;
/** A read keeps its buffer while it waits, so reads use a small one until bytes come quickly. */
const WAITING_READ_BYTES = 1024;
/** After a read of this size or more, the next read uses a large buffer. */
const QUICK_BYTES = 8 * 1024;
/** Of many uploads that come quickly, when memory is short. */
const SHORT_READ_BYTES = 8 * 1024;
/** How much later than the end of a broken-off body its signal may come. */
const SIGNAL_MS = 5;
/** What is kept so that an unprocessed request can be sent again. */
const REPLAY_BYTES = 64 * 1024;

/** A request's body, read on demand; the first bytes are kept until the request can no longer be moved. */
export class RequestBody {
  readonly #reader: ReadableStreamBYOBReader | null;
  readonly #lengthBytes: number | null;
  readonly #request: Request;
  readonly #maxBytes: number;
  readonly #memory: MemoryAccount;
  readonly #turns: ReadTurns;
  readonly #record: RequestRecord;
  /** The last read came full, or brought much: there is more behind it. */
  #comesQuickly = false;
  #kept: Uint8Array[] | null = [];
  #keptBytes = 0;
  #readTotal = 0;
  #done: boolean;
  #pending: Promise<Uint8Array | null> | null = null;

  /** `lengthBytes`: what Content-Length promises, if anything. */
  constructor(
    request: Request,
    lengthBytes: number | null,
    maxBytes: number,
    record: RequestRecord,
    { memory, readTurns }: { memory: MemoryAccount; readTurns: ReadTurns },
  ) {
    this.#record = record;
    this.#memory = memory;
    this.#turns = readTurns;
    this.#lengthBytes = lengthBytes;
    this.#request = request;
    this.#reader = request.body?.getReader({ mode: "byob" }) ?? null;
    this.#done = this.#reader === null;
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#reader === null;
  }

  /** All that was read of it can be sent again. */
  get isReplayable(): boolean {
    return this.#kept !== null;
  }

  /** No more replays: what was kept is let go. */
  commit(): void {
    this.#kept = null;
    this.#memory.giveBack(this.#keptBytes);
    this.#keptBytes = 0;
  }

  /** Sends the body from its beginning on this attempt's stream, until the end or until nobody wants it. */
  async feed(exchange: Exchange): Promise<void> {
    const { stream } = exchange;
    try {
      if (this.#kept === null && this.#readTotal > 0) throw new TunnelError("CANCEL", "the body is gone");
      for (const chunk of this.#kept ?? []) stream.write(chunk);
      let full = false;
      while (await exchange.untilWritable(full)) {
        const chunk = await this.#next();
        if (chunk === null) return await this.#end(exchange);
        full = !stream.write(chunk);
      }
    } catch (thrown) {
      const ours = thrown instanceof TunnelError;
      // The runtime keeps errors of broken-off bodies for a while, and each keeps all that its stack ran in until it is a text.
      if (thrown instanceof Error) void thrown.stack;
      stream.reset(ours ? thrown.code : "CANCEL", ours ? thrown.message : "the gateway's body failed");
    }
  }

  /**
   * A body of unknown length that its sender broke off reads as ended, a moment before the signal says so: an upload
   * must never end cleanly in its middle. One of known length is counted by the connector.
   */
  async #end(exchange: Exchange): Promise<void> {
    if (this.#lengthBytes === null && !this.isEmpty)
      await new Promise((resolve) => setTimeout(resolve, SIGNAL_MS));
    if (this.#request.signal.aborted) throw new TunnelError("CANCEL", "the gateway gave up");
    exchange.stream.end();
  }

  cancel(): void {
    this.commit();
    this.#reader?.cancel().catch(() => {});
  }

  /** A read that an earlier attempt began is taken over by the next one: no chunk is lost, none appears twice. */
  #next(): Promise<Uint8Array | null> | null {
    if (this.#done) return null;
    return (this.#pending ??= this.#read());
  }

  async #read(): Promise<Uint8Array | null> {
    // A body that waits for its sender gives up its turn: nobody knows when the next bytes come.
    const turn = this.#comesQuickly ? this.#turns.take(this) : null;
    if (turn !== null) await turn;
    const sizeBytes = this.#nextReadBytes();
    this.#memory.hold(sizeBytes);
    let result;
    try {
      result = await this.#reader?.read(roomBehindHeadroom(sizeBytes));
    } finally {
      this.#memory.giveBack(sizeBytes);
      this.#turns.giveBack(this);
    }
    // Together with keeping the chunk: an attempt that begins now finds it in one place alone.
    this.#pending = null;
    if (result === undefined || result.done) {
      this.#done = true;
      return null;
    }
    const { byteLength } = result.value;
    this.#comesQuickly = byteLength === sizeBytes || byteLength >= QUICK_BYTES;
    // A little of a large buffer would keep all of it.
    const chunk = byteLength * 4 < sizeBytes ? new Uint8Array(result.value) : result.value;
    if (chunk === result.value) markHeadroom(chunk);
    this.#readTotal += byteLength;
    this.#record.state.requestBytes = this.#readTotal;
    this.#record.tap?.sent(chunk);
    if (this.#readTotal > this.#maxBytes) {
      throw new TunnelError(
        "BODY_TOO_LARGE",
        `The service accepts bodies of at most ${this.#maxBytes} bytes.`,
      );
    }
    this.#keep(chunk);
    return chunk;
  }

  #nextReadBytes(): number {
    const leftBytes = this.#lengthBytes === null ? READ_BYTES : this.#lengthBytes - this.#readTotal;
    const wantedBytes = this.#comesQuickly
      ? this.#memory.shareBytes(SHORT_READ_BYTES, READ_BYTES)
      : leftBytes <= SHORT_READ_BYTES
        ? SHORT_READ_BYTES
        : WAITING_READ_BYTES;
    // At its end, one byte more shows that it is over.
    return Math.max(1, Math.min(wantedBytes, leftBytes));
  }

  /** Small ones in any case; of larger ones what memory there is. */
  #keep(chunk: Uint8Array): void {
    if (this.#kept === null) return;
    const { byteLength } = chunk;
    if (this.#readTotal > REPLAY_BYTES) return this.commit();
    if (this.#readTotal <= SHORT_READ_BYTES) this.#memory.hold(byteLength);
    else if (!this.#memory.take(byteLength)) return this.commit();
    this.#keptBytes += byteLength;
    this.#kept.push(chunk);
  }
}
