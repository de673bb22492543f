/** `pg` has no types of its own. These cover what the tests use. */
declare module "pg" {
  interface Client {
    connect(): Promise<void>;
    query(query: string | { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
    once(event: "end", listener: () => void): this;
    end(): Promise<void>;
  }
  const pg: { Client: new (options: object) => Client };
  export default pg;
}
