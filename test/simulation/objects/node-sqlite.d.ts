/** The parts that these files use. They are checked with the runtime's types, which do not include Node's. */
declare module "node:sqlite" {
  export type SQLInputValue = null | number | bigint | string;
  export class DatabaseSync {
    constructor(path: string);
    exec(sql: string): void;
    prepare(sql: string): { all(...values: SQLInputValue[]): Record<string, unknown>[] };
  }
}
