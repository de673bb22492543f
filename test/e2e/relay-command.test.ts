import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** By its own timers it takes 3 s at most. The rest is for a busy machine. */
const STOP_LIMIT_MS = 15_000;

const KEY_FROM_THE_ENVIRONMENT = "admin-key-from-the-environment-012345";

interface Relay {
  child: ChildProcess;
  exited: Promise<number | null>;
  /** Both streams, as printed so far. */
  output(): string;
  /** Resolves with the URL of the `ready` line. Rejects if the process ends before it. */
  url: Promise<string>;
}

let directory: string;
let started: Relay[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-relay-"));
  started = [];
});

afterEach(async () => {
  for (const { child, exited } of started) {
    child.kill("SIGKILL");
    await exited;
  }
  await rm(directory, { recursive: true, force: true });
});

function relay(args: readonly string[], env: Record<string, string> = {}): Relay {
  const { ADMIN_KEY: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ["scripts/relay.ts", "--persist", directory, ...args], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const exited = once(child, "close").then(([code]) => code as number | null);
  const url = new Promise<string>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const line = /^ready (\S+)$/m.exec(text);
        if (line?.[1]) ready(line[1]);
      });
    }
    void exited.then(() => failed(new Error(`the relay ended:\n${text}`)));
  });
  url.catch(() => {});
  const running: Relay = { child, exited, output: () => text, url };
  started.push(running);
  return running;
}

async function createTunnel(url: string, key: string, name: string): Promise<{ id: string; token: string }> {
  const response = await fetch(`${url}/v1/tunnels`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; token: string };
}

async function tunnelStatus(url: string, key: string, id: string): Promise<number> {
  const response = await fetch(`${url}/v1/tunnels/${id}`, { headers: { authorization: `Bearer ${key}` } });
  await response.body?.cancel();
  return response.status;
}

async function stop({ child, exited }: Relay, signal: "SIGTERM" | "SIGINT"): Promise<number | null> {
  const startedMs = performance.now();
  child.kill(signal);
  const code = await exited;
  expect(performance.now() - startedMs).toBeLessThan(STOP_LIMIT_MS);
  return code;
}

describe("npm run relay", () => {
  it("serves, keeps its admin key and its tunnels over a restart, and ends on SIGTERM", async () => {
    const first = relay(["--port", "0"]);
    const firstUrl = await first.url;
    expect((await fetch(`${firstUrl}/healthz`)).status).toBe(200);
    const keyFile = join(directory, "admin-key");
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const key = (await readFile(keyFile, "utf8")).trim();
    expect(first.output()).toContain(keyFile);
    expect(first.output()).not.toContain(key);
    const { id } = await createTunnel(firstUrl, key, "kept");
    expect(await stop(first, "SIGTERM")).toBe(0);

    const second = relay(["--port", "0"]);
    const secondUrl = await second.url;
    expect(await tunnelStatus(secondUrl, key, id)).toBe(200);
    expect(await tunnelStatus(secondUrl, "another-key", id)).toBe(401);
    expect(await stop(second, "SIGINT")).toBe(0);
  });

  it("ends within 5 s while a connector is attached", async () => {
    const running = relay(["--port", "0"], { ADMIN_KEY: KEY_FROM_THE_ENVIRONMENT });
    const url = await running.url;
    const { token } = await createTunnel(url, KEY_FROM_THE_ENVIRONMENT, "attached");
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/connect`, "culvert.v1", {
      headers: { authorization: `Bearer ${token}` },
    });
    socket.on("error", () => {});
    await once(socket, "open");
    expect(await stop(running, "SIGTERM")).toBe(0);
  });

  it("lets no workerd outlive it when it is killed", async () => {
    const running = relay(["--port", "0"], { ADMIN_KEY: KEY_FROM_THE_ENVIRONMENT });
    const url = await running.url;
    running.child.kill("SIGKILL");
    await running.exited;
    await expect
      .poll(
        () =>
          fetch(url).then(
            () => "answers",
            () => "gone",
          ),
        { timeout: 30_000 },
      )
      .toBe("gone");
  });

  it("says that the port is in use, and exits with 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    try {
      const { port } = other.address() as AddressInfo;
      const running = relay(["--port", String(port)]);
      expect(await running.exited).toBe(1);
      expect(running.output()).toContain(`port ${port} on 127.0.0.1 is in use; choose another with --port`);
    } finally {
      other.close();
    }
  });

  it.each([
    { args: ["--port", "http"], says: '--port: "http" is not a port' },
    { args: ["--prot", "1"], says: "--prot" },
    { args: ["--admin-key="], says: "the admin key is empty" },
    { args: ["--admin-key", "hunter2"], says: "the admin key is shorter than 32 characters" },
  ])("refuses $args", async ({ args, says }) => {
    const running = relay(args);
    expect(await running.exited).toBe(1);
    expect(running.output()).toContain(says);
    expect(running.output()).not.toContain("    at ");
    expect(running.output()).not.toContain("hunter2");
  });

  it("explains itself with --help", async () => {
    const running = relay(["--help"]);
    expect(await running.exited).toBe(0);
    for (const option of ["--port", "--host", "--persist", "--admin-key"]) {
      expect(running.output()).toContain(option);
    }
  });
});
