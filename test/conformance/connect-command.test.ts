import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { freePort } from "../../scripts/check-image/free-port.ts";
import { formatToken, type Token } from "../../shared/tokens/token.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let upstream: { server: Server; origin: string; held: ServerResponse[] };

beforeEach(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  const held: ServerResponse[] = [];
  const server = createServer((_request, response) => void held.push(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  upstream = { server, held, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function connect(env: Record<string, string>, ...args: string[]): ConnectProcess {
  const run = new ConnectProcess(env, ...args);
  closing.push(() => run.kill());
  return run;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 10 });
const attached = () => until(() => relay.attachments.some(({ mux }) => !mux.isClosed));

describe("culvert connect", () => {
  it("needs only the token, serves, and logs a line for each request without query or secret", async () => {
    const run = connect({ TUNNEL_TOKEN: relay.token });
    await attached();
    const call = new Call(relay.current.mux, upstream.origin, { path: "/orders?card=4242" });
    await until(() => upstream.held.length === 1);
    upstream.held[0]?.end("ok");
    await until(() => call.closed && run.output.includes('"msg":"request"'));
    expect(call.text).toBe("ok");
    const line = run.output.split("\n").find((text) => text.includes('"msg":"request"')) ?? "";
    expect(JSON.parse(line)).toMatchObject({
      level: "info",
      service: "test-api",
      method: "GET",
      path: "/orders",
      status: 200,
      requestId: "req-1",
      responseBytes: 2,
      code: null,
    });
    expect(run.output).not.toContain("4242");
    expect(run.output).not.toContain(relay.token.slice(10, 40));
  });

  it("only checks its settings on request", async () => {
    const good = connect({ TUNNEL_TOKEN: relay.token, TUNNEL_ALLOW: "" }, "--check");
    await until(() => good.exitCode !== null);
    expect(good.exitCode).toBe(0);
    expect(good.output).toContain("The settings are valid.");
    expect(good.output).toContain("the connector refuses every request");
    const bad = connect({ TUNNEL_TOKEN: relay.token, TUNNEL_UPSTREAMS: "{x: {tls: 1}}" }, "--check");
    await until(() => bad.exitCode !== null);
    expect(bad.exitCode).toBe(78);
    expect(bad.output).toBe("TUNNEL_UPSTREAMS.x.tls: unknown key\n");
    expect(relay.handshakes).toBe(0);
  });

  it("takes the token from a file", async () => {
    const directory = mkdtempSync(join(tmpdir(), "culvert-"));
    closing.push(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "token");
    writeFileSync(file, `${relay.token}\n`);
    connect({}, "--token-file", file);
    await attached();
    expect(relay.current.request.headers.authorization).toBe(`Bearer ${relay.token}`);
  });

  it("ends with 78 and every problem when the settings are wrong", async () => {
    const run = connect({ TUNNEL_TOKEN: "culvert_wrong", TUNNEL_ALLOW: "a b" }, "--connections", "many");
    await until(() => run.exitCode !== null);
    expect(run.exitCode).toBe(78);
    expect(run.output).toBe(
      "TUNNEL_TOKEN: not a culvert token: cut short, or something was added\n" +
        "TUNNEL_ALLOW: entry 1: not a valid host name\n" +
        "--connections: must be a number from 1 to 8\n",
    );
  });

  it("finishes accepted requests on SIGTERM, then exits with 0", async () => {
    const run = connect({ TUNNEL_TOKEN: relay.token });
    await attached();
    const { mux } = relay.current;
    const call = new Call(mux, upstream.origin);
    await until(() => upstream.held.length === 1);
    run.child.kill("SIGTERM");
    await until(() => mux.isDraining);
    expect(run.exitCode).toBe(null);
    upstream.held[0]?.end("finished");
    await until(() => run.exitCode !== null);
    expect(run.exitCode).toBe(0);
    expect(call.text).toBe("finished");
  });

  it("exits after the grace period, and at once on a second signal", async () => {
    for (const { grace, signals, exitCode } of [
      { grace: "200ms", signals: 1, exitCode: 0 },
      { grace: "60s", signals: 2, exitCode: 1 },
    ]) {
      const run = connect({ TUNNEL_TOKEN: relay.token, TUNNEL_GRACE_PERIOD: grace });
      await attached();
      const { mux } = relay.current;
      const before = upstream.held.length;
      const call = new Call(mux, upstream.origin);
      await until(() => upstream.held.length > before);
      run.child.kill("SIGTERM");
      await until(() => mux.isDraining || call.closed);
      if (signals === 2) run.child.kill("SIGTERM");
      await until(() => run.exitCode !== null && call.closed);
      expect(run.exitCode).toBe(exitCode);
    }
  });

  it("goes on without metrics if their address is in use, and says so", async () => {
    const { port } = upstream.server.address() as AddressInfo;
    const run = connect({ TUNNEL_TOKEN: relay.token }, "--metrics", `127.0.0.1:${port}`);
    await attached();
    await until(() => run.output.includes("set TUNNEL_METRICS"));
    expect(run.exitCode).toBe(null);
  });

  it("opens no debugger on SIGUSR1", async () => {
    const run = connect({ TUNNEL_TOKEN: relay.token });
    await attached();
    run.child.kill("SIGUSR1");
    await until(() => run.output.includes("SIGUSR1 ignored"));
    expect(run.output).not.toContain("Debugger listening");
  });
});

describe("culvert ready", () => {
  async function ready(
    env: Record<string, string>,
    ...args: string[]
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, [CULVERT_BUNDLE, "ready", ...args], {
      env: { ...bareEnvironment(), ...env },
    });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, output };
  }

  it("accepts the answer of the connector with its own token, and of no other", async () => {
    const port = await freePort();
    const metrics = `127.0.0.1:${port}`;
    connect({ TUNNEL_TOKEN: relay.token }, "--metrics", metrics);
    await attached();
    const own = await ready({ TUNNEL_TOKEN: relay.token, TUNNEL_METRICS: metrics });
    expect(own).toMatchObject({ code: 0, output: expect.stringContaining('"status":"ready"') as string });
    const none = await ready({ TUNNEL_METRICS: metrics, TUNNEL_TOKEN: "" });
    expect(none.code).toBe(0);
    const other: Token = {
      relayUrl: relay.url,
      tunnelId: `tnl_${"a".repeat(20)}`,
      kid: `k_${"c".repeat(12)}`,
      secret: new Uint8Array(32),
    };
    const wrong = await ready({ TUNNEL_TOKEN: formatToken(other), TUNNEL_METRICS: metrics });
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain(`a connector with another token, k_${"b".repeat(12)}`);
  });

  it("reads the settings file, and does not mistake another program for a connector", async () => {
    const { port } = upstream.server.address() as AddressInfo;
    upstream.server.removeAllListeners("request");
    upstream.server.on("request", (_request, response: ServerResponse) => response.end('{"status":"ready"}'));
    const directory = mkdtempSync(join(tmpdir(), "culvert-"));
    closing.push(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "culvert.yaml");
    writeFileSync(file, `token: ${relay.token}\nmetrics: 127.0.0.1:${port}\n`);
    const answer = await ready({ TUNNEL_METRICS: "" }, "--config", file);
    expect(answer).toEqual({ code: 1, output: `127.0.0.1:${port}: another program answered\n` });
  });
});
