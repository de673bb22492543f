import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import type { Child } from "../../scripts/demo/child-process.ts";
import { startConnector, startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import type { AdminApi } from "../../scripts/demo/admin-api.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { bundleNodeWorker } from "./bundle-node-worker.ts";
import { gatewayBundle, runsTunnels } from "./made-once.ts";
import { HttpUpstream } from "./servers/http-upstream.ts";
import { RawUpstream } from "./servers/raw-upstream.ts";
import { startStuckListener } from "./servers/stuck-listener.ts";
import { TRUSTED_CERTIFICATE_FILE, trustedIdentity, untrustedIdentity } from "./tls-identities.ts";

const PROJECT = "my-project";
const ADMIN_KEY = "end-to-end-admin-key-0123456789abcdef";
const EVERYWHERE = [{ project: PROJECT, accessibleBy: ["production", "preview"] }];
/** A network rule needs its port before the upstream has one. Nothing listens on this port. */
const CLOSED_PORT = 9;

/**
 * Every part that a request passes through, none of it simulated: upstreams in this process, relay and connectors as
 * processes.
 */
export interface System {
  raw: RawUpstream;
  node: HttpUpstream;
  tls: HttpUpstream;
  workerd: WorkerdProcess;
  admin: AdminApi;
  gatewayUrl: string;
  adminKey: string;
  /** The tunnel that the connectors serve. */
  tunnelId: string;
  connectors: Child[];
  addConnector(): Promise<Child>;
  /** The origin that `direct` calls instead of the tunnel's service. */
  directOrigin(service: string): string;
  stop(): Promise<void>;
}

export interface SystemOptions {
  connectors?: number;
  /** Starts the relay with V8's inspector, for `relayHeapBytes`. */
  inspect?: boolean;
  /** Lets the relay send logs to this machine. */
  mayCallPrivate?: boolean;
  /** Bundles to use instead of this build's. */
  relayBundle?: string;
  /** The build that creates the relay's state. */
  firstRelayBundle?: string;
  connectorBundle?: string;
  /** Additional services: the endpoint of each name. */
  endpoints?: Record<string, string>;
  /** Additional services with any settings of a services file, except who may call. */
  services?: readonly { name: string; endpoint: string; [key: string]: unknown }[];
  /** Lets connectors check each service on its own connection, as they do by default. */
  healthChecks?: boolean;
  /** A gateway to use instead of `gateway.ts`, with Node's modules available. */
  gatewayEntry?: string;
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await assemble(options, closers, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  {
    connectors: connectorCount = 1,
    inspect = false,
    mayCallPrivate = false,
    endpoints: more = {},
    services: given = [],
    healthChecks = true,
    gatewayEntry,
    relayBundle = RELAY_BUNDLE,
    firstRelayBundle = relayBundle,
    connectorBundle = CULVERT_BUNDLE,
  }: SystemOptions,
  closers: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<System> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-e2e-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));

  const raw = new RawUpstream();
  const node = new HttpUpstream();
  const tls = new HttpUpstream(trustedIdentity);
  const badTls = new HttpUpstream(untrustedIdentity);
  for (const upstream of [raw, node, tls, badTls]) {
    await upstream.listen();
    closers.push(() => upstream.close());
  }
  const stuck = await startStuckListener();
  closers.push(() => stuck.close());

  const bundlePath =
    gatewayEntry === undefined ? await gatewayBundle(directory) : join(directory, "gateway.js");
  if (gatewayEntry !== undefined) await bundleNodeWorker(gatewayEntry, bundlePath);

  const endpoints: Record<string, string> = {
    "raw-api": `http://127.0.0.1:${raw.port}`,
    "node-api": `http://127.0.0.1:${node.port}`,
    "tls-api": `https://localhost:${tls.port}`,
    "untrusted-api": `https://localhost:${badTls.port}`,
    "prefixed-api": `http://127.0.0.1:${raw.port}/base/v1`,
    "closed-api": `http://127.0.0.1:${CLOSED_PORT}`,
    "nameless-api": "http://no-such-host.invalid",
    "forbidden-api": `http://127.0.0.2:${raw.port}`,
    ...more,
  };
  const service = (name: string) => ({
    ...{ name, endpoint: endpoints[name], configurations: EVERYWHERE },
    ...(healthChecks ? {} : { healthCheck: false }),
  });
  const main = {
    version: 1,
    services: [
      ...Object.keys(endpoints).map(service),
      ...given.map((one) => ({ ...one, configurations: EVERYWHERE })),
      { ...service("node-api"), name: "impatient-api", responseTimeoutMs: 400 },
      { ...service("node-api"), name: "small-api", maxBodyBytes: 1000 },
      {
        ...service("node-api"),
        name: "stuck-api",
        endpoint: `http://127.0.0.1:${stuck.port}`,
        connectTimeoutMs: 400,
      },
      {
        ...service("node-api"),
        name: "production-api",
        configurations: [{ project: PROJECT, accessibleBy: "production" }],
      },
    ],
    networks: [{ hosts: [`127.0.0.1:${node.port}`], configurations: EVERYWHERE }],
  };
  const environmentOf = (environment: string, tunnel: string | undefined) => ({
    tunnel,
    project: PROJECT,
    environment,
  });
  const { workerd, admin, tunnels } = await startLocalTunnels({
    relayBundle,
    firstRelayBundle,
    persistDir: join(directory, "state"),
    adminKey: ADMIN_KEY,
    inspect,
    mayCallPrivate,
    services: { main, unattended: main },
    made: [relayBundle, firstRelayBundle].every((path) => path === RELAY_BUNDLE)
      ? await runsTunnels()
      : undefined,
    gateways: (ids) => [
      {
        name: "test",
        bundlePath,
        compatibilityFlags: gatewayEntry === undefined ? [] : ["nodejs_compat"],
        tunnelBindings: [
          { binding: "TUNNEL", props: environmentOf("production", ids["main"]) },
          { binding: "PREVIEW", props: environmentOf("preview", ids["main"]) },
          { binding: "STRANGER", props: environmentOf("development", ids["main"]) },
          { binding: "UNATTENDED", props: environmentOf("production", ids["unattended"]) },
          { binding: "MISSING", props: environmentOf("production", "tnl_aaaaaaaaaaaaaaaaaaaa") },
        ],
      },
    ],
  });
  closers.push(() => workerd.stop(500));

  const tunnel = tunnels["main"];
  const gatewayUrl = workerd.gatewayUrls["test"];
  if (tunnel === undefined || gatewayUrl === undefined)
    throw new Error("the relay made no tunnel or no gateway");
  const connectors: Child[] = [];
  closers.push(() => Promise.all(connectors.map((connector) => connector.stop(2_000))));
  const addConnector = async () => {
    const connector = await startConnector(
      connectorBundle,
      { admin, tunnel },
      {
        TUNNEL_ALLOW: "127.0.0.1,localhost,no-such-host.invalid",
        NODE_EXTRA_CA_CERTS: TRUSTED_CERTIFICATE_FILE,
      },
    );
    connectors.push(connector);
    return connector;
  };
  for (let started = 0; started < connectorCount; started += 1) await addConnector();

  const directOrigin = (name: string) => {
    const endpoint = endpoints[name];
    if (endpoint === undefined) throw new Error(`no service ${name}`);
    return endpoint;
  };
  return {
    raw,
    node,
    tls,
    workerd,
    admin,
    gatewayUrl,
    adminKey: ADMIN_KEY,
    tunnelId: tunnel.id,
    connectors,
    addConnector,
    directOrigin,
    stop,
  };
}

/** A process's resident memory in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
