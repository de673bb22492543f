import { spawn, execFile, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startSystem, type System } from "../support/system.ts";

const run = promisify(execFile);
const POSTGRES = ["15", "16", "17"].map((version) => `/usr/lib/postgresql/${version}/bin`).find(existsSync);
const REDIS = ["/usr/bin/redis-server"].find(existsSync);
const TLS = join(import.meta.dirname, "../support/tls");
const COPY_MIB = 100;

if (POSTGRES === undefined)
  console.warn("no PostgreSQL here: its tests are skipped (apt-get install postgresql)");
if (REDIS === undefined) console.warn("no Redis here: its tests are skipped (apt-get install redis-server)");

let system: System;
let directory: string;
const children: ChildProcess[] = [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number): Promise<void> {
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => socket.destroy());
        socket.once("connect", () => resolve());
        socket.once("error", reject);
      }),
    { timeout: 30_000, interval: 100 },
  );
}

/** PostgreSQL runs as no root. */
async function ids(name: string): Promise<{ uid: number; gid: number } | Record<string, never>> {
  if (userInfo().uid !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

async function tlsFilesFor(
  owner: { uid?: number; gid?: number },
  name: string,
): Promise<{ cert: string; key: string }> {
  const files = { cert: join(directory, `${name}.cert.pem`), key: join(directory, `${name}.key.pem`) };
  await copyFile(join(TLS, "trusted.cert.pem"), files.cert);
  await copyFile(join(TLS, "trusted.key.pem"), files.key);
  await chmod(files.key, 0o600);
  for (const file of Object.values(files))
    if (owner.uid !== undefined) await chown(file, owner.uid, owner.gid ?? 0);
  return files;
}

async function startPostgres(bin: string): Promise<number> {
  const owner = await ids("postgres");
  const data = join(directory, "postgres");
  await mkdir(data);
  if (owner.uid !== undefined) await chown(data, owner.uid, owner.gid ?? 0);
  const { cert, key } = await tlsFilesFor(owner, "postgres");
  await run(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], {
    ...owner,
    cwd: data,
  });
  const port = await freePort();
  const set = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${data}`, "fsync=off"];
  const tls = ["ssl=on", `ssl_cert_file=${cert}`, `ssl_key_file=${key}`];
  const args = ["-D", data, ...[...set, ...tls].flatMap((setting) => ["-c", setting])];
  children.push(spawn(join(bin, "postgres"), args, { ...owner, cwd: data, stdio: "ignore" }));
  await untilListening(port);
  return port;
}

async function startRedis(binary: string): Promise<{ plain: number; tls: number }> {
  const { cert, key } = await tlsFilesFor({}, "redis");
  const [plain, tls] = [await freePort(), await freePort()];
  const args = [
    ...[
      "--port",
      String(plain),
      "--tls-port",
      String(tls),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--dir",
      directory,
    ],
    ...[
      "--tls-cert-file",
      cert,
      "--tls-key-file",
      key,
      "--tls-ca-cert-file",
      cert,
      "--tls-auth-clients",
      "no",
    ],
  ];
  children.push(spawn(binary, args, { stdio: "ignore" }));
  await untilListening(plain);
  return { plain, tls };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-databases-"));
  await chmod(directory, 0o755);
  const services: { name: string; endpoint: string; startTls?: string }[] = [];
  if (POSTGRES !== undefined) {
    const port = await startPostgres(POSTGRES);
    services.push({ name: "orders-db", endpoint: `tcp://127.0.0.1:${port}` });
    services.push({ name: "orders-db-tls", endpoint: `tcp://localhost:${port}`, startTls: "postgres" });
  }
  if (REDIS !== undefined) {
    const { plain, tls } = await startRedis(REDIS);
    services.push({ name: "cache", endpoint: `tcp://127.0.0.1:${plain}` });
    services.push({ name: "cache-tls", endpoint: `tls://localhost:${tls}` });
  }
  const gatewayEntry = join(import.meta.dirname, "../support/database-gateway.ts");
  system = await startSystem({ services, gatewayEntry });
}, 120_000);

afterAll(async () => {
  await system?.stop();
  for (const child of children) child.kill("SIGINT");
  await Promise.all(children.map(async (child) => child.exitCode === null && once(child, "exit")));
  await rm(directory, { recursive: true, force: true });
});

async function ask(path: string): Promise<unknown> {
  return (await fetch(`${system.gatewayUrl}/${path}`)).json();
}

describe.skipIf(POSTGRES === undefined)("PostgreSQL with postgres.js in a gateway", () => {
  it.each(["orders-db", "orders-db-tls"])("answers 100 queries of %s", async (service) => {
    expect(await ask(`queries/${service}`)).toEqual({ sum: 5050, encrypted: service === "orders-db-tls" });
  });

  it("commits a transaction and rolls another back", async () => {
    expect(await ask("transaction/orders-db-tls")).toEqual({
      failed: "rolled back",
      rows: [
        { name: "a", amount: 50 },
        { name: "b", amount: 50 },
      ],
    });
  });

  it(`copies ${COPY_MIB} MB in and out with the same digests`, { timeout: 180_000 }, async () => {
    const row = "0123456789abcdef".repeat(62);
    const [sent, lines] = [createHash("sha256"), createHash("md5")];
    let [bytes, units] = [0, 0];
    for (let n = 0; n < COPY_MIB * 1024; n++) {
      const line = `${row}${n}`;
      sent.update(`${n}\t${line}\n`);
      bytes += `${n}\t${line}\n`.length;
      units += line.length;
      lines.update(createHash("md5").update(line).digest("hex"));
    }
    expect(await ask(`copy/orders-db-tls?size=${COPY_MIB}`)).toEqual({
      ...{ lines: COPY_MIB * 1024, units, digest: lines.digest("hex") },
      ...{ bytes, sha256: sent.digest("hex") },
    });
  });

  it("hears notifications", async () => {
    expect(await ask("notify/orders-db")).toEqual({ heard: ["one", "two"] });
  });

  it("cancels a query over a connection of its own", async () => {
    expect(await ask("cancel/orders-db-tls")).toEqual({ code: "57014", isEarly: true });
  });
});

describe.skipIf(REDIS === undefined).each(["cache", "cache-tls"])("Redis as %s", (service) => {
  it("answers a pipeline of 10,000 commands", async () => {
    expect(await ask(`pipeline/${service}?size=5000`)).toMatchObject({ isSame: true });
  });

  it("publishes to who has subscribed", async () => {
    expect(await ask(`subscribe/${service}`)).toEqual({ got: expect.stringContaining("hello") });
  });
});
