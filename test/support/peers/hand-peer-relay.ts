import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { bundleWorker, RELAY_BUNDLE } from "../../../scripts/bundle.ts";
import type { AdminApi } from "../../../scripts/demo/admin-api.ts";
import { startLocalTunnels } from "../../../scripts/demo/local-tunnels.ts";
import type { Hello } from "../../../shared/protocol/handshake.ts";
import { SUBPROTOCOL } from "../../../shared/protocol/limits.ts";
import { gatewayBundle } from "../made-once.ts";
import { HandPeer } from "./hand-peer.ts";
import type { Observation, ProbeRequest } from "../probe.ts";

const ADMIN_KEY = "hand-peer-admin-key-0123456789abcdef";
const CALL_TIMEOUT_MS = 20_000;

const EVERYWHERE = [{ project: "my-project", accessibleBy: ["production"] }];
const SERVICES = {
  version: 1,
  services: [
    {
      // Off, because most tests check what happens to the one request that they send.
      name: "api",
      endpoint: "http://payments.internal:8080",
      retry: false,
      connectorWaitMs: 0,
      configurations: EVERYWHERE,
    },
    {
      name: "retry-api",
      endpoint: "http://payments.internal:8080",
      retry: true,
      connectorWaitMs: 0,
      configurations: EVERYWHERE,
    },
    {
      name: "default-api",
      endpoint: "http://payments.internal:8080",
      connectorWaitMs: 0,
      configurations: EVERYWHERE,
    },
    {
      name: "small-api",
      endpoint: "http://payments.internal",
      maxBodyBytes: 1000,
      configurations: EVERYWHERE,
    },
    {
      name: "preview-api",
      endpoint: "http://preview.internal",
      configurations: [{ project: "my-project", accessibleBy: ["preview"] }],
    },
  ],
};

export interface Answer {
  status: number;
  /** The header `culvert-error`. */
  error: string | null;
  headers: Headers;
  body: string;
  /** The connection ended before the body was complete. */
  aborted: boolean;
}

const NO_ANSWER: Answer = { status: 0, error: null, headers: new Headers(), body: "", aborted: true };

/** One tunnel of the relay, with a gateway bound to it. Its only connectors are those that a test makes. */
export class HandTunnel {
  readonly id: string;
  readonly token: string;
  readonly #relayUrl: string;
  readonly #gatewayUrl: string;
  readonly #binding: string;
  readonly #sockets = new Set<WebSocket>();
  readonly #connectors = new Map<HandPeer, WebSocket>();

  constructor(options: { id: string; token: string; relayUrl: string; gatewayUrl: string; binding: string }) {
    this.id = options.id;
    this.token = options.token;
    this.#relayUrl = options.relayUrl;
    this.#gatewayUrl = options.gatewayUrl;
    this.#binding = options.binding;
  }

  /** An open socket that has not sent HELLO, to this object or to the one that the relay chooses. */
  async attach(object?: string): Promise<HandPeer> {
    const query = object === undefined ? "" : `?object=${object}`;
    const socket = new WebSocket(`${this.#relayUrl.replace("http", "ws")}/v1/connect${query}`, SUBPROTOCOL, {
      headers: { authorization: `Bearer ${this.token}` },
      perMessageDeflate: false,
      // A key of zeros is a legal one: hundreds of MiB are sent in floods.
      generateMask: (key) => void key.fill(0),
    });
    this.#sockets.add(socket);
    const peer = new HandPeer(socket);
    this.#connectors.set(peer, socket);
    socket.on("error", () => {});
    socket.on("message", (bytes: Buffer, isBinary) => peer.received(isBinary ? bytes : bytes.toString()));
    socket.on("close", (code, reason) => (peer.closed = { code, reason: reason.toString() }));
    await once(socket, "open");
    return peer;
  }

  /** A connector that the relay has welcomed. */
  async connect(hello: Partial<Hello> = {}, object?: string): Promise<HandPeer> {
    const peer = await this.attach(object);
    await peer.greet(hello);
    return peer;
  }

  /** The URL that a client requests from the gateway, which passes the request to its binding. */
  url(path: string, service = "api"): string {
    return `${this.#gatewayUrl}/pass/${this.#binding}/http://${service}${path}`;
  }

  request(path: string, init: RequestInit & { service?: string } = {}): Promise<Response> {
    const { service, ...rest } = init;
    return fetch(this.url(path, service), {
      redirect: "manual",
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...rest,
    });
  }

  /** Never rejects: if the connection ends before the head, the result is an aborted answer with status 0. */
  async call(path: string, init: RequestInit & { service?: string } = {}): Promise<Answer> {
    return this.request(path, init).then(read, () => NO_ANSWER);
  }

