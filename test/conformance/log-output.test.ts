import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { freePort } from "../../scripts/check-image/free-port.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

/** Each line contains the path, so 300 lines exceed what a pipe and the sink hold. */
const LONG_PATH = `/${"p".repeat(6_000)}`;
const REQUESTS = 300;

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let upstream: Server;
let metricsPort: number;

beforeEach(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  upstream = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  closing.push(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  metricsPort = await freePort();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 10 });

function connect(
  stdout: number | "pipe",
  program = process.execPath,
  args = [CULVERT_BUNDLE, "connect"],
): ChildProcess {
  const child = spawn(program, args, {
    stdio: ["ignore", stdout, program === "script" ? "ignore" : "inherit"],
    env: {
      ...bareEnvironment(),
      TUNNEL_ALLOW: "127.0.0.1",
      TUNNEL_TOKEN: relay.token,
      TUNNEL_METRICS: `127.0.0.1:${metricsPort}`,
    },
  });
  closing.push(() => child.kill("SIGKILL"));
  return child;
}

async function requests(count: number): Promise<void> {
  await until(() => relay.attachments.some(({ mux }) => !mux.isClosed));
  const { port } = upstream.address() as AddressInfo;
  for (let index = 0; index < count; index++) {
    const call = new Call(relay.current.mux, `http://127.0.0.1:${port}`, { path: LONG_PATH });
    await call.over;
    expect(call.text).toBe("ok");
  }
}

async function droppedLines(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Number(/^culvert_connector_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
}

async function endsBy(child: ChildProcess, ...signals: NodeJS.Signals[]): Promise<number | null> {
  for (const signal of signals) child.kill(signal);
  await until(() => child.exitCode !== null || child.signalCode !== null);
  return child.exitCode;
}

describe("the log's reader", () => {
  it.skipIf(process.platform !== "linux")("may be a full disk", async () => {
    const full = openSync("/dev/full", "w");
    const child = connect(full);
    closeSync(full);
    await requests(REQUESTS);
    await vi.waitFor(async () => expect(await droppedLines()).toBeGreaterThan(REQUESTS), { timeout: 20_000 });
    expect(await endsBy(child, "SIGTERM")).toBe(0);
  });

  it("may stop reading", async () => {
    const child = connect("pipe");
    await requests(REQUESTS);
    expect(await droppedLines()).toBeGreaterThan(0);
    expect(await endsBy(child, "SIGTERM")).toBe(0);
  });

  it("may stop reading, and a second signal still ends the process at once", async () => {
    const child = connect("pipe");
    await requests(20);
    const { port } = upstream.address() as AddressInfo;
    upstream.removeAllListeners("request");
    const held = new Call(relay.current.mux, `http://127.0.0.1:${port}`);
    await once(upstream, "request");
    child.kill("SIGTERM");
    await until(() => relay.attachments.every(({ mux }) => mux.isDraining));
    expect(await endsBy(child, "SIGINT")).toBe(1);
    await held.over;
  });

  it("may go away", async () => {
    const child = connect("pipe");
    child.stdout?.destroy();
    await requests(5);
    expect(await endsBy(child, "SIGTERM")).toBe(0);
  });

  it.skipIf(!hasScript())("may be a terminal that is stopped", async () => {
    // `script` gives it a terminal. Nobody reads what the terminal shows, as after Ctrl-S.
    const command = `exec '${process.execPath}' '${CULVERT_BUNDLE}' connect`;
    const child = connect("pipe", "script", ["-qfec", command, "/dev/null"]);
    await requests(REQUESTS);
    expect(await droppedLines()).toBeGreaterThan(0);
    child.stdout?.resume();
    await endsBy(child, "SIGTERM");
  });
});

function hasScript(): boolean {
  try {
    execFileSync("script", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
