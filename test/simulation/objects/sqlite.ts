import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** The part of a Durable Object's storage that the Registry's stores use, with Node's own SQLite in memory. */
export function sqliteStorage(): DurableObjectStorage {
  const database = new DatabaseSync(":memory:");
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const exec = (query: string, ...values: SQLInputValue[]) => {
    // Only SQL without values may have several statements, as in migrations.
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
