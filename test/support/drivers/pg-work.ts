import pg from "pg";
import type { Work } from "./reach.ts";

/** With `pg`, which calls `connect()` of the stream that it is given. */
export const pgWork: Record<string, Work> = {
  async pg(service, reach) {
    const stream = await reach(service);
    const client = new pg.Client({
      ...{ user: "postgres", database: "postgres", ssl: false, host: service, port: 5432 },
      stream: () => stream,
    });
    await client.connect();
    const sums: number[] = [];
    for (let n = 1; n <= 20; n++) {
      const { rows } = await client.query({
        ...{ name: "sum", text: "select sum(i)::int as sum from generate_series(1, $1::int) i", values: [n] },
      });
      sums.push((rows[0] as { sum: number }).sum);
    }
    const failed = await client
      .query("select 1/0")
      .then(String)
      .catch(({ code }: { code: string }) => code);
    const ended = new Promise((resolve) => client.once("end", () => resolve("end")));
    await client.end();
    return { sums, failed, ended: await ended };
  },
};
