import { createHash } from "node:crypto";
import postgres from "postgres";
import { pause, type Reach, type Work, type WorkOptions } from "./reach.ts";

const ROW = "0123456789abcdef".repeat(62);
const LINES_AT_ONCE = 64;

function database(service: string, reach: Reach) {
  const options: Record<string, unknown> = {
    ...{ user: "postgres", database: "postgres", ssl: false, max: 2, fetch_types: false, idle_timeout: 5 },
    ...{ host: service, port: 5432, onnotice: () => {} },
    socket: () => reach(service),
  };
  return postgres(options as postgres.Options<Record<string, postgres.PostgresType>>);
}

type Sql = ReturnType<typeof database>;

const withDatabase =
  (work: (sql: Sql, options: WorkOptions) => Promise<unknown>): Work =>
  async (service, reach, options) => {
    const sql = database(service, reach);
    try {
      return await work(sql, options);
    } finally {
      await sql.end({ timeout: 2 }).catch(() => {});
    }
  };

/** With postgres.js. */
export const postgresWork: Record<string, Work> = {
  queries: withDatabase(async (sql) => {
    let sum = 0;
    for (let n = 1; n <= 100; n++) sum += Number((await sql`select ${n}::int as n`)[0]?.["n"]);
    const [row] = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    return { sum, encrypted: row?.["ssl"] as boolean };
  }),
  transaction: withDatabase(async (sql) => {
    await sql`create table if not exists accounts (name text primary key, amount int)`;
    await sql`truncate accounts`;
    await sql.begin(async (all) => {
      await all`insert into accounts values ('a', 70), ('b', 30)`;
      await all`update accounts set amount = amount - 20 where name = 'a'`;
      await all`update accounts set amount = amount + 20 where name = 'b'`;
    });
    const failed = await sql
      .begin(async (all) => {
        await all`update accounts set amount = 0`;
        throw new Error("rolled back");
      })
      .catch((error: Error) => error.message);
    return { failed, rows: [...(await sql`select name, amount from accounts order by name`)] };
  }),
  copy: withDatabase(async (sql, { size }) => {
    await sql`create unlogged table if not exists copied (n int, line text)`;
    await sql`truncate copied`;
    const writable = await sql`copy copied from stdin`.writable();
    const finished = new Promise((resolve, reject) => writable.on("error", reject).on("finish", resolve));
    finished.catch(() => {});
    const lines = size * 1024;
    for (let n = 0; n < lines; n += LINES_AT_ONCE) {
      const chunk = Array.from({ length: LINES_AT_ONCE }, (_, i) => `${n + i}\t${ROW}${n + i}\n`).join("");
      if (!writable.write(chunk)) await new Promise((resolve) => writable.once("drain", resolve));
    }
    writable.end();
    await finished;
    const [there] = await sql`
      select count(*)::int as lines, sum(length(line))::int as units, md5(string_agg(md5(line), '' order by n)) as digest
      from copied`;
    const readable = await sql`copy (select * from copied order by n) to stdout`.readable();
    const digest = createHash("sha256");
    let bytes = 0;
    for await (const chunk of readable as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      digest.update(chunk);
    }
    await sql`truncate copied`;
    return { ...there, bytes, sha256: digest.digest("hex") };
  }),
  /** Between LISTEN and the first NOTIFY, only keepalives are sent. */
  notify: withDatabase(async (sql, { pauseMs }) => {
    const heard: string[] = [];
    let both = (): void => {};
    const done = new Promise<void>((resolve) => (both = resolve));
    // Other work runs in the same database.
    const channel = `news_${crypto.randomUUID()}`;
    const listening = await sql.listen(channel, (text) => {
      heard.push(text);
      if (heard.length === 2) both();
    });
    await pause(pauseMs);
    await sql.notify(channel, "one");
    await sql.notify(channel, "two");
    await Promise.race([done, pause(30_000)]);
    await listening.unlisten();
    return { heard };
  }),
  cancel: withDatabase(async (sql) => {
    const slow = sql`select pg_sleep(60)`.execute();
    const code = slow.then(
      () => "finished",
      (error: { code: string }) => error.code,
    );
    // Wait until the server executes the query: a cancel that comes earlier does nothing.
    for (let running = 0; running === 0;)
      running = (await sql`select 1 from pg_stat_activity where query = 'select pg_sleep(60)'`).length;
    const startedMs = Date.now();
    slow.cancel();
    return { code: await code, isEarly: Date.now() - startedMs < 30_000 };
  }),
};

/** The expected result of `copy`, computed without a database. */
export function copyOutcome(size: number): unknown {
  const [sent, md5s] = [createHash("sha256"), createHash("md5")];
  let [bytes, units] = [0, 0];
  const lines = size * 1024;
  for (let n = 0; n < lines; n++) {
    const line = `${ROW}${n}`;
    const row = `${n}\t${line}\n`;
    sent.update(row);
    bytes += row.length;
    units += line.length;
    md5s.update(createHash("md5").update(line).digest("hex"));
  }
  return { lines, units, digest: md5s.digest("hex"), bytes, sha256: sent.digest("hex") };
}
