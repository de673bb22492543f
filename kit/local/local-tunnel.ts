import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { Connector } from "../../connector/connector.ts";
import { loadConfig } from "../../connector/settings/index.ts";
import { startConnector } from "../../connector/start-connector.ts";
import type { ServicesFile } from "../../shared/services/index.ts";
import { formatToken, type Token } from "../../shared/tokens/token.ts";
import { VERSION } from "../../shared/release/version.ts";
import { sha256Hex } from "../../worker/auth/digest.ts";
import type { TwinFaults } from "./services/faults.ts";
import { harnessDialler } from "./harness-dialler.ts";
import type { RecordedRequests } from "./services/recorded-requests.ts";
import { closedFor } from "./services/services-plan.ts";
import { ORDER_KEY_FIELD, TWIN_PATH, type TwinOrder } from "../relay/twin-order.ts";
import type { Harness } from "./wrangler.ts";

const ATTACH_TIMEOUT_MS = 20_000;
const POLL_MS = 5;
/** Share of the usual pauses before the connector dials again: the relay is on this machine, and a test is waiting. */
const PAUSE_SHARE = 0.001;

export interface LocalTunnelOptions {
  tunnelId: string;
  harness: Harness;
  relayName: string;
  file: ServicesFile;
  faults: TwinFaults;
  requests: RecordedRequests;
  /** What the connector may reach, in the form of `TUNNEL_ALLOW`. */
  allow: string;
  /** Proves to the relay that an order comes from this process. */
  orderKey: string;
}

/** One tunnel of a relay on this machine, and its connector. */
export class LocalTunnel {
  readonly tunnelId: string;
  readonly #harness: Harness;
  readonly #relayName: string;
  readonly #file: ServicesFile;
  readonly #faults: TwinFaults;
  readonly #requests: RecordedRequests;
  readonly #allow: string;
  readonly #orderKey: string;
  readonly #token: Token;
  readonly #denied = new Set<string>();
  #connector: Connector | null = null;
  #dials = 0;

  constructor({ tunnelId, harness, relayName, file, faults, requests, allow, orderKey }: LocalTunnelOptions) {
    this.tunnelId = tunnelId;
    this.#harness = harness;
    this.#relayName = relayName;
    this.#file = file;
    this.#faults = faults;
    this.#requests = requests;
    this.#allow = allow;
    this.#orderKey = orderKey;
    const kid = `k_${Array.from(randomBytes(12), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("")}`;
    this.#token = { relayUrl: "http://127.0.0.1:1", tunnelId, kid, secret: randomBytes(32) };
  }

  async start(): Promise<void> {
    await this.configure();
    await this.connect();
  }

  /** Creates the tunnel, unless the relay has it already. */
  async configure(): Promise<void> {
    await this.#order([...this.#denied].reduce(closedFor, this.#file));
  }

  async connect(): Promise<void> {
    if (this.#connector !== null) return;
    const tokenText = formatToken(this.#token);
    const loaded = loadConfig({}, { TUNNEL_TOKEN: tokenText, TUNNEL_ALLOW: this.#allow }, () => "");
    if (!loaded.ok)
      throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
    const dialRelay = harnessDialler((path, headers) => this.#relay().fetch(path, { headers }), tokenText);
    const { connector } = startConnector({
      config: loaded.config,
      connectorId: `con_twin${randomBytes(8).toString("hex")}`,
      softwareVersion: VERSION,
      tracing: null,
      log: pino({ level: "silent" }),
      droppedLogLines: () => 0,
      random: () => PAUSE_SHARE,
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
    if (connector === null) return;
    await connector.drain(0);
  }

  /** Resolves once the relay has noticed that there is no connection any more. */
  async detached(): Promise<void> {
    const deadlineMs = performance.now() + ATTACH_TIMEOUT_MS;
    const connections = async () => (await this.#ask(`${TWIN_PATH}?connections=${this.tunnelId}`)).text();
    while ((await connections()) !== "0") {
      if (performance.now() > deadlineMs) throw new Error("the relay did not notice that the connector left");
      await sleep(POLL_MS);
    }
  }

  async restart(): Promise<void> {
    const dialsBefore = this.#dials;
    await this.#ask(`${TWIN_PATH}?restart=${this.tunnelId}`);
    // The connector notices the loss a moment later.
    if (this.#connector !== null) await this.#until(() => this.#dials > dialsBefore);
    await this.attached();
  }

  async deny(service: string): Promise<void> {
    this.#denied.add(service);
    await this.configure();
  }

  async allow(service: string | undefined): Promise<void> {
    const before = this.#denied.size;
    if (service === undefined) this.#denied.clear();
    else this.#denied.delete(service);
    if (this.#denied.size !== before) await this.configure();
  }

  #relay(): ReturnType<Harness["getWorker"]> {
    return this.#harness.getWorker(this.#relayName);
  }

  async #order(services: ServicesFile): Promise<void> {
    const token = { kid: this.#token.kid, digestHex: await sha256Hex(this.#token.secret) };
    const order: TwinOrder = { tunnelId: this.tunnelId, token, services };
    await this.#ask(TWIN_PATH, JSON.stringify(order));
  }

  async #ask(path: string, body?: string): ReturnType<ReturnType<Harness["getWorker"]>["fetch"]> {
    const answer = await this.#relay().fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { [ORDER_KEY_FIELD]: this.#orderKey },
      ...(body === undefined ? {} : { body }),
    });
    if (!answer.ok) throw new Error(`the local relay answered ${answer.status}: ${await answer.text()}`);
    return answer;
  }
}
