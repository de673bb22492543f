/**
 * Real servers behind the tunnel, with real drivers inside a gateway and real programs through `culvert forward`.
 * Everything is also done without the tunnel, and the results must be equal. `npm run tcp` is the long form: it copies 100
 * MB each way, and listens during two minutes of silence.
 */
import { createHash } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Child } from "../../scripts/demo/child-process.ts";
import { copyOutcome } from "../support/drivers/postgres-work.ts";
import type { Reach } from "../support/drivers/reach.ts";
import { straight, type StraightService } from "../support/drivers/straight.ts";
import { work } from "../support/drivers/work.ts";
import { forwarded, newGatewayKey } from "../support/forwarded.ts";
import { type ProgramOutcome, runProgram } from "../support/programs.ts";
import { type MailServer, startMailServer } from "../support/servers/mail-server.ts";
import { POSTGRES, startPostgres } from "../support/servers/postgres-server.ts";
import { REDIS, startRedis } from "../support/servers/redis-server.ts";
import { startSystem, type System } from "../support/system.ts";
import { TRUSTED_CERTIFICATE_FILE } from "../support/tls-identities.ts";

const isLong = process.env["TCP_LONG"] !== undefined;
const COPY_MIB = isLong ? 100 : 4;
const SILENCE_MS = isLong ? 120_000 : 500;
const MAIL_KIB = 512;

if (POSTGRES === undefined)
  console.warn("no PostgreSQL here: its tests are skipped (apt-get install postgresql)");
if (REDIS === undefined) console.warn("no Redis here: its tests are skipped (apt-get install redis-server)");

let system: System;
let direct: Reach;
let key: string;
/** The port of each service without a tunnel. */
const straightPorts: Record<string, number> = {};
const ports: Record<string, number> = {};
const mailServers: MailServer[] = [];
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "culvert-databases-"));
  stops.push(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o755);
  const services: StraightService[] = [];
  const add = (name: string, scheme: "tcp" | "tls", port: number, more = {}): void => {
    straightPorts[name] = port;
    services.push({ name, endpoint: `${scheme}://localhost:${port}`, ...more });
  };
  if (POSTGRES !== undefined) {
    const server = await startPostgres(POSTGRES, directory);
    stops.push(() => server.stop());
    add("orders-db", "tcp", server.port);
    add("orders-db-tls", "tcp", server.port, { startTls: "postgres" });
  }
  if (REDIS !== undefined) {
    const server = await startRedis(REDIS, directory);
    stops.push(() => server.stop());
    add("cache", "tcp", server.port);
    add("cache-tls", "tls", server.tlsPort);
  }
  for (const name of ["mail", "mail-tls"]) {
    const server = await startMailServer(name === "mail-tls");
    mailServers.push(server);
    stops.push(() => server.close());
    add(name, name === "mail-tls" ? "tls" : "tcp", server.port);
  }
  direct = straight(services);
  const gatewayEntry = join(import.meta.dirname, "../support/drivers/gateway.ts");
  system = await startSystem({ services: services.map((one) => ({ ...one })), gatewayEntry });
  stops.push(() => system.stop());
  ({ key } = await newGatewayKey(system));
  const forwards = await Promise.all(
    ["orders-db", "cache"].map(async (service) => {
      const { port, child } = await forwarded(system, key, service);
      ports[service] = port;
      return child;
    }),
  );
  stops.push(() => Promise.all(forwards.map((child: Child) => child.stop(2_000))));
}, 180_000);

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function through(path: string): Promise<unknown> {
  return (await fetch(`${system.gatewayUrl}/${path}`)).json();
}

/**
 * Does the same work through the tunnel and directly: one after the other, or both at once if they cannot affect each
 * other.
 */
async function bothWays(path: string, atOnce = false): Promise<unknown> {
  const tunnelled = through(path);
  if (!atOnce) await tunnelled;
  const [outcome, expected] = await Promise.all([tunnelled, work(path, direct)]);
  expect(outcome).toEqual(expected);
  return outcome;
}

describe.skipIf(POSTGRES === undefined)("PostgreSQL with drivers in a gateway", () => {
  it.each(["orders-db", "orders-db-tls"])("answers 100 queries of %s", async (service) => {
    const encrypted = service === "orders-db-tls";
    expect(await bothWays(`queries/${service}`)).toEqual({ sum: 5050, encrypted });
  });

  it("commits a transaction and rolls another back", async () => {
    const rows = [
      { name: "a", amount: 50 },
      { name: "b", amount: 50 },
    ];
    expect(await bothWays("transaction/orders-db-tls")).toEqual({ failed: "rolled back", rows });
  });

  it.each(["orders-db", "orders-db-tls"])(
    `copies ${COPY_MIB} MB into and out of %s with the same digests`,
    { timeout: 300_000 },
    async (service) => {
      expect(await bothWays(`copy/${service}?size=${COPY_MIB}`)).toEqual(copyOutcome(COPY_MIB));
    },
  );

  it(`gets notifications after ${SILENCE_MS / 1000} s of silence`, { timeout: 240_000 }, async () => {
    const heard = { heard: ["one", "two"] };
    const paths = ["orders-db", "orders-db-tls"].map((service) => `notify/${service}?pauseMs=${SILENCE_MS}`);
    expect(await Promise.all(paths.map((path) => bothWays(path, true)))).toEqual([heard, heard]);
  });

  it("cancels a query over a connection of its own", async () => {
    expect(await bothWays("cancel/orders-db-tls")).toEqual({ code: "57014", isEarly: true });
  });

  it("works with pg too, with prepared statements, an error and an orderly end", async () => {
    const sums = Array.from({ length: 20 }, (_, index) => ((index + 1) * (index + 2)) / 2);
    expect(await bothWays("pg/orders-db")).toEqual({ sums, failed: "22012", ended: "end" });
  });
});

