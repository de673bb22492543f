import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleRelay, bundleWorker } from "../bundle.ts";
import type { WorkerdProcess } from "../workerd.ts";
import { startChild } from "./child-process.ts";
import type { Child } from "./child-process.ts";
import { startConnector, startLocalTunnels } from "./local-tunnels.ts";

const root = join(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 10_000;

const PROJECT = "my-project";
const access = (environment: string) => [{ project: PROJECT, accessibleBy: [environment] }];

/** Everything of the demo, running. */
export interface Stack {
  sampleApiUrl: string;
  gatewayUrl: string;
  gatewayKey: string;
  /** Opens the admin API and the dashboard, for as long as the demo runs. */
  adminKey: string;
  tunnelId: string;
  workerd: WorkerdProcess;
  sampleApi: Child;
  connector: Child;
}

/** Starts part after part and tells of each; `cleanups` receives what undoes them, also when a later one fails. */
export async function startStack(
  tell: (part: string, detail: string) => void,
  cleanups: (() => unknown)[],
): Promise<Stack> {
  const directory = mkdtempSync(join(tmpdir(), "culvert-demo-"));
  // Last of all: nothing writes there any more.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));

  const sampleApi = startChild("sample API", process.execPath, [join(root, "examples/sample-api/server.ts")]);
  cleanups.push(() => sampleApi.stop(1000));
  const sampleApiUrl = (await sampleApi.line(/^ready (\S+)$/, START_TIMEOUT_MS))[1] ?? "";
  tell("sample API", `${sampleApiUrl}  private: nothing but the connector calls it`);

  const relayBundle = join(directory, "relay.js");
  const gatewayBundle = join(directory, "gateway.js");
  await Promise.all([
    bundleRelay(relayBundle),
    bundleWorker(join(root, "examples/gateway/gateway.ts"), gatewayBundle),
  ]);
  const gatewayKey = randomBytes(12).toString("base64url");
  const adminKey = randomBytes(32).toString("base64url");
  const services = {
    version: 1,
    services: [
      { name: "payments-api-prod", endpoint: sampleApiUrl, configurations: access("production") },
      { name: "preview-only-api", endpoint: sampleApiUrl, configurations: access("preview") },
    ],
  };
  const { workerd, admin, tunnels } = await startLocalTunnels({
    relayBundle,
    persistDir: join(directory, "state"),
    adminKey,
    services: { demo: services },
    gateways: ({ demo: tunnel }) => [
      {
        name: "example",
        bundlePath: gatewayBundle,
        vars: { GATEWAY_API_KEY: gatewayKey },
        tunnelBindings: [
          { binding: "TUNNEL", props: { tunnel, project: PROJECT, environment: "production" } },
        ],
      },
    ],
  });
  cleanups.push(() => workerd.stop(1000));
  const { demo: tunnel } = tunnels;
  const gatewayUrl = workerd.gatewayUrls["example"];
  if (tunnel === undefined || gatewayUrl === undefined)
    throw new Error("the relay started without the demo's tunnel");
  tell("relay", `${workerd.url}  on workerd, with tunnel ${tunnel.id}`);
  tell("gateway", `${gatewayUrl}  project ${PROJECT}, environment production`);

  const allowed = new URL(sampleApiUrl).host;
  const connector = await startConnector(
    join(root, "bin/culvert.ts"),
    { admin, tunnel },
    { TUNNEL_ALLOW: allowed, TUNNEL_GRACE_PERIOD: "2s" },
  );
  cleanups.push(() => connector.stop(3000));
  tell("connector", `process ${connector.pid}, dialled out; may reach ${allowed} and nothing else`);

  return {
    sampleApiUrl,
    gatewayUrl,
    gatewayKey,
    adminKey,
    tunnelId: tunnel.id,
    workerd,
    sampleApi,
    connector,
  };
}
