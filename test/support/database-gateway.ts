/** A gateway with real drivers: each route is one piece of work, and answers with what came of it. */
import { createHash } from "node:crypto";
import postgres from "postgres";
import { nodeSocket } from "../../examples/tcp/node-socket.ts";
import { connectTcp, type TunnelBinding } from "../../kit/gateway/index.ts";

const ROW = "0123456789abcdef".repeat(62);

function database(binding: TunnelBinding, service: string) {
  const options: Record<string, unknown> = {
    ...{ user: "postgres", database: "postgres", ssl: false, max: 2, fetch_types: false, idle_timeout: 5 },
    ...{ host: service, port: 5432 },
    socket: () => nodeSocket(connectTcp(binding, service)),
  };
  return postgres(options as postgres.Options<Record<string, postgres.PostgresType>>);
}

type Sql = ReturnType<typeof database>;

const work: Record<string, (sql: Sql, megabytes: number) => Promise<unknown>> = {
  async queries(sql) {
    let sum = 0;
    for (let n = 1; n <= 100; n++) sum += Number((await sql`select ${n}::int as n`)[0]?.["n"]);
    const [row] = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    return { sum, encrypted: row?.["ssl"] as boolean };
  },
  async transaction(sql) {
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
    return { failed, rows: await sql`select name, amount from accounts order by name` };
  },
  async copy(sql, megabytes) {
    await sql`create table if not exists copied (n int, line text)`;
    await sql`truncate copied`;
    const writable = await sql`copy copied from stdin`.writable();
    const lines = megabytes * 1024;
    for (let n = 0; n < lines; n += 64) {
      const chunk = Array.from({ length: 64 }, (_, i) => `${n + i}\t${ROW}${n + i}\n`).join("");
      if (!writable.write(chunk)) await new Promise((resolve) => writable.once("drain", resolve));
    }
    await new Promise((resolve, reject) => {
      writable.on("error", reject);
      writable.on("finish", resolve);
      writable.end();
    });
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
    return { ...there, bytes, sha256: digest.digest("hex") };
  },
  async notify(sql) {
    const heard: string[] = [];
    const listening = await sql.listen("news", (text) => void heard.push(text));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await sql.notify("news", "one");
    await sql.notify("news", "two");
    for (let waits = 0; heard.length < 2 && waits < 200; waits++)
      await new Promise((resolve) => setTimeout(resolve, 25));
    await listening.unlisten();
    return { heard };
  },
  async cancel(sql) {
    const slow = sql`select pg_sleep(60)`.execute();
    setTimeout(() => slow.cancel(), 300);
    const started = Date.now();
    const code = await slow.then(
      () => "finished",
      (error: { code: string }) => error.code,
    );
    return { code, isEarly: Date.now() - started < 30_000 };
  },
};

/** Redis by its own protocol: as many commands at once as are asked for. */
async function pipeline(binding: TunnelBinding, service: string, commands: number): Promise<unknown> {
  const socket = connectTcp(binding, service);
  const writer = socket.writable.getWriter();
  const lines = Array.from(
    { length: commands },
    (_, n) => `SET key:${n} value:${n}\r\nGET key:${n}\r\n`,
  ).join("");
  const expected = Array.from(
    { length: commands },
    (_, n) => `+OK\r\n$${`value:${n}`.length}\r\nvalue:${n}\r\n`,
  ).join("");
  const written = writer.write(new TextEncoder().encode(lines));
  const decoder = new TextDecoder();
  const reader = socket.readable.getReader();
  let got = "";
  while (got.length < expected.length) {
    const { done, value } = await reader.read();
    if (done) break;
    got += decoder.decode(value, { stream: true });
  }
  await written;
  reader.releaseLock();
  writer.releaseLock();
  await socket.close();
  return { isSame: got === expected, units: got.length };
}

async function subscribe(binding: TunnelBinding, service: string): Promise<unknown> {
  const [one, other] = [connectTcp(binding, service), connectTcp(binding, service)];
  const [subscriber, publisher] = [one.writable.getWriter(), other.writable.getWriter()];
  const encoder = new TextEncoder();
  const reader = one.readable.getReader();
  let got = "";
  const until = async (text: string): Promise<void> => {
    while (!got.includes(text)) {
      const { done, value } = await reader.read();
      if (done) return;
      got += new TextDecoder().decode(value);
    }
  };
  await subscriber.write(encoder.encode("SUBSCRIBE news\r\n"));
  await until("subscribe");
  await publisher.write(encoder.encode("PUBLISH news hello\r\n"));
  await until("hello");
  return { got };
}

export default {
  async fetch(request: Request, env: { TUNNEL: TunnelBinding }): Promise<Response> {
    const url = new URL(request.url);
    const [, route = "", service = ""] = url.pathname.split("/");
    const size = Number(url.searchParams.get("size") ?? 1);
    if (route === "pipeline") return Response.json(await pipeline(env.TUNNEL, service, size));
    if (route === "subscribe") return Response.json(await subscribe(env.TUNNEL, service));
    const sql = database(env.TUNNEL, service);
    try {
      return Response.json(await work[route]?.(sql, size));
    } catch (thrown) {
      return Response.json({ threw: String((thrown as Error).stack) }, { status: 500 });
    } finally {
      await sql.end({ timeout: 2 }).catch(() => {});
    }
  },
};