  /** Makes the gateway's own code send the request, and describe what it saw. */
  async probe(wanted: Omit<ProbeRequest, "via" | "url"> & { path: string }): Promise<Observation> {
    const { path, ...rest } = wanted;
    const probed = await fetch(`${this.#gatewayUrl}/probe`, {
      method: "POST",
      body: JSON.stringify({ ...rest, via: this.#binding, url: `http://api${path}` } satisfies ProbeRequest),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    return (await probed.json()) as Observation;
  }

  /** Sends a client's request to the gateway as raw bytes, and resolves with the answer's bytes. */
  raw(request: (path: (upstreamPath: string) => string) => string): Promise<string> {
    return exchangeBytes(
      this.#gatewayUrl,
      request((path) => `/pass/${this.#binding}/http://api${path}`),
    );
  }

  /** A client's WebSocket through the gateway. */
  webSocket(path: string, service = "api"): WebSocket {
    const socket = new WebSocket(this.url(path, service).replace("http", "ws"), { perMessageDeflate: false });
    socket.on("error", () => {});
    this.#sockets.add(socket);
    return socket;
  }

  /** Leaves this socket out of `endClosing`: the test closes it and checks the reply. */
  leave(socket: WebSocket): void {
    this.#sockets.delete(socket);
  }

  /** Ends the sockets that the relay has closed, because the relay leaves their TCP connections open for seconds. */
  endClosing(): void {
    for (const socket of this.#sockets) if (socket.readyState === WebSocket.CLOSING) socket.terminate();
  }

  /** Ends the connector's TCP connection without a close frame. */
  cut(peer: HandPeer): void {
    this.#connectors.get(peer)?.terminate();
  }

  terminate(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

/** Sends the text as UTF-8. Resolves with everything that came back until the other side closed, one character per byte. */
export async function exchangeBytes(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  let received = "";
  socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
  socket.on("error", () => {});
  socket.setTimeout(CALL_TIMEOUT_MS, () => socket.destroy());
  await once(socket, "connect");
  socket.write(text);
  await once(socket, "close");
  return received;
}

/** The runtime reports these in normal operation: the end of an aborted body, and an upload that is no longer needed. */
const EXPECTED_REPORTS = ["TunnelError", "Can't read from request stream after response"];

function isFault(line: string): boolean {
  const reported = /uncaught|internal error/i.test(line);
  return reported && !EXPECTED_REPORTS.some((expected) => line.includes(expected));
}

export async function read(response: Response): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let aborted = false;
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk);
  } catch {
    aborted = true;
  }
  const { status, headers } = response;
  return {
    status,
    headers,
    aborted,
    error: headers.get("culvert-error"),
    body: Buffer.concat(chunks).toString(),
  };
}

export interface HandRelay {
  url: string;
  admin: AdminApi;
  pid: number;
  /** The last lines that the relay printed. */
  logs(): string;
  /** What the relay's code threw and nobody caught, according to the runtime's log. */
  faults(): string[];
  /** A tunnel that no test has used. */
  tunnel(): HandTunnel;
  /** A new key with which a client may call every tunnel by `/~/`. */
  gatewayKey(more?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the relay on workerd with this many tunnels, and one gateway that is bound to all of them. */
export async function startHandRelay(
  tunnelCount: number,
  { entry }: { entry?: string } = {},
): Promise<HandRelay> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-hand-"));
  const relayBundle = entry === undefined ? RELAY_BUNDLE : join(directory, "relay.js");
  const [bundlePath] = await Promise.all([
    gatewayBundle(directory),
    entry === undefined ? null : bundleWorker(entry, relayBundle),
  ]);
  const names = Array.from({ length: tunnelCount }, (_, index) => `T${index}`);
  const { workerd, admin, tunnels } = await startLocalTunnels({
    relayBundle,
    persistDir: join(directory, "state"),
    adminKey: ADMIN_KEY,
    services: Object.fromEntries(names.map((name) => [name, SERVICES])),
    gateways: (ids) => [
      {
        name: "hand",
        bundlePath,
        tunnelBindings: names.map((name) => ({
          binding: name,
          props: { tunnel: ids[name], project: "my-project", environment: "production" },
        })),
      },
    ],
  });
  const used: HandTunnel[] = [];
  const reaper = setInterval(() => {
    for (const tunnel of used) tunnel.endClosing();
  }, 20);
  return {
    url: workerd.url,
    admin,
    pid: workerd.pid,
    logs: () => workerd.logs(),
    faults: () => workerd.logs().split("\n").filter(isFault),
    tunnel() {
      const binding = names[used.length] ?? "";
      const made = tunnels[binding];
      if (made === undefined) throw new Error("startHandRelay was asked for too few tunnels");
      const gatewayUrl = workerd.gatewayUrls["hand"] ?? "";
      const tunnel = new HandTunnel({ ...made, relayUrl: workerd.url, gatewayUrl, binding });
      used.push(tunnel);
      return tunnel;
    },
    async gatewayKey(more = {}) {
      const response = await fetch(`${workerd.url}/v1/gateway-keys`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
        body: JSON.stringify({ project: "my-project", environment: "production", ...more }),
      });
      if (response.status !== 201) throw new Error(await response.text());
      return ((await response.json()) as { key: string }).key;
    },
    async stop() {
      clearInterval(reaper);
      for (const tunnel of used) tunnel.terminate();
      await workerd.stop(100);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
