import { withTimeout } from "../with-timeout.ts";
import { History } from "./history.ts";

const KEY = "history-sweep";
const EVERY_MS = 24 * 3_600_000;
const RETRY_MS = 3_600_000;
/** An object's last report may be a little older than its last request. */
const MARGIN_MS = 3_600_000;
const EXPIRE_TIMEOUT_MS = 10_000;
/** How many are told in one turn. The others follow a minute later. */
const MAX_OBJECTS = 200;
const AGAIN_MS = 60_000;

interface Progress {
  /** Objects whose last report was at this time or earlier have been told. */
  toMs: number;
  dueMs: number;
}

/**
 * Once a day the Registry calls the Telemetry objects that have been idle for as long as requests are kept, so that they delete them. An
 * alarm of their own would cost them a row each time that they work.
 */
export class HistorySweep {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;

  constructor({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = sql;
    this.#kv = kv;
  }

  /** True: from now on there is something to do. */
  begin(nowMs: number): boolean {
    if (this.#progress() !== null) return false;
    this.#kv.put<Progress>(KEY, { toMs: 0, dueMs: nowMs + EVERY_MS });
    return true;
  }

  nextDueMs(): number | null {
    return this.#progress()?.dueMs ?? null;
  }

  /** An object that does not answer is called again an hour later. */
  async run(nowMs: number, expire: (objectName: string) => Promise<void>): Promise<void> {
    const progress = this.#progress();
    if (progress === null || progress.dueMs > nowMs) return;
    const untilMs = History.oldestEndMs(nowMs) - MARGIN_MS;
    const idle = this.#sql
      .exec<{ name: string; atMs: number }>(
        `SELECT object_name AS name, at_ms AS atMs FROM telemetry_reports
           WHERE at_ms > ? AND at_ms <= ? ORDER BY at_ms LIMIT ?`,
        progress.toMs,
        untilMs,
        MAX_OBJECTS,
      )
      .toArray();
    const told = await Promise.all(
      idle.map(async ({ name }) => {
        const done = expire(name).then(
          () => true,
          () => false,
        );
        return withTimeout(done, EXPIRE_TIMEOUT_MS, false);
      }),
    );
    const failed = idle[told.indexOf(false)];
    const last = idle.at(-1);
    const isAll = idle.length < MAX_OBJECTS;
    this.#kv.put<Progress>(
      KEY,
      failed !== undefined
        ? { toMs: failed.atMs - 1, dueMs: nowMs + RETRY_MS }
        : isAll || last === undefined
          ? { toMs: Math.max(progress.toMs, untilMs), dueMs: nowMs + EVERY_MS }
          : // Others may have reported in the same millisecond.
            { toMs: Math.max(progress.toMs + 1, last.atMs - 1), dueMs: nowMs + AGAIN_MS },
    );
  }

  #progress(): Progress | null {
    return this.#kv.get<Progress>(KEY) ?? null;
  }
}
