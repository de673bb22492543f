import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MIN_ADMIN_KEY_LENGTH } from "../worker/auth/admin-key.ts";
import { bundleRelay } from "./bundle.ts";
import { startWorkerd, WorkerdStartError, type WorkerdProcess } from "./workerd.ts";

const help = `npm run relay -- [options]

Runs the relay on this machine, on workerd, with its state on disk.

  --port PORT        port to listen on; 0 for any free port (default 8787)
  --host ADDRESS     address to listen on (default 127.0.0.1)
  --persist DIR      folder for its state (default .culvert)
  --admin-key KEY    key of the admin API, 32 characters or more; other users of this machine can
                     see it in the process list, so prefer the environment variable ADMIN_KEY.
                     Without either, it creates a key once and keeps it in DIR/admin-key.
  --allow-private    allow log destinations on this machine and on private addresses
  -h, --help         this text

Prints "ready URL" once it serves. Stop it with Ctrl-C or SIGTERM.`;

/** workerd keeps running while a connector is attached. With this limit, the whole stop takes less than 5 s. */
const STOP_GRACE_MS = 2_000;

interface Settings {
  port: number;
  host: string;
  persistDir: string;
  adminKey: string | undefined;
  mayCallPrivate: boolean;
}

function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: "8787" },
      host: { type: "string", default: "127.0.0.1" },
      persist: { type: "string", default: ".culvert" },
      "admin-key": { type: "string" },
      "allow-private": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(`--port: "${values.port}" is not a port; use 0 to 65535`);
  }
  const adminKey = values["admin-key"] ?? env["ADMIN_KEY"];
  if (adminKey === "") throw new Error("the admin key is empty");
  if (adminKey !== undefined && adminKey.length < MIN_ADMIN_KEY_LENGTH)
    throw new Error(
      `the admin key is shorter than ${MIN_ADMIN_KEY_LENGTH} characters, so the relay would not accept it; make one with "openssl rand -base64 32", or leave it out`,
    );
  return {
    port: Number(values.port),
    host: values.host,
    persistDir: resolve(values.persist),
    adminKey,
    mayCallPrivate: values["allow-private"],
  };
}

/** The admin key of earlier starts, in a file that only its owner can read. */
async function keptAdminKey(persistDir: string): Promise<string> {
  const path = join(persistDir, "admin-key");
  try {
    await writeFile(path, `${randomBytes(32).toString("base64url")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  console.log(`admin key in ${path}`);
  return (await readFile(path, "utf8")).trim();
}

async function start({
  port,
  host,
  persistDir,
  adminKey,
  mayCallPrivate,
}: Settings): Promise<WorkerdProcess> {
  await mkdir(persistDir, { recursive: true, mode: 0o700 });
  const key = adminKey ?? (await keptAdminKey(persistDir));
  // Not in dist/, because a build or a second relay may be writing there.
  const bundlePath = join(persistDir, "relay.js");
  await bundleRelay(bundlePath);
  try {
    return await startWorkerd({
      relay: { bundlePath, adminKey: key, mayCallPrivate },
      host,
      port,
      persistDir,
      onLog: (line) => console.error(line),
    });
  } catch (error) {
    if (error instanceof WorkerdStartError && error.reason === "port_in_use") {
      throw new Error(`port ${port} on ${host} is in use; choose another with --port`, { cause: error });
    }
    throw error;
  }
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === "help") return console.log(help);

  const relay = await start(settings);
  // package.json starts this file with `exec`. A shell in between would not pass on npm's SIGTERM.
  let stopping = false;
  const stop = (): void => {
    stopping = true;
    void relay.stop(STOP_GRACE_MS);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  console.log(`dashboard at ${relay.url}/dashboard`);
  console.log(`ready ${relay.url}`);

  const code = await relay.exited;
  if (stopping) return;
  console.error(`relay: workerd ended by itself (${code === null ? "killed" : `exit code ${code}`})`);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`relay: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
