import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { Connector } from "../../connector/connector.ts";
import { loadConfig } from "../../connector/settings/connector-settings.ts";
import { startConnector } from "../../connector/start-connector.ts";
import type { RequestEvent } from "../../shared/request-event.ts";
import type { ServicesFile } from "../../shared/services/services-file.ts";
import { formatToken, type Token } from "../../shared/token.ts";
import { VERSION } from "../../shared/version.ts";
import { sha256Hex } from "../../worker/auth/digest.ts";
import { TwinFaults } from "./faults.ts";
import { type ReadConfig, resolveGateway } from "./gateway-config.ts";
import { harnessDialler } from "./harness-dialler.ts";
import { RecordedRequests } from "./recorded-requests.ts";
import { type RunningService, startService } from "./service-server.ts";
import { closedFor, planServices } from "./services-plan.ts";
import type { Twin, TwinOptions } from "./types.ts";
import { TWIN_PATH, type TwinOrder } from "./twin-order.ts";

const ATTACH_TIMEOUT_MS = 20_000;
const EVENT_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/** The parts of wrangler that are used; it is a peer dependency, so that the gateway is tested by the one it is deployed by. */
interface Wrangler {
  createTestHarness(options: object): Harness;
  unstable_readConfig: ReadConfig;
}

interface Harness {
  listen(): Promise<{ url: URL }>;
  fetch(input: unknown, init?: unknown): Promise<unknown>;
  getWorker(name: string): {
    fetch(
      input: string,
      init?: unknown,
    ): Promise<{ status: number; ok: boolean; webSocket?: unknown; text(): Promise<string> }>;
    evictDurableObject(name: string, options: object): Promise<void>;
  };
  getLogs(): { message: string }[];
  clearLogs(): void;
  close(): Promise<void>;
}

