import { gunzip, gzip } from "../log-delivery/gzip.ts";
import type { CaptureAnswer, CaptureEntry } from "./capture-entry.ts";

/** After this time a captured request is deleted, whether or not somebody has read it. */
export const CAPTURE_KEPT_MS = 24 * 3_600_000;
/** Maximum size of all captures of a tunnel, compressed. */
const MAX_BYTES = 8 * 1024 * 1024;
/** In place of a request's id: the capture was deleted. */
const DELETED = "";

export interface StoredCapture {
  /** In order of arrival. */
  id: number;
  json: string;
}

/**
 * The captured requests of one tunnel, from all of its objects. They are kept in the Telemetry object with the tunnel's own name, so that
 * the limits on number and size apply to the sum. There is no index, because there are at most a few hundred rows.
 */
export class CaptureStore {
  readonly #sql: SqlStorage;
  readonly #maxBytes: number;

  constructor(sql: SqlStorage, maxBytes = MAX_BYTES) {
    this.#sql = sql;
    this.#maxBytes = maxBytes;
    sql.exec(`CREATE TABLE IF NOT EXISTS captured (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      capture_id TEXT NOT NULL,
      request_id TEXT NOT NULL,
      kept_at_ms INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      gzipped BLOB NOT NULL
    )`);
  }

  async add(
    { captureId, maxRequests, requestId, json }: CaptureEntry,
    nowMs: number,
  ): Promise<CaptureAnswer> {
    const gzipped = await gzip(json);
    // From here on everything is in one turn, because several may come at once, and one may come twice.
    this.expire(nowMs);
    const { byteLength } = gzipped;
    if (this.#isKept(captureId, DELETED)) return "full";
    if (this.#isKept(captureId, requestId)) return this.#answer(captureId, maxRequests);
    const { bytes } = this.#sql
      .exec<{ bytes: number }>("SELECT coalesce(sum(bytes), 0) AS bytes FROM captured")
      .one();
    if (this.counts().get(captureId) === maxRequests || bytes + byteLength > this.#maxBytes) return "full";
    this.#insert(captureId, requestId, nowMs, gzipped);
    return this.#answer(captureId, maxRequests);
  }

  /** By capture. */
  counts(): Map<string, number> {
    const rows = this.#sql
      .exec<{ id: string; count: number }>(
        "SELECT capture_id AS id, count(*) AS count FROM captured WHERE request_id <> '' GROUP BY capture_id",
      )
      .toArray();
    return new Map(rows.map(({ id, count }) => [id, count]));
  }

  /** Of one capture, in order of arrival. */
  page(captureId: string, limit: number, afterId: number, nowMs: number): Promise<StoredCapture[]> {
    return this.#read(
      "capture_id = ? AND request_id <> '' AND id > ? ORDER BY id LIMIT ?",
      nowMs,
      captureId,
      afterId,
      limit,
    );
  }

  /** Null: it was not captured, or is no longer kept. */
  async request(requestId: string, nowMs: number): Promise<StoredCapture | null> {
    return (await this.#read("request_id <> '' AND request_id = ? LIMIT 1", nowMs, requestId))[0] ?? null;
  }

  /** Deletes a capture for good. Requests that are still on their way here are not kept either. */
  delete(captureId: string, nowMs: number): void {
    this.#sql.exec("DELETE FROM captured WHERE capture_id = ?", captureId);
    this.#insert(captureId, DELETED, nowMs, new ArrayBuffer(0));
  }

  clear(): void {
    this.#sql.exec("DELETE FROM captured");
  }

  expire(nowMs: number): void {
    const oldestMs = nowMs - CAPTURE_KEPT_MS;
    // Rows that are looked at cost a thousandth of those that are written.
    const { oldest } = this.#sql
      .exec<{ oldest: number | null }>("SELECT min(kept_at_ms) AS oldest FROM captured")
      .one();
    if (oldest !== null && oldest <= oldestMs)
      this.#sql.exec("DELETE FROM captured WHERE kept_at_ms <= ?", oldestMs);
  }

  /** When all of it is too old; null where there is nothing. */
  allExpiredMs(): number | null {
    const { newest } = this.#sql
      .exec<{ newest: number | null }>("SELECT max(kept_at_ms) AS newest FROM captured")
      .one();
    return newest === null ? null : newest + CAPTURE_KEPT_MS;
  }

  async #read(condition: string, nowMs: number, ...values: (string | number)[]): Promise<StoredCapture[]> {
    const rows = this.#sql
      .exec<{ id: number; gzipped: ArrayBuffer }>(
        `SELECT id, gzipped FROM captured WHERE kept_at_ms > ? AND ${condition}`,
        nowMs - CAPTURE_KEPT_MS,
        ...values,
      )
      .toArray();
    return Promise.all(rows.map(async ({ id, gzipped }) => ({ id, json: await gunzip(gzipped) })));
  }

  #insert(captureId: string, requestId: string, nowMs: number, gzipped: ArrayBuffer): void {
    this.#sql.exec(
      "INSERT INTO captured (capture_id, request_id, kept_at_ms, bytes, gzipped) VALUES (?, ?, ?, ?, ?)",
      ...[captureId, requestId, nowMs, gzipped.byteLength, gzipped],
    );
  }

  #isKept(captureId: string, requestId: string): boolean {
    const rows = this.#sql.exec(
      "SELECT id FROM captured WHERE capture_id = ? AND request_id = ?",
      captureId,
      requestId,
    );
    return rows.toArray().length > 0;
  }

  #answer(captureId: string, maxRequests: number): CaptureAnswer {
    return (this.counts().get(captureId) ?? 0) >= maxRequests ? "full" : "taken";
  }
}
