import { TokenBucket } from "../../shared/time/token-bucket.ts";

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
  readonly #heads = new TokenBucket({ burst: MAX_INTERIM_HEADS, perSecond: INTERIM_HEADS_PER_SECOND });
  readonly #bytes = new TokenBucket({ burst: MAX_INTERIM_BYTES, perSecond: INTERIM_BYTES_PER_SECOND });

  /** False: the limit is exceeded. */
  spend(fields: readonly (readonly [name: string, value: string])[], nowMs: number): boolean {
    let bytes = HEAD_BYTES;
    for (const [name, value] of fields) bytes += name.length + value.length + FIELD_BYTES;
    return this.#heads.take(nowMs) && this.#bytes.take(nowMs, bytes);
  }
}
