import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  ADMIN_KEY_VARIABLE,
  gatewaySocket,
  INSPECTOR_SOCKET,
  RELAY_SOCKET,
  workerdConfig,
} from "./workerd-config.ts";
import type { WorkerdOptions } from "./workerd-config.ts";

export type { GatewayOptions, WorkerdOptions } from "./workerd-config.ts";

export interface WorkerdProcess {
  /** The relay's URL, without a trailing slash. */
  url: string;
  /** By the gateway's name. */
  gatewayUrls: Readonly<Record<string, string>>;
  /** The port of V8's inspector, if it was asked for. */
  inspectorPort: number | null;
  pid: number;
  /** The exit code; null if a signal ended it. */
  exited: Promise<number | null>;
  /** The last lines of its output. */
  logs(): string;
  /**
   * Sends SIGTERM, and SIGKILL after `graceMs` (default 1,000), because workerd keeps running while a WebSocket is open.
   */
  stop(graceMs?: number): Promise<void>;
  /** Sends SIGKILL, as in a crash. */
  kill(): Promise<void>;
}

/** The package is CommonJS without types. Its default export is the path of this platform's binary. */
const { default: workerdBinary } = createRequire(import.meta.url)("workerd") as { default: string };

export type StartFailure = "port_in_use" | "exited" | "timeout";

export class WorkerdStartError extends Error {
  override readonly name = "WorkerdStartError";
  readonly reason: StartFailure;

  constructor(reason: StartFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A cold start takes about half a second. On a busy CI machine it takes many times that. */
const START_TIMEOUT_MS = 30_000;
/** Enough that a test with a thousand requests still finds its first line. */
const KEPT_LOG_LINES = 5_000;

/**
 * Runs the relay, and gateways bound to it, on workerd. Resolves when every socket answers HTTP. Objects keep their state
 * in `persistDir` from one start to the next.
 * @throws {WorkerdStartError}
 */
export async function startWorkerd(options: WorkerdOptions): Promise<WorkerdProcess> {
  const stateDir = resolve(options.persistDir, "objects");
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  // Bindings may contain secrets. mkdtemp makes a directory that only its owner can read.
  const configDir = await mkdtemp(join(tmpdir(), "culvert-workerd-"));
  try {
    const configPath = join(configDir, "config.capnp");
    await writeFile(configPath, workerdConfig(absolutePaths(options), stateDir), { mode: 0o600 });
    const child = spawnWorkerd(configPath, options);
    try {
      return await untilReady(child, options);
    } catch (error) {
      await child.kill();
      throw error;
    }
  } finally {
    await rm(configDir, { recursive: true, force: true });
  }
}

function absolutePaths(options: WorkerdOptions): WorkerdOptions {
  const { otherBuild, ...relay } = options.relay;
  return {
    ...options,
    relay: {
      ...relay,
      bundlePath: resolve(relay.bundlePath),
      ...(otherBuild && { otherBuild: { ...otherBuild, bundlePath: resolve(otherBuild.bundlePath) } }),
    },
    gateways: (options.gateways ?? []).map((gateway) => ({
      ...gateway,
      bundlePath: resolve(gateway.bundlePath),
    })),
  };
}

type RunningChild = Omit<WorkerdProcess, "url" | "gatewayUrls" | "inspectorPort"> & {
  /** workerd reports its ports on this stream. */
  control: Readable;
};

function spawnWorkerd(configPath: string, options: WorkerdOptions): RunningChild {
  const inspector = options.inspect === true ? ["--inspector-addr=127.0.0.1:0"] : [];
  const log = options.logFile === undefined ? null : openSync(options.logFile, "a", 0o600);
  const child = spawn(workerdBinary, ["serve", "-I", "/", "--control-fd=3", ...inspector, configPath], {
    // A process group of its own: Ctrl-C then reaches only our process, which stops workerd in order.
    detached: true,
    env: { [ADMIN_KEY_VARIABLE]: options.relay.adminKey },
    stdio: ["ignore", log ?? "pipe", log ?? "pipe", "pipe"],
  });
  if (log !== null) closeSync(log);
  const exited = new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done(code));
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const stop = async (graceMs = 1_000): Promise<void> => {
    child.kill("SIGTERM");
    const outcome = await Promise.race([exited, delay(graceMs, "overdue", { ref: false })]);
    if (outcome === "overdue") await kill();
  };
  if (child.pid !== undefined) endWithThisProcess(child, child.pid);
  return {
    pid: child.pid ?? -1,
    control: child.stdio[3] as Readable,
    exited,
    kill,
    stop,
    ...keepLog(child, options.onLog),
  };
}

/**
 * Makes sure that the child ends with this process, even if this process crashes or is killed: a shell waits for its end
 * and then kills the child.
 */
function endWithThisProcess(child: ChildProcess, pid: number): void {
  const guard = spawn("/bin/sh", ["-c", 'read -r _; kill -9 "$1"', "guard", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  guard.on("error", () => {});
  child.once("exit", () => guard.kill("SIGKILL"));
}

function keepLog(child: ChildProcess, onLog?: (line: string) => void): Pick<WorkerdProcess, "logs"> {
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      if (lines.length > KEPT_LOG_LINES) lines.shift();
      onLog?.(line);
    });
  }
  return { logs: () => lines.join("\n") };
}

