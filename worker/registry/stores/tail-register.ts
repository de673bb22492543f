import { withTimeout } from "../../with-timeout.ts";

/** An object where somebody watches whose key, or session, is gone. */
interface DueEnding {
  objectName: string;
  kids: string[];
}

/** An object that could not be told is told again after so long. */
const RETRY_MS = 5_000;
const TELL_TIMEOUT_MS = 10_000;

/**
 * Who watches where, by the id of the key or session that was shown: whoever loses it stops watching, wherever the
 * objects of a tunnel are. Rows are of use for as long as one may watch without showing the key again, a quarter of an hour.
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

  /** What this key or session watches is to end; whoever does not tell the objects at once does at `dueMs`. */
  revoke(kid: string, dueMs: number): void {
    this.#sql.exec("UPDATE tails SET end_due_ms = ? WHERE kid = ?", dueMs, kid);
  }

  /** Tells the objects concerned, and no other. One that cannot be told stays due. */
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
