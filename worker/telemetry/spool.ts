import type { Delivery, SpoolPosition } from "../log-delivery/delivery.ts";
import { gunzip, gzip } from "../log-delivery/gzip.ts";

/** A waiting batch: the number of its events and failures, and the compressed lines. */
export interface SpoolEntry {
  count: number;
  failures: number;
  /** The length before compression. */
  textLength: number;
  gzipped: ArrayBuffer;
}

export interface SpooledLine {
  position: SpoolPosition;
  line: string;
}

export interface SpoolRow {
  id: number;
  count: number;
  failures: number;
  bytes: number;
}

export async function spoolEntry(lines: readonly string[], failures: number): Promise<SpoolEntry> {
  const text = lines.join("\n");
  return { count: lines.length, failures, textLength: text.length, gzipped: await gzip(text) };
}

/**
 * Events that wait for the log destinations, in order of arrival. All destinations read the same entries, each from a
 * position of its own; an entry is deleted when the last one has passed it, or when there is no room.
 */
export class Spool {
  readonly #sql: SqlStorage;
  readonly #maxBytes: number;
  #bytes: number;

  constructor(sql: SqlStorage, maxBytes: number) {
    this.#sql = sql;
    this.#maxBytes = maxBytes;
    // AUTOINCREMENT: a destination's position may be after the last entry, and no later entry may get a lower id.
    sql.exec(`CREATE TABLE IF NOT EXISTS spool (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      count INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      text_length INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      gzipped BLOB NOT NULL
    )`);
    this.#bytes = sql
      .exec<{ bytes: number }>("SELECT coalesce(sum(bytes), 0) AS bytes FROM spool")
      .one().bytes;
  }

  /** Returns the oldest entries that were dropped for room. One entry always stays, however large. */
  append({ count, failures, textLength, gzipped }: SpoolEntry): SpoolRow[] {
    const { byteLength } = gzipped;
    const { id } = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO spool (count, failures, text_length, bytes, gzipped) VALUES (?, ?, ?, ?, ?) RETURNING id",
        count,
        failures,
        textLength,
        byteLength,
        gzipped,
      )
      .one();
    this.#bytes += byteLength;
    const dropped: SpoolRow[] = [];
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#rows("id < ? ORDER BY id LIMIT 1", id);
      if (oldest === undefined) break;
      this.deleteBefore(oldest.id + 1);
      dropped.push(oldest);
    }
    return dropped;
  }

  deleteBefore(id: number): void {
    const gone = this.#sql
      .exec<{ bytes: number }>("DELETE FROM spool WHERE id < ? RETURNING bytes", id)
      .toArray();
    for (const { bytes } of gone) this.#bytes -= bytes;
  }

  clear(): void {
    this.deleteBefore(this.lastId + 1);
  }

  /** The position before all future entries. */
  get lastId(): number {
    const [row] = this.#sql
      .exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'spool'")
      .toArray();
    return row?.seq ?? 0;
  }

  /** Events that a destination still has to get. */
  backlog({ position, filter }: Pick<Delivery, "position" | "filter">): number {
    const { count, failures, first } = this.#sql
      .exec<{ count: number; failures: number; first: number }>(
        `SELECT coalesce(sum(count), 0) AS count, coalesce(sum(failures), 0) AS failures,
           coalesce(min(id), 0) AS first FROM spool WHERE id >= ?`,
        position.id,
      )
      .one();
    const rest = count - (first === position.id ? position.offset : 0);
    return filter === "all" ? rest : Math.min(rest, failures);
  }

  /** The lines from `position` on, of as many entries as keep to the limits, but at least of one; none: the end. */
  async read(
    position: SpoolPosition,
    maxEvents: number,
    maxLength: number,
  ): Promise<{ lines: SpooledLine[]; end: SpoolPosition }> {
    const lines: SpooledLine[] = [];
    let end = position;
    for (const { id, gzipped } of this.#entries(position.id, maxEvents, maxLength)) {
      const texts = (await gunzip(gzipped)).split("\n");
      const skip = id === position.id ? position.offset : 0;
      for (let offset = skip; offset < texts.length; offset++) {
        lines.push({ position: { id, offset }, line: texts[offset] ?? "" });
      }
      end = { id: id + 1, offset: 0 };
    }
    return { lines, end };
  }

  /** Reads all of them before anything is awaited, because they may be deleted in the meantime. */
  #entries(fromId: number, maxEvents: number, maxLength: number) {
    const entries: { id: number; gzipped: ArrayBuffer }[] = [];
    let events = 0;
    let length = 0;
    for (const row of this.#sql.exec<{ id: number; count: number; textLength: number; gzipped: ArrayBuffer }>(
      "SELECT id, count, text_length AS textLength, gzipped FROM spool WHERE id >= ? ORDER BY id",
      fromId,
    )) {
      events += row.count;
      length += row.textLength;
      if (entries.length > 0 && (events > maxEvents || length > maxLength)) break;
      entries.push(row);
    }
    return entries;
  }

  #rows(condition: string, id: number): SpoolRow[] {
    return this.#sql
      .exec<{ id: number; count: number; failures: number; bytes: number }>(
        `SELECT id, count, failures, bytes FROM spool WHERE ${condition}`,
        id,
      )
      .toArray();
  }
}

/** Events of an entry that a destination still has to get. Within an entry, failures are not counted separately. */
export function waiting(
  row: Pick<SpoolRow, "id" | "count" | "failures">,
  { id, offset }: SpoolPosition,
  filter: "all" | "failures",
): number {
  if (row.id < id) return 0;
  const rest = row.count - (row.id === id ? offset : 0);
  return filter === "all" ? rest : Math.min(rest, row.failures);
}