async function untilReady(child: RunningChild, options: WorkerdOptions): Promise<WorkerdProcess> {
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
  const gateways = options.gateways ?? [];
  const awaited = [RELAY_SOCKET, ...gateways.map(({ name }) => gatewaySocket(name))];
  if (options.inspect === true) awaited.push(INSPECTOR_SOCKET);
  const failure = Promise.race([
    child.exited.then(() => {
      throw startFailure("exited", child);
    }),
    new Promise<never>((_, fail) => {
      deadline.addEventListener("abort", () => fail(startFailure("timeout", child)));
    }),
  ]);
  // This promise may also reject after the race below is decided.
  failure.catch(() => {});

  const ports = await Promise.race([listeningPorts(child.control, awaited), failure]);
  const urlOf = (socket: string): string => `http://${urlHost(options.host)}:${ports.get(socket)}`;
  const url = urlOf(RELAY_SOCKET);
  await Promise.race([answers(`${url}/healthz`, deadline), failure]);
  const { pid, exited, logs, stop, kill } = child;
  const gatewayUrls = Object.fromEntries(gateways.map(({ name }) => [name, urlOf(gatewaySocket(name))]));
  const inspectorPort = ports.get(INSPECTOR_SOCKET) ?? null;
  return { url, gatewayUrls, inspectorPort, pid, exited, logs, stop, kill };
}

/** A host that can be called. If the listener is on all interfaces, that is loopback. */
function urlHost(host = "127.0.0.1"): string {
  if (host === "0.0.0.0" || host === "*") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function listeningPorts(control: Readable, awaited: readonly string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  return new Promise((done) => {
    createInterface({ input: control }).on("line", (line) => {
      const message = JSON.parse(line) as { event: string; socket?: string; port: number };
      if (message.event === "listen" && message.socket !== undefined) ports.set(message.socket, message.port);
      else if (message.event === "listen-inspector") ports.set(INSPECTOR_SOCKET, message.port);
      if (awaited.every((socket) => ports.has(socket))) done(ports);
    });
  });
}

/** Accepts any response: a socket that listens does not yet mean that the Worker runs. */
async function answers(url: string, deadline: AbortSignal): Promise<void> {
  while (!deadline.aborted) {
    try {
      const response = await fetch(url, { signal: deadline });
      await response.body?.cancel();
      return;
    } catch {
      await delay(20);
    }
  }
}

function startFailure(outcome: "exited" | "timeout", child: RunningChild): WorkerdStartError {
  const logs = child.logs();
  const reason = logs.includes("Address already in use") ? "port_in_use" : outcome;
  return new WorkerdStartError(reason, `workerd did not start (${reason})${logs ? `:\n${logs}` : ""}`);
}
