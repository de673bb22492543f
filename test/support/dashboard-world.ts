import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { Hello } from "../../shared/protocol/handshake.ts";
import { decodeOpen } from "../../shared/protocol/head-codec.ts";
import { FRAME } from "../../shared/protocol/frame.ts";
import { TCP_SUBPROTOCOL } from "../../shared/tcp/tcp-socket.ts";
import { SUBPROTOCOL } from "../../shared/protocol/limits.ts";
import { data, HandPeer, head } from "./peers/hand-peer.ts";

export const ADMIN_KEY = "dashboard-admin-key-0123456789abcdef";

/** The address that the relay records for connectors, in place of Cloudflare's field. */
export const CONNECTOR_ADDRESS = "203.0.113.7";

/** What a hand-made connector answers. */
export type Serve = (path: string) => { status: number; text: string };

export interface Tunnel {
  id: string;
  kid: string;
  token: string;
}

/** The relay on workerd, with everything around it that the dashboard shows. */
export class DashboardWorld {
  readonly url: string;
  readonly #stop: () => Promise<void>;
  readonly #sockets = new Set<WebSocket>();
  #gatewayKey = "";

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.#stop = stop;
  }

  static async start(relayBundle: string): Promise<DashboardWorld> {
    const directory = await mkdtemp(join(tmpdir(), "culvert-dashboard-"));
    const workerd = await startWorkerd({
      relay: { bundlePath: relayBundle, adminKey: ADMIN_KEY, mayCallPrivate: true },
      persistDir: join(directory, "state"),
    });
    const world = new DashboardWorld(workerd.url, async () => {
      await workerd.stop(100);
      await rm(directory, { recursive: true, force: true });
    });
    const caller = { project: "shop", environment: "production" };
    world.#gatewayKey = (await world.admin<{ key: string }>("POST", "/gateway-keys", caller)).key;
    return world;
  }

  /** @throws if the relay does not answer with success */
  async admin<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async tunnel(name: string, services: readonly string[]): Promise<Tunnel> {
    const tunnel = await this.admin<Tunnel>("POST", "/tunnels", { name });
    await this.admin("PUT", `/tunnels/${tunnel.id}/services-configuration`, servicesFile(services));
    return tunnel;
  }

  /**
   * A hand-made connector that answers requests until it is closed. It attaches to this object, or to the one that the
   * relay chooses.
   */
  async connector(tunnel: Tunnel, hello: Partial<Hello>, serve: Serve, object?: string): Promise<HandPeer> {
    const query = object === undefined ? "" : `?object=${object}`;
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/v1/connect${query}`, SUBPROTOCOL, {
      headers: { authorization: `Bearer ${tunnel.token}`, "cf-connecting-ip": CONNECTOR_ADDRESS },
      perMessageDeflate: false,
    });
    this.#sockets.add(socket);
    const peer = new HandPeer(socket);
    socket.on("error", () => {});
    socket.on("message", (bytes: Buffer, isBinary) => {
      peer.received(isBinary ? bytes : bytes.toString());
      serveWhatArrived(peer, serve);
    });
    socket.on("close", (code, reason) => (peer.closed = { code, reason: reason.toString() }));
    await once(socket, "open");
    await peer.greet(hello);
    return peer;
  }

  /** Sends a gateway's request with the path exactly as written. Resolves with `culvert-error`, or with the status. */
  async call(tunnelId: string, service: string, path: string): Promise<string> {
    const { hostname, port } = new URL(this.url);
    const request = httpRequest({
      hostname,
      port,
      path: `/~/${tunnelId}/${service}${path}`,
      headers: { "culvert-gateway-key": this.#gatewayKey },
      agent: false,
    });
    const response = once(request, "response", { signal: AbortSignal.timeout(20_000) });
    request.end();
    const [answer] = (await response) as [IncomingMessage];
    answer.resume();
    return String(answer.headers["culvert-error"] ?? answer.statusCode);
  }

  /** Opens a TCP connection, sends the text, and reads to the end. */
  async tcp(tunnelId: string, service: string, text: string): Promise<void> {
    const socket = new WebSocket(
      `${this.url.replace("http", "ws")}/~/${tunnelId}/${service}`,
      TCP_SUBPROTOCOL,
      {
        headers: { "culvert-gateway-key": this.#gatewayKey },
      },
    );
    const closed = once(socket, "close", { signal: AbortSignal.timeout(20_000) });
    await Promise.race([once(socket, "open"), closed]);
    socket.send(Buffer.from(text));
    socket.send("end");
    await closed;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await this.#stop();
  }
}

export function servicesFile(services: readonly string[], environments: readonly string[] = ["production"]) {
  return {
    version: 1,
    services: services.map((name) => ({
      name,
      endpoint: name.endsWith("-db") ? `tcp://${name}.internal:5432` : `http://${name}.internal:8080`,
      connectorWaitMs: 0,
      configurations: [{ project: "shop", accessibleBy: environments }],
    })),
  };
}

function serveWhatArrived(peer: HandPeer, serve: Serve): void {
  for (const opened of peer.inbox.filter(({ type }) => type === FRAME.OPEN)) {
    peer.inbox.splice(peer.inbox.indexOf(opened), 1);
    const { status, text } = serve(decodeOpen(opened.payload).path);
    peer.send(head(opened.streamId, status), data(opened.streamId, text, true));
  }
}