/** Starts gateway, relay and connector. Throws with what to change where an option is wrong. */
export async function startTwin(options: TwinOptions): Promise<Twin> {
  const wrangler = await loadWrangler();
  const gateway = resolveGateway(options.gateway, options.env, wrangler.unstable_readConfig);
  const tunnelIds = new Set(gateway.bindings.map(({ tunnel }) => tunnel));
  const requests = new RecordedRequests();
  const running = new Map<string, RunningService>();
  const harness = wrangler.createTestHarness({
    workers: [
      { ...gateway.worker, ...given({ vars: options.vars, secrets: options.secrets }) },
      { configPath: relayConfigPath(), prebuiltWorkerDir: join(relayConfigPath(), "..") },
    ],
  });
  const tunnels: TwinTunnel[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(tunnels.map((tunnel) => tunnel.disconnect()));
    await harness.close();
    await Promise.all([...running.values()].map((service) => service.close()));
  };
  try {
    for (const [name, service] of Object.entries(options.services)) {
      running.set(name, await startService(name, service, (trace, bytes) => requests.gotBody(trace, bytes)));
    }
    const origins = new Map([...running].map(([name, { origin }]) => [name, origin]));
    const file = planServices(options, origins, gateway.bindings);
    const { url } = await harness.listen();
    const faults = new TwinFaults();
    for (const tunnelId of tunnelIds) tunnels.push(new TwinTunnel(tunnelId, harness, file, faults, requests));
    await Promise.all(tunnels.map((tunnel) => tunnel.start()));
    return twinOf({ harness, url, requests, faults, tunnels, stop });
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** One tunnel of the twin's relay, and the connector that serves it. */
class TwinTunnel {
  readonly #tunnelId: string;
  readonly #harness: Harness;
  readonly #file: ServicesFile;
  readonly #faults: TwinFaults;
  readonly #requests: RecordedRequests;
  readonly #token: Token;
  readonly #denied = new Set<string>();
  #connector: Connector | null = null;
  #dials = 0;

  constructor(
    tunnelId: string,
    harness: Harness,
    file: ServicesFile,
    faults: TwinFaults,
    requests: RecordedRequests,
  ) {
    this.#tunnelId = tunnelId;
    this.#harness = harness;
    this.#file = file;
    this.#faults = faults;
    this.#requests = requests;
    const kid = `k_${Array.from(randomBytes(12), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("")}`;
    this.#token = { relayUrl: "http://127.0.0.1:1", tunnelId, kid, secret: randomBytes(32) };
  }

  async start(): Promise<void> {
    await this.#order(this.#file);
    await this.connect();
  }

  async connect(): Promise<void> {
    if (this.#connector !== null) return;
    const tokenText = formatToken(this.#token);
    const loaded = loadConfig({}, { TUNNEL_TOKEN: tokenText, TUNNEL_ALLOW: "*" }, () => "");
    if (!loaded.ok)
      throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
    const relay = this.#harness.getWorker("culvert");
    const dialRelay = harnessDialler((path, headers) => relay.fetch(path, { headers }), tokenText);
    const { connector } = startConnector({
      config: loaded.config,
      connectorId: `con_twin${randomBytes(8).toString("hex")}`,
      softwareVersion: VERSION,
      tracing: null,
      log: pino({ level: "silent" }),
      droppedLogLines: () => 0,
      dialRelay: (events, object) => {
        this.#dials++;
        return dialRelay(events, object);
      },
      intercept: (stream, onFinished, serve) =>
        this.#faults.serve(stream, this.#requests.started(stream.open, onFinished), serve),
    });
    this.#connector = connector;
    await this.attached();
  }

  /** Resolves once the relay has accepted the connector. */
  attached(): Promise<void> {
    return this.#until(() => this.#connector?.readyConnections !== 0);
  }

  async #until(condition: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + ATTACH_TIMEOUT_MS;
    while (!condition()) {
      if (performance.now() > deadlineMs) throw new Error("the connector did not attach to the relay");
      await sleep(POLL_MS);
    }
  }

  async disconnect(): Promise<void> {
    const connector = this.#connector;
    this.#connector = null;
    await connector?.drain(0);
  }

  async restart(): Promise<void> {
    const options = { name: this.#tunnelId, webSockets: "close" };
    const dialsBefore = this.#dials;
    await this.#harness.getWorker("culvert").evictDurableObject("Tunnel", options);
    // The connector hears of its loss a moment later.
    if (this.#connector !== null) await this.#until(() => this.#dials > dialsBefore);
    await this.attached();
  }

  async deny(service: string): Promise<void> {
    this.#denied.add(service);
    await this.#order([...this.#denied].reduce(closedFor, this.#file));
  }

  async allow(service: string | undefined): Promise<void> {
    const before = this.#denied.size;
    if (service === undefined) this.#denied.clear();
    else this.#denied.delete(service);
    if (this.#denied.size !== before) await this.#order([...this.#denied].reduce(closedFor, this.#file));
  }

  async #order(services: ServicesFile): Promise<void> {
    const token = { kid: this.#token.kid, digestHex: await sha256Hex(this.#token.secret) };
    const order: TwinOrder = { tunnelId: this.#tunnelId, token, services };
    const answer = await this.#harness
      .getWorker("culvert")
      .fetch(TWIN_PATH, { method: "POST", body: JSON.stringify(order) });
    if (!answer.ok) throw new Error(`the twin's relay answered ${answer.status}: ${await answer.text()}`);
  }
}

interface TwinParts {
  harness: Harness;
  url: URL;
  requests: RecordedRequests;
  faults: TwinFaults;
  tunnels: readonly TwinTunnel[];
  stop: () => Promise<void>;
}

function twinOf({ harness, url, requests, faults, tunnels, stop }: TwinParts): Twin {
  const events = (): RequestEvent[] => harness.getLogs().flatMap(({ message }) => eventOf(message));
  const each = async (act: (tunnel: TwinTunnel) => Promise<void>): Promise<void> => {
    await Promise.all(tunnels.map(act));
  };
  const heal = async (service?: string): Promise<void> => {
    faults.clear(service);
    await each((tunnel) => tunnel.allow(service));
  };
  const connectConnectors = () => each((tunnel) => tunnel.connect());
  let stopped: Promise<void> | null = null;
  return {
    url,
    fetch: async (input, init) => (await harness.fetch(input, init)) as Response,
    requests: requests.list,
    get events() {
      return events();
    },
    async event(of) {
      const id = typeof of === "string" ? of : of.headers.get("culvert-request-id");
      if (id === null) throw new Error("this answer carries no culvert-request-id: give the request's id");
      const deadlineMs = performance.now() + EVENT_TIMEOUT_MS;
      for (;;) {
        const found = events().find(({ requestId }) => requestId === id);
        if (found !== undefined) return found;
        if (performance.now() > deadlineMs) throw new Error(`there is no event of the request ${id}`);
        await sleep(POLL_MS);
      }
    },
    fail: (service, code) => faults.set(service, { code }),
    slow: (service, delayMs) => faults.set(service, { delayMs }),
    cutAfter: (service, cutAfterBytes) => faults.set(service, { cutAfterBytes }),
    deny: (service) => each((tunnel) => tunnel.deny(service)),
    heal,
    disconnectConnectors: () => each((tunnel) => tunnel.disconnect()),
    connectConnectors,
    restartRelay: () => each((tunnel) => tunnel.restart()),
    async reset() {
      await heal();
      await connectConnectors();
      requests.list.length = 0;
      harness.clearLogs();
    },
    stop: () => (stopped ??= stop()),
  };
}

function eventOf(message: string): RequestEvent[] {
  if (!message.startsWith('{"event":"request"')) return [];
  try {
    return [JSON.parse(message) as RequestEvent];
  } catch {
    return [];
  }
}

async function loadWrangler(): Promise<Wrangler> {
  // Neither asks the network: a test has none.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
  process.env["WRANGLER_SEND_METRICS"] ??= "false";
  const name = "wrangler";
  try {
    return (await import(name)) as Wrangler;
  } catch (error) {
    throw new Error("startTwin needs wrangler 4.164 or later: npm install --save-dev wrangler", {
      cause: error,
    });
  }
}

/** Beside this file in the package, in `dist` when run from the sources. */
function relayConfigPath(): string {
  const places = ["relay/wrangler.json", "../../dist/kit/testing/relay/wrangler.json"];
  const found = places.map((place) => join(import.meta.dirname, place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error("the twin's relay is not built: npm run build");
  return found;
}

/** Without what is undefined. */
function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
