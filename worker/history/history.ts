import { gunzip, gzip } from "../log-delivery/gzip.ts";
import { parseEvent } from "../events/index.ts";
import type { HistoryLimits } from "../log-settings.ts";
import { type HistoryLine, historyLine, worthKeeping } from "./history-line.ts";

const MAX_AGE_MS = 7 * 24 * 3_600_000;
/** A chunk is full with so many events or characters. With the batch that fills it, it still fits into a row of two megabytes. */
const CHUNK_EVENTS = 500;
const CHUNK_LENGTH = 128 * 1024;
/** If few events are kept in all, chunks are smaller, so that deleting one chunk does not delete most of them. */
const LEAST_CHUNKS = 16;
/** How much of a chunk is carried over into the one that replaces it. */
const KEPT_SHARE = 0.25;

interface Chunk {
  slot: number;
  /** Grows from chunk to chunk: a slot that was written over holds another one. */
  sequence: number;
  count: number;
  bytes: number;
  firstMs: number;
  lastMs: number;
  endedMs: number;
}

/** What the next transaction writes. It is prepared before, because compression is asynchronous. */
export interface HistoryChange {
  chunk: Chunk;
  /** Null: the chunk takes more. */
  full: { kept: ArrayBuffer; rest: ArrayBuffer } | null;
  lines: HistoryLine[];
  gone: Chunk[];
}

/**
 * The last requests of a tunnel's object. Events are stored in chunks, which are compressed once full. One row is written per batch,
 * because storage is billed by rows. The newest chunk overwrites the oldest one's row, and keeps those of its lines that are worth
 * keeping. There is no index: a search reads the chunks, about forty, the newest first.
 */
export class History {
  readonly #sql: SqlStorage;
  readonly #limits: HistoryLimits;
  readonly #chunkEvents: number;
  /** Oldest first. */
  #chunks: Chunk[];
  /** The lines of the newest chunk while it takes more. */
  #open: HistoryLine[] | null;

  constructor(sql: SqlStorage, limits: HistoryLimits) {
    this.#sql = sql;
    this.#limits = limits;
    this.#chunkEvents = Math.max(1, Math.min(CHUNK_EVENTS, Math.floor(limits.maxEvents / LEAST_CHUNKS)));
    // `rest` is plain text while `kept` is null.
    sql.exec(`CREATE TABLE IF NOT EXISTS history (
      slot INTEGER PRIMARY KEY,
      sequence INTEGER NOT NULL,
      count INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      first_ms INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,
      ended_ms INTEGER NOT NULL,
      kept BLOB,
      rest BLOB NOT NULL
    )`);
    this.#chunks = sql
      .exec<Chunk & Record<string, SqlStorageValue>>(
        `SELECT slot, sequence, count, bytes, first_ms AS firstMs, last_ms AS lastMs, ended_ms AS endedMs
         FROM history ORDER BY sequence`,
      )
      .toArray();
    const newest = this.#chunks.at(-1);
    const row = newest === undefined ? undefined : this.#row(newest);
    this.#open = row?.kept === null && typeof row.rest === "string" ? linesOf(row.rest) : null;
  }

  /** What these lines change; null: nothing. It has to be applied before the next change is prepared. */
  async prepare(added: readonly HistoryLine[], nowMs: number): Promise<HistoryChange | null> {
    const { maxEvents } = this.#limits;
    if (added.length === 0 || maxEvents === 0) return null;
    const freshMs = nowMs - MAX_AGE_MS;
    const { slot, sequence, before } = await this.#place();
    const lines = [...before, ...added].filter((line) => line.endMs > freshMs).slice(-maxEvents);
    if (lines.length === 0) return null;
    const full = this.#isFull(lines) ? await compressed(lines, this.#chunkEvents) : null;
    const chunk: Chunk = {
      slot,
      sequence,
      count: lines.length,
      bytes:
        full === null
          ? lines.reduce((sum, { text }) => sum + text.length + 1, 0)
          : full.kept.byteLength + full.rest.byteLength,
      firstMs: Math.min(...lines.map(({ timeMs }) => timeMs)),
      lastMs: Math.max(...lines.map(({ timeMs }) => timeMs)),
      endedMs: Math.max(...lines.map((line) => line.endMs)),
    };
    return { chunk, full, lines, gone: this.#tooMuchWith(chunk, freshMs) };
  }

  /** Call it within the transaction that stores the batch. Returns the number of rows written. */
  apply({ chunk, full, lines, gone }: HistoryChange): number {
    for (const { slot } of gone) this.#sql.exec("DELETE FROM history WHERE slot = ?", slot);
    // Not OR REPLACE, which would delete and insert: two rows.
    const { rowsWritten } = this.#sql.exec(
      `INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (slot) DO UPDATE SET
       sequence = ?2, count = ?3, bytes = ?4, first_ms = ?5, last_ms = ?6, ended_ms = ?7, kept = ?8, rest = ?9`,
      chunk.slot,
      chunk.sequence,
      chunk.count,
      chunk.bytes,
      chunk.firstMs,
      chunk.lastMs,
      chunk.endedMs,
      full?.kept ?? null,
      full?.rest ?? lines.map(({ text }) => text).join("\n"),
    );
    const others = this.#chunks.filter((other) => other.slot !== chunk.slot && !gone.includes(other));
    this.#chunks = [...others, chunk];
    this.#open = full === null ? lines : null;
    return gone.length + rowsWritten;
  }

