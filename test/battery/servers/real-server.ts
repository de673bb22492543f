import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createConnection, createServer, type AddressInfo, Socket } from "node:net";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../../scripts/demo/eventually.ts";

const START_MS = 20_000;
const STOP_MS = 3_000;

/** What an endpoint supports. */
export type Offer =
  /** Files of the document root, under /files/. */
  | "files"
  /** Ranges of files. */
  | "ranges"
  /** Compressed text, if the request accepts it. */
  | "gzip"
  /** The routes that every application here has, under /app/. */
  | "application"
  /** The routes that only our origin has, reached through this server. */
  | "origin"
  /** 1xx before an answer. A server that does not support them must not take them for the answer. */
  | "interim"
  /** Trailers after a chunked body. */
  | "trailers"
  /** Uploads without a length. */
  | "unsized";

/** What a server supports that has files of its own and proxies the rest. */
export const EVERY_OFFER: readonly Offer[] = [
  "files",
  "ranges",
  "gzip",
  "application",
  "origin",
  "interim",
  "trailers",
  "unsized",
];

/** One port of a server, which is a service of the tunnel. */
export interface Endpoint {
  /** Also the name of the service. */
  name: string;
  origin: string;
  protocol: "http1" | "http2";
  offers: readonly Offer[];
  /** Why it breaks off early answers of proxied uploads, even without the tunnel. Absent: it does not. */
  losesEarly?: string;
}

/** What servers can use. */
export interface Place {
  /** For the configuration, logs and temporary files of one server. */
  directory: string;
  /** Contains `files/` and `pattern.bin`. */
  root: string;
  /** Our HTTP/1.1 origin, to which proxies pass /app/. */
  originPort: number;
  /** PEM files. The server's name is localhost. */
  tls: { ca: string; cert: string; key: string };
  write(name: string, text: string): Promise<string>;
  freePort: () => Promise<number>;
  /** Resolves once all ports accept connections. */
  run(command: string, args: readonly string[], options: RunOptions): Promise<void>;
}

interface RunOptions {
  ports: readonly number[];
  environment?: Record<string, string>;
}

export interface RealServer {
  name: string;
  /** The name of Debian's package. */
  package: string;
  /** Null if it is not installed. */
  find(): string | null;
  start(binary: string, place: Place): Promise<Endpoint[]>;
}

/** Finds a program. Many a PATH does not contain the folders of daemons. */
export function findProgram(...names: readonly string[]): string | null {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  for (const name of names) {
    for (const directory of directories) {
      const path = join(directory, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {}
    }
  }
  return null;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export interface ServerProcess {
  stop(): Promise<void>;
}

/** Runs a server with all its workers, as a process group that ends with this process, however it ends. */
export async function runServer(
  command: string,
  args: readonly string[],
  { ports, environment = {} }: RunOptions,
): Promise<ServerProcess> {
  const child = spawn(command, args, {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let running = true;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      running = false;
      resolve();
    };
    child.once("error", (error) => {
      output += error.message;
      end();
    });
    child.once("exit", end);
  });
  const guard = child.pid === undefined ? null : guardGroup(child.pid);
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is already gone.
    }
  };
  const stop = async () => {
    signal("SIGTERM");
    await Promise.race([exited, sleep(STOP_MS, null, { ref: false })]);
    // Workers may outlive the process that started them.
    signal("SIGKILL");
    await exited;
    guard?.kill("SIGKILL");
  };
  try {
    for (const port of ports) {
      await eventually(`${command} to listen`, START_MS, () => {
        if (!running) throw new Error(`${command} ended`);
        return takesConnections(port);
      });
    }
    return { stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  }
}

/** A shell that waits until this process ends, and then ends the group. */
function guardGroup(pid: number) {
  const guard = spawn("/bin/sh", ["-c", 'read -r _; kill -s KILL -- "-$1"', "guard", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  guard.on("error", () => {});
  return guard;
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
