import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const TLS = join(import.meta.dirname, "../tls");
const READY_TIMEOUT_MS = 60_000;

export const run = promisify(execFile);

/** A server of the system, run as a child of this process on its own ports. */
export interface DebianServer {
  stop(): Promise<void>;
}

export type Owner = { uid: number; gid: number } | Record<string, never>;

/** Some servers refuse to run as root, so root runs them as this user. Other users run them as themselves. */
export async function ownerNamed(name: string): Promise<Owner> {
  if (userInfo().uid !== 0) return {};
  const [uid = 0, gid = 0] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
  );
  return { uid, gid };
}

/** A certificate for `localhost` and its key, in files that only `owner` can read. */
export async function tlsFiles(directory: string, owner: Owner): Promise<{ cert: string; key: string }> {
  const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  await copyFile(join(TLS, "trusted.cert.pem"), files.cert);
  await copyFile(join(TLS, "trusted.key.pem"), files.key);
  await chmod(files.key, 0o600);
  for (const file of Object.values(files)) await give(file, owner);
  return files;
}

export async function give(path: string, owner: Owner): Promise<void> {
  if (owner.uid !== undefined) await chown(path, owner.uid, owner.gid);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves once something listens on `port`. */
export async function startDebianServer(
  command: string,
  args: readonly string[],
  port: number,
  options: { owner?: Owner; cwd?: string } = {},
): Promise<DebianServer> {
  const { owner = {}, ...rest } = options;
  const child = spawn(command, args, { ...owner, ...rest, stdio: "ignore" });
  const failed = once(child, "error").then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  const endWithParent = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithParent);
  await Promise.race([failed, untilListening(child, port)]);
  return {
    stop: async () => {
      process.removeListener("exit", endWithParent);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGINT");
      const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(kill);
    },
  };
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (const endMs = Date.now() + READY_TIMEOUT_MS; Date.now() < endMs; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (await listens(port)) return;
  }
  throw new Error(`nothing listens on ${port}`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
