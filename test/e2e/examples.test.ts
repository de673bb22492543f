import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bundleWorker, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { type LocalTunnels, startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import { outerEnvironment } from "../support/outer-environment.ts";

const run = promisify(execFile);

/** Generous, because the cases of this file share the machine. */
const TIMEOUT_MS = 180_000;
vi.setConfig({ hookTimeout: TIMEOUT_MS });
const root = join(import.meta.dirname, "../..");
const examples = join(root, "examples");

describe.concurrent("the examples of a gateway's tests", { timeout: TIMEOUT_MS }, () => {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  it.each([
    ["node:test", "testing", ["--test", "node.test.js"]],
    ["vitest", "testing", [vitest, "run", "--root", ".", "vitest.test.ts"]],
    ["@cloudflare/vitest-plugin", "testing/plugin", [vitest, "run", "--root", "."]],
  ])("pass with %s", async (_runner, folder, args) => {
    const { stdout } = await run(process.execPath, args, {
      ...{ cwd: join(examples, folder), env: outerEnvironment(), timeout: TIMEOUT_MS },
    }).catch((error: { stdout: string; stderr: string }) => {
      throw new Error(error.stdout + error.stderr, { cause: error });
    });
    expect(stripVTControlCharacters(stdout)).toMatch(/(pass|Tests) +2/);
  });
});

describe.concurrent("the examples of an API that is its own connector", { timeout: TIMEOUT_MS }, () => {
  const access = [{ project: "my-project", accessibleBy: "production" }];
  let directory: string;
  let local: LocalTunnels;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "culvert-examples-"));
    const bundlePath = join(directory, "gateway.js");
    await bundleWorker(join(examples, "gateway/gateway.ts"), bundlePath);
    local = await startLocalTunnels({
      relayBundle: RELAY_BUNDLE,
      persistDir: directory,
      adminKey: "admin-key-of-the-examples-0123456789",
      services: { "node-http": { version: 1, services: [] }, hono: { version: 1, services: [] } },
      gateways: (ids) =>
        Object.entries(ids).map(([name, tunnel]) => ({
          ...{ name, bundlePath, vars: { GATEWAY_API_KEY: "k" } },
          tunnelBindings: [
            { binding: "TUNNEL", props: { tunnel, project: "my-project", environment: "production" } },
          ],
        })),
    });
  });
  afterAll(async () => {
    await local?.workerd.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(["node-http", "hono"])("%s: serves, and drains with its server", async (name) => {
    const { admin, workerd, tunnels } = local;
    const tunnel = tunnels[name] ?? { id: "", token: "" };
    const api = startChild(name, process.execPath, [join(examples, `own-connector/${name}.js`)], {
      TUNNEL_TOKEN: tunnel.token,
    });
    try {
      const [, endpoint] = await api.line(/^ready (\S+)$/, TIMEOUT_MS);
      const services = [{ name: "payments-api-prod", endpoint, configurations: access }];
      await admin.putServices(tunnel.id, { version: 1, services });
      const get = (path: string) =>
        fetch(`${workerd.gatewayUrls[name]}/payments${path}`, { headers: { "x-api-key": "k" } });
      expect(await (await get("/v1?a=b")).text()).toMatch(/got GET \/v1/);

      const slow = get("/slow").then(async (response) => [response.status, await response.text()]);
      await eventually("the slow request", TIMEOUT_MS, async () =>
        (await admin.connectors(tunnel.id)).some(({ openStreams }) => openStreams > 0),
      );
      api.signal("SIGTERM");
      expect(await slow).toEqual([200, expect.stringMatching(/got GET \/slow/)]);
      expect(await api.exited).toBe(0);
    } finally {
      await api.stop(1_000);
    }
  });
});
