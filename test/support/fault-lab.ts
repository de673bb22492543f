import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleWorker, CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi, type AdminApi } from "../../scripts/demo/admin-api.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startLocalTunnels, type Tunnel } from "../../scripts/demo/local-tunnels.ts";
import { startWorkerd, type WorkerdOptions, type WorkerdProcess } from "../../scripts/workerd.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { LedgerUpstream } from "./ledger-upstream.ts";

const ADMIN_KEY = "fault-lab-admin-key-0123456789";
const CALLER = { project: "my-project", environment: "production" };

/** What one request of the load came to. */
export interface Outcome {
  id: string;
  method: string;
  status: number;
  /** `culvert-error`, or what was thrown. */
  code: string | null;
  tookMs: number;
}

/** A relay, its connectors and an upstream as processes and sockets that can be made to fail. */
export class FaultLab {
  readonly upstream = new LedgerUpstream();
  readonly connectors: Child[] = [];
  readonly #proxies: FaultProxy[] = [];
  #directory = "";
  #upstreamPort = 0;
  #tunnel: Tunnel = { id: "", token: "" };
  #workerd: WorkerdProcess | null = null;
  #restart: WorkerdOptions | null = null;
  #admin: AdminApi | null = null;
  #nextId = 0;

  async start(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "culvert-faults-"));
    this.#upstreamPort = await this.upstream.listen();
    const bundlePath = join(this.#directory, "gateway.js");
    await bundleWorker(join(import.meta.dirname, "gateway.ts"), bundlePath);
    const rule = { configurations: [{ project: CALLER.project, accessibleBy: CALLER.environment }] };
    const endpoint = `http://127.0.0.1:${this.#upstreamPort}`;
    const services = [
      { name: "api", endpoint, ...rule, healthCheck: false },
      { name: "retry-api", endpoint, retry: true, ...rule, healthCheck: false },
    ];
    const persistDir = join(this.#directory, "state");
    let gateways: WorkerdOptions["gateways"] = [];
    const local = await startLocalTunnels({
      relayBundle: RELAY_BUNDLE,
      persistDir,
      adminKey: ADMIN_KEY,
      services: { main: { version: 1, services } },
      gateways: (ids) => {
        const tunnelBindings = [{ binding: "TUNNEL", props: { tunnel: ids["main"], ...CALLER } }];
        return (gateways = [{ name: "test", bundlePath, tunnelBindings }]);
      },
    });
    this.#workerd = local.workerd;
    this.#admin = local.admin;
    const tunnel = local.tunnels["main"];
    if (tunnel === undefined) throw new Error("the relay made no tunnel");
    this.#tunnel = tunnel;
    this.#restart = {
      relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
      persistDir,
      port: portOf(local.workerd.url),
      gateways: gateways.map((gateway) => ({ ...gateway, port: portOf(this.#gatewayUrl) })),
    };
  }

  /** A network that can be made to fail, for one connector. */
  async proxy(): Promise<FaultProxy> {
    const proxy = new FaultProxy(portOf(this.#relay.url));
    await proxy.listen();
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Resolves once the relay counts one connector more than before. */
  async addConnector(proxy?: FaultProxy): Promise<Child> {
    const before = await this.attached();
    const child = startChild("connector", process.execPath, [CULVERT_BUNDLE, "connect"], {
      TUNNEL_TOKEN: this.#tunnel.token,
      TUNNEL_ALLOW: "127.0.0.1",
      TUNNEL_METRICS: "127.0.0.1:0",
      TUNNEL_LOGLEVEL: process.env["LAB_LOGLEVEL"] ?? "warn",
      TUNNEL_GRACE_PERIOD: "10s",
      ...(proxy === undefined ? {} : { TUNNEL_RELAY: proxy.url }),
    });
    this.connectors.push(child);
    await eventually("the connector to attach", 20_000, async () => (await this.attached()) > before);
    return child;
  }

  /** How many connectors the relay counts. */
  async attached(): Promise<number> {
    return (await this.#api.connectorIds(this.#tunnel.id)).length;
  }

  async request(method: "GET" | "POST", service = "api"): Promise<Outcome> {
    const id = `${service}-${this.#nextId++}`;
    const began = performance.now();
    const done = (status: number, code: string | null): Outcome => {
      return { id, method, status, code, tookMs: performance.now() - began };
    };
    try {
      const url = `${this.#gatewayUrl}/pass/TUNNEL/http://${service}/ledger?id=${id}`;
      const response = await fetch(url, { method, ...(method === "POST" ? { body: `body of ${id}` } : {}) });
      const body = await response.text();
      const whole = response.status !== 200 || (JSON.parse(body) as { id: string }).id === id;
      return done(response.status, whole ? response.headers.get("culvert-error") : "WRONG_BODY");
    } catch (thrown) {
      return done(0, String(thrown));
    }
  }

  /** GET and POST in turn, `everyMs` apart, until `stop` is called; then all outcomes. */
  load(everyMs: number, service = "api"): { stop(): Promise<Outcome[]> } {
    const outcomes: Promise<Outcome>[] = [];
    let running = true;
    const loop = (async () => {
      for (let count = 0; running; count++) {
        outcomes.push(this.request(count % 2 === 0 ? "GET" : "POST", service));
        await sleep(everyMs);
      }
    })();
    return {
      stop: async () => {
        running = false;
        await loop;
        return Promise.all(outcomes);
      },
    };
  }

  /** SIGKILL for the whole relay, and a new one in its place, on the same ports and the same state. */
  async crashRelay(): Promise<void> {
    if (this.#restart === null) throw new Error("not started");
    await this.#relay.kill();
    this.#workerd = await startWorkerd(this.#restart);
  }

  async stop(): Promise<void> {
    await Promise.all(this.connectors.map((connector) => connector.stop(0)));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.#workerd?.kill();
    await this.upstream.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #relay(): WorkerdProcess {
    if (this.#workerd === null) throw new Error("not started");
    return this.#workerd;
  }

  get #gatewayUrl(): string {
    return this.#relay.gatewayUrls["test"] ?? "";
  }

  get #api(): AdminApi {
    return (this.#admin ??= adminApi(this.#relay.url, ADMIN_KEY));
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
