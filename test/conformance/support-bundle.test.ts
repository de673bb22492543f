import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { freePort } from "../../scripts/check-image/free-port.ts";
import { formatToken } from "../../shared/tokens/token.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

const CANARIES = {
  HTTPS_PROXY: "http://operator:canary%2Dproxy@127.0.0.1:9",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
  OTEL_EXPORTER_OTLP_HEADERS: "x-team=canary-header,authorization=Basic%20canary-basic",
  DATABASE_PASSWORD: "canary-of-another-program",
  CULVERT_API_KEY: "culvert_api_canarycanary_canary",
};

/** A process is started from its sources, on a machine that may be busy. */
const PATIENCE_MS = 120_000;
const WAIT = { timeout: 50_000, interval: 10 };
const directory = mkdtempSync(join(tmpdir(), "culvert-bundle-"));
let relay: RelayDouble;
const upstream = createServer((_request, response) => response.end("ok"));
let connector: ConnectProcess | undefined;
let env: Record<string, string>;

beforeAll(async () => {
  relay = new RelayDouble();
  await relay.start();
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const config = join(directory, "culvert.yaml");
  writeFileSync(
    config,
    'connectorName: rack-7\nupstreams: { "db.internal": { serverName: "db", connectTimeout: 2s } }\n',
  );
  const metrics = `127.0.0.1:${await freePort()}`;
  env = { ...CANARIES, TUNNEL_TOKEN: relay.token, TUNNEL_CONFIG: config, TUNNEL_ALLOW: "127.0.0.1" };
  connector = new ConnectProcess(env, "--metrics", metrics);
  // Nothing listens on this port, so checks of the relay fail at once.
  env = { ...env, TUNNEL_METRICS: metrics, TUNNEL_RELAY: "http://127.0.0.1:9" };
  const isAttached = () => relay.attachments.some(({ mux }) => !mux.isClosed);
  await vi.waitUntil(isAttached, WAIT);
  const { port } = upstream.address() as AddressInfo;
  const call = new Call(relay.current.mux, `http://127.0.0.1:${port}`, {
    path: "/orders?card=canary-query",
  });
  await vi.waitUntil(() => call.closed, WAIT);
}, PATIENCE_MS);

afterAll(() => {
  connector?.kill();
  relay.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Bundle {
  settings: Record<string, { source: string; value: unknown }>;
  findings: { check: string; verdict: string }[];
  connector: string;
  metrics: string[];
  logLines: string[];
}

function doctor(args: readonly string[], more: Record<string, string> = {}) {
  return new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(
      process.execPath,
      [CULVERT_BUNDLE, "doctor", ...args],
      { env: { ...bareEnvironment(), ...env, ...more }, timeout: PATIENCE_MS },
      (error, out, err) => resolve({ code: error === null ? 0 : error.code, out, err }),
    );
  });
}

/** Expects no secret in a bundle or in anything printed with it. */
function expectNoSecret(text: string): void {
  expect(text).not.toMatch(/canary/i);
  expect(text).not.toContain(relay.token);
  expect(text).not.toContain(relay.token.slice(-40));
}

describe.concurrent("culvert doctor --bundle", { timeout: PATIENCE_MS }, () => {
  it("has settings, findings, metrics and log lines of the running connector, and no secret", async () => {
    const path = join(directory, "bundle.json");
    const run = await doctor(["--bundle", path]);
    expect(run.err).toContain(`Wrote ${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, "utf8");
    expectNoSecret(text + run.out + run.err);
    const bundle = JSON.parse(text) as Bundle;
    expect(bundle).toMatchObject({
      ...{ bundle: 1, connector: "running" },
      settings: {
        token: { source: "environment", value: { kid: expect.stringMatching(/^k_/) } },
        connectorName: { source: "file", value: "rack-7" },
        allow: { source: "environment", value: "127.0.0.1" },
        otlpHeaders: { value: ["x-team", "authorization"] },
        upstreams: { value: { "db.internal": { serverName: "db", connectTimeout: "2s" } } },
      },
    });
    expect(bundle.findings.map(({ check }) => check)).toContain("attach");
    expect(bundle.metrics.join("\n")).toMatch(/^culvert_connector_requests_total\{.*status="2xx"\} 1$/m);
    const requests = bundle.logLines.filter((line) => line.includes('"msg":"request"'));
    expect(requests.map((line) => JSON.parse(line) as object)).toMatchObject([{ path: "/orders" }]);

    // An existing file is not overwritten.
    const again = await doctor(["--bundle", path]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("exists already") });
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("can be the only standard output, and says if there is no connector with this token", async () => {
    const other = formatToken({
      ...{ relayUrl: "http://127.0.0.1:9", tunnelId: `tnl_${"a".repeat(20)}`, kid: `k_${"c".repeat(12)}` },
      secret: new Uint8Array(32),
    });
    const { out } = await doctor(["--bundle", "-"], { TUNNEL_TOKEN: other });
    expectNoSecret(out);
    const bundle = JSON.parse(out) as Bundle;
    expect(bundle.connector).toContain("a connector with another token");
    expect([bundle.metrics, bundle.logLines]).toEqual([[], []]);
  });

  it("is also made of settings that cannot be used", async () => {
    const { out } = await doctor(["--bundle", "-"], {
      TUNNEL_TOKEN: "canary-no-token",
      TUNNEL_CONNECTIONS: "9",
    });
    expectNoSecret(out);
    expect(JSON.parse(out)).toMatchObject({
      settings: { token: { value: "set" }, connections: { value: "9" } },
      findings: expect.arrayContaining([expect.objectContaining({ check: "settings", verdict: "FAIL" })]),
    });
  });

  it("says why it cannot be written, before any check", async () => {
    const { code, out, err } = await doctor(["--bundle", join(directory, "no", "where.json")]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("cannot be written: ENOENT");
    expect(existsSync(join(directory, "no"))).toBe(false);
  });
});
