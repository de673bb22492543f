/*
 * A request's body, on its way from the gateway to the stream. `relay-request.ts` makes one for each request with a body.
 *
 * It reads only when the stream has credit, so a fast gateway fills no memory. The first bytes are kept until the request can no
 * longer be sent to another connector; how many depends on the memory budget.
 *
 * docs/architecture.md#memory; decisions 0029, 0033 and 0040.
 */
import { GrowingPiece, JOINED_BYTES } from "../../shared/memory/growing-piece.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import { markHeadroom, roomBehindHeadroom, TunnelError } from "../../shared/protocol/index.ts";
import type { RequestRecord } from "../events/index.ts";
import type { Exchange } from "./exchange.ts";
import type { ReadTurns } from "../tunnel/connections/read-turns.ts";

/**
 * `request.body` read the default way comes in pieces of 4 KiB; into a buffer of this size it comes in large ones, and each is a message.
 * From 128 KiB on, the connector's C library would map memory anew for each message.
 */
const READ_BYTES = 120 * 1024;
/** A read keeps its buffer while it waits, so reads use a small one until bytes come quickly. */
const WAITING_READ_BYTES = 1024;
/** After a read of this size or more, the next read uses a large buffer. */
const QUICK_BYTES = 8 * 1024;
/** The buffer of each of many fast uploads while memory is short. */
const SHORT_READ_BYTES = 8 * 1024;
/** How much later than the end of a broken-off body its signal may come. */
const SIGNAL_MS = 5;
/** How much is kept so that an unprocessed request can be sent again. */
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
  /** The last read filled its buffer or brought much, so more will follow soon. */
  #comesQuickly = false;
  /** The buffer of a chunk that has been sent and is not kept, for the next read. */
  #spare: ArrayBufferLike | null = null;
  #kept: Uint8Array[] | null = [];
  readonly #joined = new GrowingPiece(JOINED_BYTES);
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

  /** Everything that was read can be sent again. */
  get isReplayable(): boolean {
    return this.#kept !== null;
  }

  /** No more replays: forgets the kept bytes. */
  commit(): void {
    this.#kept = null;
    this.#joined.forget();
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
      let chunk: Uint8Array | null = null;
      while (await exchange.untilWritable(full)) {
        if (chunk !== null && this.#kept === null && stream.queuedBytes === 0) this.#spare ??= chunk.buffer;
        chunk = await this.#next();
        if (chunk === null) return await this.#end(exchange);
        full = !stream.write(chunk);
      }
    } catch (thrown) {
      // The runtime keeps errors of broken-off bodies for a while. Reading `stack` turns it into text, so that the error no longer keeps
      // the objects of its call stack alive.
      if (thrown instanceof Error) void thrown.stack;
      const { code, message } = thrown instanceof TunnelError ? thrown : await this.#brokenOff();
      stream.reset(code, message);
    }
  }

  /** An upload must never end cleanly in its middle. */
  async #end(exchange: Exchange): Promise<void> {
    if (this.#lengthBytes !== null && this.#readTotal < this.#lengthBytes) throw await this.#brokenOff();
    if (this.#lengthBytes === null && !this.isEmpty) await this.#signal();
    if (this.#request.signal.aborted) throw gaveUp();
    exchange.stream.end();
  }

  /** Why the body is not whole: the gateway is gone, or has broken its own body off and waits for the answer. */
  async #brokenOff(): Promise<TunnelError> {
    await this.#signal();
    if (this.#request.signal.aborted) return gaveUp();
    return new TunnelError("BAD_REQUEST", "the gateway's body broke off before it was complete");
  }

  /** A body that its sender broke off reads as ended, or fails, a moment before the signal says so. */
  async #signal(): Promise<void> {
    if (!this.#request.signal.aborted) await new Promise((resolve) => setTimeout(resolve, SIGNAL_MS));
  }

  cancel(): void {
    this.commit();
    this.#reader?.cancel().catch(() => {});
  }

  /** The next attempt takes over a read that an earlier one began, so that no chunk is lost or appears twice. */
  #next(): Promise<Uint8Array | null> | null {
    if (this.#done) return null;
    return (this.#pending ??= this.#read());
  }

  async #read(): Promise<Uint8Array | null> {
    // A body that waits for its sender gives up its turn, because its next bytes may come at any time.
    const turn = this.#comesQuickly ? this.#turns.take(this) : null;
    if (turn !== null) {
      this.#spare = null;
      await turn;
    }
    const sizeBytes = this.#nextReadBytes();
    this.#memory.hold(sizeBytes);
    let result;
    try {
      const room = roomBehindHeadroom(sizeBytes, this.#spare);
      this.#spare = null;
      result = await this.#reader?.read(room);
    } finally {
      this.#memory.giveBack(sizeBytes);
      this.#turns.giveBack(this);
    }
    // Done in the same turn as keeping the chunk, so that an attempt that begins now finds it in exactly one place.
    this.#pending = null;
    if (result === undefined || result.done) {
      this.#done = true;
      return null;
    }
    const { byteLength } = result.value;
    this.#comesQuickly = byteLength === sizeBytes || byteLength >= QUICK_BYTES;
    let chunk = result.value;
    if (byteLength * 4 < sizeBytes) {
      // Copied, because a small view would keep the whole large buffer alive.
      chunk = new Uint8Array(result.value);
      this.#spare = result.value.buffer;
    } else {
      markHeadroom(chunk);
    }
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
    // At the end of a known length, a read of one more byte shows whether the body is over.
    return Math.max(1, Math.min(wantedBytes, leftBytes));
  }

  /** Small bodies are always kept, larger ones as far as memory allows. */
  #keep(chunk: Uint8Array): void {
    if (this.#kept === null) return;
    const { byteLength } = chunk;
    if (this.#readTotal > REPLAY_BYTES) return this.commit();
    if (this.#readTotal <= SHORT_READ_BYTES) this.#memory.hold(byteLength);
    else if (!this.#memory.take(byteLength)) return this.commit();
    this.#keptBytes += byteLength;
    this.#joined.addTo(this.#kept, chunk);
  }
}

function gaveUp(): TunnelError {
  return new TunnelError("CANCEL", "the gateway gave up");
}
