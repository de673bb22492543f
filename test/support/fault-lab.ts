import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi, type AdminApi, type AttachedConnector } from "../../scripts/demo/admin-api.ts";
import { type Child, startChild } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startLocalTunnels, type Tunnel } from "../../scripts/demo/local-tunnels.ts";
import { startWorkerd, type WorkerdOptions, type WorkerdProcess } from "../../scripts/workerd.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { gatewayBundle, runsTunnels } from "./made-once.ts";

const ADMIN_KEY = "fault-lab-admin-key-0123456789abcdef";
const CALLER = { project: "my-project", environment: "production" };

/** A deadline for things that take seconds, on a machine that may be slow and busy. */
const WAIT_MS = 60_000;
/** The pause between two requests of a lane. */
const PAUSE_MS = 5;

/** The outcome of one request of the load. */
export interface Outcome {
  id: string;
  method: string;
  status: number;
  /** `culvert-error`, or what was thrown. */
  code: string | null;
}

export interface LabUpstream {
  /** Resolves with its port. */
  listen(): Promise<number>;
  close(): Promise<void>;
}

export interface Load {
  /** Resolves when this many more requests are done. */
  goesOn(count: number): Promise<void>;
  stop(): Promise<Outcome[]>;
}

/** A relay, its connectors and an upstream, as processes and sockets that the test can break. */
export class FaultLab {
  readonly connectors: Child[] = [];
  readonly #proxies: FaultProxy[] = [];
  #directory = "";
  #relayBundle = "";
  #culvertBundle = "";
  #upstreamPort = 0;
  #tunnel: Tunnel = { id: "", token: "" };
  #workerd: WorkerdProcess | null = null;
  #restart: WorkerdOptions | null = null;
  #admin: AdminApi | null = null;
  #nextId = 0;
  readonly #upstream: LabUpstream;

  constructor(upstream: LabUpstream) {
    this.#upstream = upstream;
  }

  async start(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "culvert-faults-"));
    this.#upstreamPort = await this.#upstream.listen();
    // A long run restarts the processes many times. It uses copies of the bundles, so that a rebuild does not change them.
    this.#relayBundle = join(this.#directory, "relay.js");
    this.#culvertBundle = join(this.#directory, "culvert.mjs");
    await Promise.all([
      copyFile(RELAY_BUNDLE, this.#relayBundle),
      copyFile(CULVERT_BUNDLE, this.#culvertBundle),
    ]);
    const bundlePath = await gatewayBundle(this.#directory);
    const rule = { configurations: [{ project: CALLER.project, accessibleBy: CALLER.environment }] };
    const endpoint = `http://127.0.0.1:${this.#upstreamPort}`;
    const services = [
      { name: "api", endpoint, ...rule, healthCheck: false },
      { name: "retry-api", endpoint, retry: true, ...rule, healthCheck: false },
      { name: "once-api", endpoint, retry: false, ...rule, healthCheck: false },
      { name: "patient-api", endpoint, connectorWaitMs: 30_000, ...rule, healthCheck: false },
    ];
    const persistDir = join(this.#directory, "state");
    let gateways: WorkerdOptions["gateways"] = [];
    const local = await startLocalTunnels({
      relayBundle: this.#relayBundle,
      persistDir,
      adminKey: ADMIN_KEY,
      services: { main: { version: 1, services } },
      made: await runsTunnels(),
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
      relay: { bundlePath: this.#relayBundle, adminKey: ADMIN_KEY },
      persistDir,
      port: portOf(local.workerd.url),
      gateways: gateways.map((gateway) => ({ ...gateway, port: portOf(this.#gatewayUrl) })),
    };
  }

  /** A network for one connector, which the test can break. */
  async proxy(): Promise<FaultProxy> {
    const proxy = new FaultProxy(portOf(this.#relay.url));
    await proxy.listen();
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Resolves once the relay lists a connector that was not there before. */
  async addConnector(proxy?: { url: string }): Promise<Child> {
    const before = new Set((await this.attachments()).map(({ id }) => id));
    const child = startChild("connector", process.execPath, [this.#culvertBundle, "connect"], {
      TUNNEL_TOKEN: this.#tunnel.token,
      TUNNEL_ALLOW: "127.0.0.1",
      TUNNEL_METRICS: "127.0.0.1:0",
      TUNNEL_LOGLEVEL: process.env["LAB_LOGLEVEL"] ?? "warn",
      TUNNEL_GRACE_PERIOD: "10s",
      ...(proxy === undefined ? {} : { TUNNEL_RELAY: proxy.url }),
    });
    this.connectors.push(child);
    await eventually("the connector to attach", WAIT_MS, async () =>
      (await this.attachments()).some(({ id }) => !before.has(id)),
    );
    return child;
  }

  /** The connectors that the relay lists. */
  attachments(): Promise<AttachedConnector[]> {
    return this.#api.connectors(this.#tunnel.id);
  }

  /** The number of connectors that the relay lists. */
  async attached(): Promise<number> {
    return (await this.attachments()).length;
  }

  untilAttached(count: number): Promise<unknown> {
    return eventually(`${count} connectors`, WAIT_MS, async () => (await this.attached()) === count);
  }

  /** The URL at which a client of the gateway calls a service. */
  url(service: string, path: string): string {
    return `${this.#gatewayUrl}/pass/TUNNEL/http://${service}${path}`;
  }

  /** How many streams are open at the relay. */
  async openStreams(): Promise<number> {
    return (await this.attachments()).reduce((sum, { openStreams }) => sum + openStreams, 0);
  }

  get relayUrl(): string {
    return this.#relay.url;
  }

  get relayPid(): number {
    return this.#relay.pid;
  }

  async request(method: "GET" | "POST", service = "api"): Promise<Outcome> {
    const id = `${service}-${this.#nextId++}`;
    const done = (status: number, code: string | null): Outcome => ({ id, method, status, code });
    try {
      const response = await fetch(this.url(service, `/ledger?id=${id}`), {
        method,
        ...(method === "POST" ? { body: `body of ${id}` } : {}),
      });
      const body = await response.text();
      const whole = response.status !== 200 || (JSON.parse(body) as { id: string }).id === id;
      return done(response.status, whole ? response.headers.get("culvert-error") : "WRONG_BODY");
    } catch (thrown) {
      return done(0, String(thrown));
    }
  }

  /**
   * Each lane sends GET and POST in turn, and starts the next request when the last is done. So there are never more open
   * requests than lanes.
   */
  load(lanes: number, service = "api"): Load {
    const outcomes: Outcome[] = [];
    let running = true;
    const lane = async (number: number) => {
      for (let count = number; running; count++) {
        outcomes.push(await this.request(count % 2 === 0 ? "GET" : "POST", service));
        await sleep(PAUSE_MS);
      }
    };
    const all = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
    return {
      async goesOn(count) {
        const enough = outcomes.length + count;
        await eventually(`${count} requests to finish`, WAIT_MS, () => outcomes.length >= enough);
      },
      async stop() {
        running = false;
        await all;
        return outcomes;
      },
    };
  }

  /** Kills the whole relay with SIGKILL and starts a new one on the same ports with the same state. */
  async crashRelay(): Promise<void> {
    if (this.#restart === null) throw new Error("not started");
    await this.#relay.kill();
    this.#workerd = await startWorkerd(this.#restart);
  }

  async stop(): Promise<void> {
    await Promise.all(this.connectors.map((connector) => connector.stop(0)));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.#workerd?.kill();
    await this.#upstream.close();
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
