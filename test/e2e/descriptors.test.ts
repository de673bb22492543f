import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { call, field, openCall } from "../support/calls.ts";
import { startSystem, type System } from "../support/system.ts";

const LIMIT = 80;
const CALLS = 120;
/** Only a hang takes this long. */
const WAIT_MS = 60_000;

/** Accepts requests and never answers. */
const holding = createServer(() => {});
let system: System;
let connector: ChildProcess;
let log = "";

beforeAll(async () => {
  holding.listen(0, "127.0.0.1");
  await once(holding, "listening");
  const { port } = holding.address() as AddressInfo;
  // A health check would release its descriptor when it ends, and the next request would use it.
  system = await startSystem({
    ...{ connectors: 0, healthChecks: false, endpoints: { "held-api": `http://127.0.0.1:${port}` } },
  });
  const minted = await fetch(`${system.workerd.url}/v1/tunnels/${system.tunnelId}/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.adminKey}`, "content-type": "application/json" },
    body: "{}",
  });
  const { token } = (await minted.json()) as { token: string };
  connector = spawn(
    "/bin/sh",
    ["-c", `ulimit -n ${LIMIT}; exec "$0" "$@"`, process.execPath, CULVERT_BUNDLE, "connect"],
    {
      env: { TUNNEL_TOKEN: token, TUNNEL_ALLOW: "127.0.0.1", TUNNEL_METRICS: "127.0.0.1:0" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  connector.stdout?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  await eventually("the connector to be attached", WAIT_MS, async () => {
    return (await system.admin.connectors(system.tunnelId)).length === 1;
  });
});

afterAll(async () => {
  connector?.kill("SIGKILL");
  holding.close();
  holding.closeAllConnections();
  await system?.stop();
});

it(
  "a connector without file descriptors says so, answers health checks, and serves again",
  { timeout: 4 * WAIT_MS },
  async () => {
    await vi.waitFor(() => expect(log).toContain('"metrics":"http'), { timeout: WAIT_MS });
    const metrics = /"metrics":"(http[^"]+)"/.exec(log)?.[1] ?? "";
    // Each holds a connection to the upstream while it is open.
    const calls = Array.from({ length: CALLS }, () => openCall(system, { service: "held-api", path: "/" }));
    const answered = calls.map(async (request) => {
      request.on("error", () => {});
      request.end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      response.resume();
      return `${response.statusCode} ${response.headers["culvert-error"] as string}`;
    });
    const codes = new Set<string>();
    let failures = 0;
    for (const answer of answered) {
      void answer.then(
        (text) => {
          codes.add(text);
          failures++;
        },
        () => {},
      );
    }
    await vi.waitFor(() => expect(failures).toBeGreaterThan(CALLS - LIMIT), {
      timeout: WAIT_MS,
      interval: 20,
    });

    for (let round = 0; round < 10; round++) {
      const health = await fetch(`${metrics}/healthz`, { headers: { connection: "close" } });
      expect(await health.json()).toEqual({ status: "ok" });
      const failed = await call(system, { service: "node-api", path: "/ok" });
      expect([failed.status, field(failed, "culvert-error")]).toEqual([503, "CONNECTOR_OVERLOADED"]);
    }
    expect([...codes]).toEqual(["503 CONNECTOR_OVERLOADED"]);
    expect(log).toContain("no file descriptors are left");
    expect(log).toMatch(/"level":"warn".*"code":"CONNECTOR_OVERLOADED"/);

    holding.closeAllConnections();
    await vi.waitFor(
      async () => expect((await call(system, { service: "node-api", path: "/ok" })).status).toBe(200),
      { timeout: WAIT_MS, interval: 100 },
    );
  },
);