describe.skipIf(REDIS === undefined).each(["cache", "cache-tls"])("Redis as %s", (service) => {
  it("answers a pipeline of 10,000 commands", async () => {
    expect(await bothWays(`pipeline/${service}?size=10000`)).toMatchObject({ isSame: true, last: "+OK\r\n" });
  });

  it("publishes to subscribers", async () => {
    expect(await bothWays(`subscribe/${service}`)).toMatchObject({ count: ":1\r\n" });
  });
});

describe.each(["mail", "mail-tls"])("SMTP as %s, with nodemailer in a gateway", (service) => {
  it("greets first, accepts a mail, and distinguishes recipients", async () => {
    const outcome = await bothWays(`mail/${service}?size=${MAIL_KIB}`);
    expect(outcome).toMatchObject({ accepted: ["ada@example.com"], rejected: ["nobody@example.com"] });
    const [tunnelled, expected] = mailServers[service === "mail" ? 0 : 1]?.mails.slice(-2) ?? [];
    expect(tunnelled?.bytes).toBeGreaterThan(MAIL_KIB * 1000);
    expect(tunnelled).toEqual(expected);
  });
});

/** Runs the same program through `culvert forward` and directly. */
async function programBothWays(
  service: string,
  run: (port: number) => Promise<ProgramOutcome>,
): Promise<ProgramOutcome> {
  const outcome = await run(ports[service] ?? 0);
  expect(outcome).toEqual(await run(straightPorts[service] ?? 0));
  return outcome;
}

describe.skipIf(POSTGRES === undefined)("psql through culvert forward", () => {
  const psql = (
    port: number,
    input: string,
    more: Parameters<typeof runProgram>[2] = {},
    host = "127.0.0.1",
  ) =>
    runProgram(
      join(POSTGRES ?? "", "psql"),
      ["-X", "-A", "-t", "-h", host, "-p", String(port), "-U", "postgres", "postgres"],
      { input, ...more, env: { PGSSLMODE: "disable", ...more.env } },
    );

  it("queries, fails, copies and notifies as on a direct connection", async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `${n}\t${"x".repeat(n % 97)}`).join("\n");
    const script = `
      set client_min_messages = warning; drop table if exists lines; create table lines (n int, line text);
      \\copy lines from stdin
${rows}
\\.
      select count(*), sum(length(line)) from lines; select 1/0; select nothing;
      listen news; notify news, 'hello'; select 'after';
      copy (select * from lines order by n) to stdout;`;
    const { exitCode, output, errors } = await programBothWays("orders-db", async (port) => {
      const outcome = await psql(port, script);
      // The server's process differs each time.
      return { ...outcome, output: outcome.output.replace(/(?<=with PID )\d+/, "…") };
    });
    expect(exitCode).toBe(0);
    expect(errors).toContain("division by zero");
    expect(
      createHash("sha256")
        .update(output.slice(output.indexOf("0\t\n")))
        .digest("hex"),
    ).toBe(createHash("sha256").update(`${rows}\n`).digest("hex"));
  });

  it("uses TLS of its own, from end to end", async () => {
    const env = { PGSSLMODE: "verify-full", PGSSLROOTCERT: TRUSTED_CERTIFICATE_FILE };
    const outcome = await programBothWays("orders-db", (port) =>
      psql(port, "select ssl from pg_stat_ssl where pid = pg_backend_pid()", { env }, "localhost"),
    );
    expect(outcome).toEqual({ exitCode: 0, output: "t\n", errors: "" });
  });

  it("is told when the server ends the connection", async () => {
    const outcome = await programBothWays("orders-db", (port) =>
      psql(port, "select pg_terminate_backend(pg_backend_pid());"),
    );
    expect(outcome).toMatchObject({ exitCode: 2, errors: expect.stringContaining("terminating connection") });
  });

  it("cancels by Ctrl-C", async () => {
    const query = "select pg_sleep(50)";
    const outcome = await programBothWays("orders-db", (port) =>
      psql(port, query, { interruptWhen: () => untilRunning(query) }),
    );
    expect(outcome.errors).toContain("canceling statement due to user request");
  });

  async function untilRunning(query: string): Promise<void> {
    const asked = `select count(*) from pg_stat_activity where query = '${query}' and state = 'active'`;
    await vi.waitFor(
      async () => expect((await psql(straightPorts["orders-db"] ?? 0, asked)).output).toBe("1\n"),
      { timeout: 40_000, interval: 50 },
    );
  }
});

describe.skipIf(REDIS === undefined)("redis-cli through culvert forward", () => {
  const redis = (port: number, args: readonly string[], input = "") =>
    runProgram("redis-cli", ["-p", String(port), ...args], { input });

  it("accepts a mass insertion, and answers every command as on a direct connection", async () => {
    const commands = Array.from({ length: 10_000 }, (_, n) => `SET mass:${n} value:${n}\r\n`).join("");
    const inserted = await programBothWays("cache", (port) => redis(port, ["--pipe"], commands));
    expect(inserted).toMatchObject({ exitCode: 0, output: expect.stringContaining("replies: 10000") });
    const script = "MGET mass:0 mass:9999 none\nINCR mass:0\nSET big x EX 100\nTYPE big\nNO SUCH COMMAND\n";
    const { output } = await programBothWays("cache", (port) => redis(port, [], script));
    expect(output).toContain("value:9999");
  });
});
