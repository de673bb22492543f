import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import type { AdminApi } from "../../scripts/demo/admin-api.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { ChaosUpstream } from "../chaos/chaos-upstream.ts";
import { gatewayBundle, runsTunnels } from "../support/made-once.ts";
import { nodeMemory } from "../support/node-heap.ts";
import { relayKeptBytes } from "../support/relay-heap.ts";
import { HostileUpstream } from "./hostile-upstream.ts";

const ADMIN_KEY = "mixed-admin-key-0123456789abcdef";
const HONEST = { project: "honest", environment: "production" };
const HOSTILE = { project: "hostile", environment: "production" };
const CONNECTORS = 2;
const LIMITS = { responseTimeoutMs: 4_000, stallTimeoutMs: 4_000 };

/** No server answers for names in this zone. */
export const HANGING_ZONE = "hang.test";
const SILENT_DNS = { address: "127.0.0.77", port: 53 };
/** The connectors see another file in place of this one. */
const RESOLV_CONF = "/etc/resolv.conf";
const ATTACH_MS = 60_000;

/** Memory in use when nothing is open, in bytes, after a garbage collection. */
export interface Kept {
  relay: number;
  /** One entry per process. */
  connectors: number[];
}

/** One tunnel that an honest and a hostile project share. */
export class World {
  readonly upstream = new ChaosUpstream();
  readonly hostileUpstream = new HostileUpstream();
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #inspectors: string[] = [];
  readonly connectors: Child[] = [];
  /** Whether names of `HANGING_ZONE` hang for the connectors. */
  namesHang = false;
  #resolvConf = "";
  tunnelId = "";
  /** The key of the honest project. */
  gatewayKey = "";
  #workerd: WorkerdProcess | null = null;
  #roundUnderWay: Promise<void> = Promise.resolve();
  #nextRound: Promise<void> | null = null;
  #admin: AdminApi | null = null;

