import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** What of a Durable Object's storage the Registry's stores use, on Node's own SQLite, in memory. */
export function sqliteStorage(): DurableObjectStorage {
  const database = new DatabaseSync(":memory:");
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const exec = (query: string, ...values: SQLInputValue[]) => {
    // Only what has no values may be several statements, as migrations are.
    if (values.length === 0 && query.includes(";")) {
      database.exec(query);
      return { toArray: () => [], one: () => undefined };
    }
    const statement = prepared.get(query) ?? database.prepare(query);
    prepared.set(query, statement);
    const rows = statement.all(...values);
    return { toArray: () => rows, one: () => rows[0] };
  };
  const transactionSync = <T>(work: () => T): T => work();
  return { sql: { exec }, transactionSync } as unknown as DurableObjectStorage;
}
