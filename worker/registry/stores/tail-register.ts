import { withTimeout } from "../../with-timeout.ts";

/** An object with a watcher whose key or session is no longer valid. */
interface DueEnding {
  objectName: string;
  kids: string[];
}

/** After this time, an object that did not answer is told again. */
const RETRY_MS = 5_000;
const TELL_TIMEOUT_MS = 10_000;

/**
 * Which objects have watchers, by the id of the key or session. When a key or session ends, its watchers are cut off at every object. A row
 * is needed for as long as a watcher need not present its key again, which is a quarter of an hour.
 */
export class TailRegister {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(objectName: string, kid: string, untilMs: number, nowMs: number): void {
    this.#sql.exec("DELETE FROM tails WHERE until_ms <= ?", nowMs);
    this.#sql.exec(
      `INSERT INTO tails (object_name, kid, until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (object_name, kid) DO UPDATE SET until_ms = max(until_ms, ?3)`,
      objectName,
      kid,
      untilMs,
    );
  }

  /** Marks the watchers of this key or session as ended. If telling the objects fails now, it is due again at `dueMs`. */
  revoke(kid: string, dueMs: number): void {
    this.#sql.exec("UPDATE tails SET end_due_ms = ? WHERE kid = ?", dueMs, kid);
  }

  /** Tells exactly the objects concerned. One that does not answer stays due. */
  async endDue(dueMs: number, tell: (ending: DueEnding) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#due(dueMs).map(async (ending) => {
        try {
          const told = tell(ending).then(() => true);
          if (!(await withTimeout(told, TELL_TIMEOUT_MS, false))) throw new Error("no answer");
          this.#told(ending);
        } catch {
          this.#failed(ending, Date.now());
        }
      }),
    );
  }

  #due(dueMs: number): DueEnding[] {
    this.#sql.exec("DELETE FROM tails WHERE until_ms <= ?", Date.now());
    const rows = this.#sql
      .exec<{ objectName: string; kid: string }>(
        "SELECT object_name AS objectName, kid FROM tails WHERE end_due_ms <= ?",
        dueMs,
      )
      .toArray();
    const byObject = Map.groupBy(rows, ({ objectName }) => objectName);
    return Array.from(byObject, ([objectName, of]) => ({ objectName, kids: of.map(({ kid }) => kid) }));
  }

  #told({ objectName, kids }: DueEnding): void {
    for (const kid of kids)
      this.#sql.exec("DELETE FROM tails WHERE object_name = ? AND kid = ?", objectName, kid);
  }

  #failed({ objectName }: DueEnding, nowMs: number): void {
    this.#sql.exec(
      "UPDATE tails SET end_due_ms = ? WHERE object_name = ? AND end_due_ms IS NOT NULL",
      nowMs + RETRY_MS,
      objectName,
    );
  }

  nextDueMs(): number | null {
    return this.#sql.exec<{ nextMs: number | null }>("SELECT min(end_due_ms) AS nextMs FROM tails").one()
      .nextMs;
  }
}