  async start(): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), "culvert-mixed-"));
    this.#closers.push(() => rm(directory, { recursive: true, force: true }));
    const port = await this.upstream.listen();
    this.#closers.push(() => this.upstream.close());
    const hostilePort = await this.hostileUpstream.listen();
    this.#closers.push(() => this.hostileUpstream.close());
    await this.#makeNamesHang(directory);
    const bundlePath = await gatewayBundle(directory);

    const service = (name: string, endpoint: string, ...who: { project: string }[]) => ({
      ...{ name, endpoint, healthCheck: false },
      configurations: who.map(({ project }) => ({ project, accessibleBy: "production" })),
    });
    const endpoint = `http://127.0.0.1:${port}`;
    const services = [
      service("api", endpoint, HONEST, HOSTILE),
      { ...service("retry-api", endpoint, HONEST), retry: true },
      // Short ones: the local runtime notices a client that has left only when it writes to it. Otherwise these limits end
      // the request.
      { ...service("hostile-api", `http://127.0.0.1:${hostilePort}`, HOSTILE), ...LIMITS },
      { ...service("broken-api", `http://127.0.0.1:${this.hostileUpstream.brokenPort}`, HOSTILE), ...LIMITS },
    ];
    const configurations = [{ project: HOSTILE.project, accessibleBy: "production" }];
    const networks = [
      { hosts: [`*.${HANGING_ZONE}:80`], configurations, ...LIMITS, connectTimeoutMs: 4_000 },
    ];
    const file = (more: object[] = []) => ({ version: 1, services: [...services, ...more], networks });
    const { workerd, admin, tunnels } = await startLocalTunnels({
      relayBundle: RELAY_BUNDLE,
      persistDir: join(directory, "state"),
      adminKey: ADMIN_KEY,
      inspect: true,
      services: { main: file() },
      made: await runsTunnels(),
      gateways: (ids) => [
        {
          name: "test",
          bundlePath,
          tunnelBindings: [
            { binding: "HONEST", props: { tunnel: ids["main"], ...HONEST } },
            { binding: "HOSTILE", props: { tunnel: ids["main"], ...HOSTILE } },
          ],
        },
      ],
    });
    this.#workerd = workerd;
    this.#admin = admin;
    this.#closers.push(() => workerd.stop(500));
    const tunnel = tunnels["main"];
    if (tunnel === undefined) throw new Error("the relay made no tunnel");
    this.tunnelId = tunnel.id;
    // It leads back to where it was called.
    await admin.putServices(tunnel.id, file([service("loop-api", this.loopEndpoint, HOSTILE)]));
    this.gatewayKey = await this.#makeGatewayKey();
    this.#closers.push(() => Promise.all(this.connectors.map((connector) => connector.stop(2_000))));
    while (this.connectors.length < CONNECTORS) await this.#addConnector(tunnel);
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  /** Why requests of the honest project failed, according to the relay and the connectors. */
  async failures(): Promise<string[]> {
    const url = `${this.#relay.url}/v1/tunnels/${this.tunnelId}/requests?caller=${HONEST.project}&failed=true&limit=20`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    const { items } = (await response.json()) as { items: object[] };
    const said = this.connectors.flatMap(({ lines }) => lines.filter((line) => line.startsWith("{")));
    return [...items.map((event) => JSON.stringify(event)), ...said];
  }

  /** The URL at which a client of the gateway calls a service, as one of the two projects. */
  url(binding: "HONEST" | "HOSTILE", service: string, path: string): string {
    return `${this.#relay.gatewayUrls["test"]}/pass/${binding}/http://${service}${path}`;
  }

  /**
   * Resolves once the gateway has answered a request that was made after this call. A client that waits for it before its
   * next request has at most one open, however slow the machine is. Without it, clients that leave would pile up requests
   * that the runtime has not looked at yet.
   */
  caughtUp(): Promise<void> {
    return (this.#nextRound ??= this.#round());
  }

  async #round(): Promise<void> {
    await this.#roundUnderWay;
    this.#nextRound = null;
    const asked = fetch(`${this.#relay.gatewayUrls["test"]}/caught-up`).then((response) =>
      response.arrayBuffer(),
    );
    this.#roundUnderWay = asked.then(
      () => {},
      () => {},
    );
    await this.#roundUnderWay;
  }

  get relayUrl(): string {
    return this.#relay.url;
  }

  get loopEndpoint(): string {
    return this.url("HOSTILE", "loop-api", "");
  }

  /** How many streams are open at the relay. */
  async openStreams(): Promise<number> {
    const connectors = (await this.#admin?.connectors(this.tunnelId)) ?? [];
    return connectors.reduce((sum, { openStreams }) => sum + openStreams, 0);
  }

  async kept(): Promise<Kept> {
    const memories = await Promise.all(this.#inspectors.map(nodeMemory));
    return {
      relay: await relayKeptBytes(this.#relay),
      connectors: memories.map(({ heapBytes, bufferBytes }) => heapBytes + bufferBytes),
    };
  }

  get pids(): { relay: number; connectors: number[] } {
    return { relay: this.#relay.pid, connectors: this.connectors.map(({ pid }) => pid) };
  }

  async #addConnector(tunnel: { id: string; token: string }): Promise<void> {
    if (this.#admin === null) throw new Error("not started");
    const environment = {
      TUNNEL_TOKEN: tunnel.token,
      TUNNEL_METRICS: "127.0.0.1:0",
      TUNNEL_ALLOW: `127.0.0.1,*.${HANGING_ZONE}:80`,
      TUNNEL_LOGLEVEL: "warn",
      TUNNEL_ACCESS_LOG: "off",
      NODE_OPTIONS: "--inspect=127.0.0.1:0",
    };
    const command = [process.execPath, CULVERT_BUNDLE, "connect"];
    const [program = "", ...args] = this.namesHang
      ? [...inOtherNames(this.#resolvConf), ...command]
      : command;
    const connector = startChild("connector", program, args, environment);
    this.connectors.push(connector);
    this.#inspectors.push((await connector.line(/listening on (ws:\S+)/, ATTACH_MS))[1] ?? "");
    const attached = async () =>
      (await this.#admin?.connectors(this.tunnelId))?.length === this.connectors.length;
    await eventually("the connector to attach", ATTACH_MS, attached);
  }

  /** Starts a name server that never answers, in a file system that only the connectors see. This needs root. */
  async #makeNamesHang(directory: string): Promise<void> {
    this.#resolvConf = join(directory, "resolv.conf");
    await writeFile(this.#resolvConf, `nameserver ${SILENT_DNS.address}\n`);
    const [program = "", ...args] = inOtherNames(this.#resolvConf);
    if (spawnSync(program, [...args, "true"], { stdio: "ignore" }).status !== 0) return;
    const server = createSocket("udp4");
    try {
      server.bind(SILENT_DNS.port, SILENT_DNS.address);
      await once(server, "listening");
      this.namesHang = true;
      this.#closers.push(async () => void server.close());
    } catch {
      server.close();
    }
  }

  async #makeGatewayKey(): Promise<string> {
    const response = await fetch(`${this.#relay.url}/v1/gateway-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(HONEST),
    });
    return ((await response.json()) as { key: string }).key;
  }

  get #relay(): WorkerdProcess {
    if (this.#workerd === null) throw new Error("not started");
    return this.#workerd;
  }
}

/** A command that runs another one with this file as its resolv.conf. */
function inOtherNames(file: string): string[] {
  const script = `mount --bind "$0" ${RESOLV_CONF} && exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", script, file];
}
