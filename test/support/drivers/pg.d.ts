/** `pg` comes without types: what the tests use of it. */
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
