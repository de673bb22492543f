import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";

const TIMEOUT_MS = 120_000;
vi.setConfig({ testTimeout: 3 * TIMEOUT_MS, hookTimeout: 2 * TIMEOUT_MS });

const gatewaySource = (word: string) => `
  export default {
    async fetch(request: Request, env: { TUNNEL: Fetcher }): Promise<Response> {
      console.log("seen by ${word}");
      const response = await env.TUNNEL.fetch("http://payments-api-prod/v1", request);
      return new Response("${word}: " + (await response.text()), response);
    },
  };`;

let project: string;
let api: Server;
let dev: Child;
const urlOf = async (name: string) =>
  (await dev.line(new RegExp(`^${name} +(\\S+)`), TIMEOUT_MS))[1]?.replace(
    "culvert.localhost",
    "localhost",
  ) ?? "";
const startDev = (args: readonly string[], environment?: Record<string, string>) =>
  startChild("culvert dev", process.execPath, [CULVERT_BUNDLE, "dev", "--port", "0", ...args], environment);
const service = () => `payments-api-prod=http://127.0.0.1:${(api.address() as AddressInfo).port}`;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "culvert-dev-"));
  await mkdir(join(project, "src"));
  await writeFile(join(project, "src/index.ts"), gatewaySource("first"));
  api = createServer((_request, response) => response.end("private")).listen(0, "127.0.0.1");
  await once(api, "listening");
  dev = startDev(["--gateway", join(project, "src/index.ts"), "--service", service()]);
  await dev.line(/^ready/, TIMEOUT_MS);
});
afterAll(async () => {
  await dev?.stop(5_000);
  api?.close();
  await rm(project, { recursive: true, force: true });
});

it("carries a request, and prints a line for it and what the gateway wrote", async () => {
  const response = await fetch(await urlOf("gateway"));
  expect([response.status, await response.text()]).toEqual([200, "first: private"]);
  await dev.line(/200 +GET +payments-api-prod\/v1 /, TIMEOUT_MS);
  await dev.line(/^seen by first$/, TIMEOUT_MS);
});

it("has the dashboard and the admin API on the same port, for whoever has the key", async () => {
  const { port } = new URL(await urlOf("gateway"));
  const key = (await dev.line(/with the key (\S+)$/, TIMEOUT_MS))[1] ?? "";
  const ask = (path: string, headers: Record<string, string> = {}) =>
    execFileSync("curl", [
      ...["-s", "--resolve", `culvert.localhost:${port}:127.0.0.1`],
      ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
      `http://culvert.localhost:${port}${path}`,
    ]).toString();
  expect(ask("/dashboard")).toContain("<html");
  expect(JSON.parse(ask("/v1/tunnels", { authorization: `Bearer ${key}` }))).toMatchObject({
    items: [{ id: "tnl_aaaaaaaaaaaaaaaaaaaa" }],
  });
  expect(JSON.parse(ask("/v1/tunnels"))).toMatchObject({ status: 401 });
});

it("loads a change, survives one that does not build, and loads the next", async () => {
  const path = join(project, "src/index.ts");
  const url = await urlOf("gateway");
  const answers = (text: string) =>
    eventually(`the answer "${text}"`, TIMEOUT_MS, async () =>
      (await (await fetch(url)).text()).startsWith(text),
    );
  await writeFile(path, gatewaySource("second"));
  await dev.line(/^reloaded$/, TIMEOUT_MS);
  // The first request finds a connector.
  expect(await (await fetch(url)).text()).toBe("second: private");
  await writeFile(path, `${await readFile(path, "utf8")} this is no TypeScript`);
  await dev.line(/^reload failed, the gateway is down until the next change/, TIMEOUT_MS);
  const broken = await fetch(url);
  expect([broken.status, await broken.text()]).toEqual([503, expect.stringContaining("see the output")]);
  await writeFile(path, gatewaySource("third"));
  await answers("third: private");
});

it("leaves nothing behind, ended or killed", async () => {
  const workerds = (pid: number) =>
    execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="])
      .toString()
      .split("\n")
      .map((line) => /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [])
      .filter(([, , parent, args]) => Number(parent) === pid && args?.includes("workerd serve"))
      .map(([, own]) => Number(own));
  const runs = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const tried = (["SIGINT", "SIGKILL"] as const).map(async (signal) => {
    // A path that contains a space.
    const temporary = join(project, `files of ${signal}`);
    await mkdir(temporary);
    const args = ["--gateway", join(project, "src/index.ts"), "--service", service()];
    const other = startDev(args, { TMPDIR: temporary });
    await other.line(/^ready/, TIMEOUT_MS);
    const pids = workerds(other.pid);
    expect(pids.length).toBeGreaterThan(0);
    other.signal(signal);
    expect(await other.exited).toBe(signal === "SIGINT" ? 0 : null);
    await eventually("the end of workerd", TIMEOUT_MS, () => !pids.some(runs));
    await eventually("the end of its files", TIMEOUT_MS, async () =>
      (await readdir(temporary)).every((name) => !name.startsWith("miniflare-")),
    );
  });
  await Promise.all(tried);
});

it("says what is wrong with its options", async () => {
  const taken = createTcpServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const gateway = ["--gateway", join(project, "src/index.ts")];
  const wrong = [
    [[...gateway, "--service", "payments"], /must be NAME=VALUE/],
    [[...gateway, "--service", "payments=8080"], /must be NAME=URL, such as .*http:/],
    [["--gateway", "wrangler.toml", "--service", "a-b=http://x"], /binds no service with entrypoint/],
    [["--gateway", "none.jsonc", "--service", "a-b=http://x"], /there is no .*none\.jsonc/],
    [[...gateway, "--service", "a-b=http://x", "--port", String(port)], /is in use/],
  ] as const;
  const tried = wrong.map(async ([args, problem]) => {
    const failing = startDev(args);
    await failing.line(problem, TIMEOUT_MS);
    expect(await failing.exited).toBeGreaterThan(0);
  });
  await Promise.all(tried);
  taken.close();
});