  /** The texts of the chunks that may contain requests of this time, the newest first. */
  async *read(sinceMs: number, untilMs: number): AsyncGenerator<{ lastMs: number; texts: string[] }> {
    const chunks = this.#chunks
      .filter(({ firstMs, lastMs }) => lastMs >= sinceMs && firstMs <= untilMs)
      .sort((a, b) => b.lastMs - a.lastMs);
    for (const chunk of chunks) {
      const row = this.#row(chunk);
      // Written over meanwhile.
      if (row === undefined) continue;
      const { kept, rest } = row;
      const texts =
        typeof rest === "string"
          ? rest.split("\n")
          : [...(kept === null ? [] : await linesIn(kept)), ...(await linesIn(rest))];
      yield { lastMs: chunk.lastMs, texts };
    }
  }

  /** Deletes the chunks in which everything is too old. Never between `prepare` and `apply`. */
  expire(nowMs: number): void {
    const gone = this.#chunks.filter(({ endedMs }) => endedMs <= nowMs - MAX_AGE_MS);
    if (gone.length === 0) return;
    for (const { slot } of gone) this.#sql.exec("DELETE FROM history WHERE slot = ?", slot);
    if (gone.includes(this.#chunks.at(-1) as Chunk)) this.#open = null;
    this.#chunks = this.#chunks.filter((chunk) => !gone.includes(chunk));
  }

  /** Older requests are not shown, although they may still be in a chunk with newer ones. */
  static oldestEndMs(nowMs: number): number {
    return nowMs - MAX_AGE_MS;
  }

  /** Where the next lines go, and those that stand there before them. */
  async #place(): Promise<{ slot: number; sequence: number; before: readonly HistoryLine[] }> {
    const newest = this.#chunks.at(-1);
    if (newest === undefined) return { slot: 0, sequence: 0, before: [] };
    if (this.#open !== null) return { slot: newest.slot, sequence: newest.sequence, before: this.#open };
    const sequence = newest.sequence + 1;
    const [oldest] = this.#chunks;
    const { maxEvents, maxBytes } = this.#limits;
    const room = 2 * this.#chunkEvents;
    const hasRoom = this.#sum("count") + room <= maxEvents && this.#sum("bytes") + CHUNK_LENGTH <= maxBytes;
    if (hasRoom || oldest === undefined) {
      return { slot: Math.max(...this.#chunks.map(({ slot }) => slot)) + 1, sequence, before: [] };
    }
    const kept = this.#row(oldest)?.kept ?? null;
    return {
      slot: oldest.slot,
      sequence,
      before: kept === null ? [] : linesOf((await linesIn(kept)).join("\n")),
    };
  }

  #isFull(lines: readonly HistoryLine[]): boolean {
    return (
      lines.length >= this.#chunkEvents ||
      lines.reduce((sum, { text }) => sum + text.length, 0) >= CHUNK_LENGTH
    );
  }

  /** The oldest chunks that have to go, and those in which everything is too old. */
  #tooMuchWith(chunk: Chunk, freshMs: number): Chunk[] {
    const others = this.#chunks.filter(({ slot }) => slot !== chunk.slot);
    const gone = others.filter(({ endedMs }) => endedMs <= freshMs);
    const rest = others.filter((other) => !gone.includes(other));
    let count = rest.reduce((sum, other) => sum + other.count, chunk.count);
    let bytes = rest.reduce((sum, other) => sum + other.bytes, chunk.bytes);
    for (const other of rest) {
      if (count <= this.#limits.maxEvents && bytes <= this.#limits.maxBytes) break;
      count -= other.count;
      bytes -= other.bytes;
      gone.push(other);
    }
    return gone;
  }

  #sum(what: "count" | "bytes"): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk[what], 0);
  }

  #row({ slot, sequence }: Chunk) {
    const [row] = this.#sql
      .exec<{ kept: ArrayBuffer | null; rest: ArrayBuffer | string }>(
        "SELECT kept, rest FROM history WHERE slot = ? AND sequence = ?",
        slot,
        sequence,
      )
      .toArray();
    return row;
  }
}

async function compressed(lines: readonly HistoryLine[], chunkEvents: number) {
  const keeps = worthKeeping(lines, Math.floor(chunkEvents * KEPT_SHARE), CHUNK_LENGTH * KEPT_SHARE);
  const text = (some: readonly HistoryLine[]) => gzip(some.map((line) => line.text).join("\n"));
  const [kept, rest] = await Promise.all([
    text(lines.filter((line) => keeps.has(line))),
    text(lines.filter((line) => !keeps.has(line))),
  ]);
  return { kept, rest };
}

async function linesIn(gzipped: ArrayBuffer): Promise<string[]> {
  const text = await gunzip(gzipped);
  return text === "" ? [] : text.split("\n");
}

function linesOf(text: string): HistoryLine[] {
  return text.split("\n").flatMap((line) => {
    const event = parseEvent(line);
    return event === null ? [] : [historyLine(event, line)];
  });
}
