/** A client has to accept any number (RFC 9110 §15.2). This is more than progress reports or early hints for a page need. */
const MAX_INTERIM_HEADS = 10_000;
const INTERIM_HEADS_PER_SECOND = 100;
const MAX_INTERIM_BYTES = 1024 * 1024;
const INTERIM_BYTES_PER_SECOND = 64 * 1024;
/** What a head counts beside its fields (status line, empty line), and a field beside its name and value (colon, line end). */
const HEAD_BYTES = 16;
const FIELD_BYTES = 4;

/** Limits the informational responses (1xx) of one exchange, by rate and size and not by number alone. */
export class InterimBudget {
  #heads = MAX_INTERIM_HEADS;
  #bytes = MAX_INTERIM_BYTES;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** False: the limit is exceeded. */
  spend(fields: readonly (readonly [name: string, value: string])[], nowMs: number): boolean {
    const seconds = (nowMs - this.#atMs) / 1_000;
    this.#atMs = nowMs;
    let bytes = HEAD_BYTES;
    for (const [name, value] of fields) bytes += name.length + value.length + FIELD_BYTES;
    this.#heads = Math.min(MAX_INTERIM_HEADS, this.#heads + seconds * INTERIM_HEADS_PER_SECOND) - 1;
    this.#bytes = Math.min(MAX_INTERIM_BYTES, this.#bytes + seconds * INTERIM_BYTES_PER_SECOND) - bytes;
    return this.#heads >= 0 && this.#bytes >= 0;
  }
}
