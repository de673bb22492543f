import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { PROOF_HEADER } from "./owner-proof.ts";
import type { ListenAddress } from "../platform/index.ts";

export interface HealthSources {
  /** Of the token that is in use. */
  kid(): string;
  readyConnections(): number;
  connectorId: string;
  metricsText(): Promise<string>;
  /** True: the sender of this proof knows the current token. */
  isOwner(proof: string | undefined): boolean;
  /** The newest ones. */
  logLines(): string;
}

/**
 * Whoever reaches this port could otherwise use up the descriptors that requests need. The oldest connection gives way, because a new one
 * may be the probe that decides whether this process lives.
 */
const MAX_CONNECTIONS = 64;
/** How long a head may take, and how long a connection may stand still. */
const PATIENCE_MS = 10_000;

/** The text format of Prometheus. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Serves `/healthz`, `/readyz` and `/metrics` on the first of these addresses that is free. If none is free, it rejects with the last one's
 * error.
 */
export async function startHealthServer(
  addresses: readonly ListenAddress[],
  sources: HealthSources,
): Promise<Server> {
  let failure: unknown = new Error("no address to listen on");
  for (const { host, port } of addresses) {
    const server = healthServer(sources).listen(port, host);
    try {
      await once(server, "listening");
      // If the listener fails later (no descriptors left), the process goes on.
      server.on("error", () => {});
      return server;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function healthServer(sources: HealthSources): Server {
  const timeouts = { headersTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS };
  const server = createServer(timeouts, (request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return send(405, "text/plain", "GET only\n");
    switch (request.url?.split("?", 1)[0]) {
      case "/healthz":
        return send(200, "application/json", JSON.stringify({ status: "ok" }));
      case "/readyz": {
        const readyConnections = sources.readyConnections();
        const status = readyConnections > 0 ? "ready" : "not ready";
        const body = JSON.stringify({
          status,
          readyConnections,
          connectorId: sources.connectorId,
          kid: sources.kid(),
        });
        return send(readyConnections > 0 ? 200 : 503, "application/json", body);
      }
      case "/metrics":
        return void sources.metricsText().then(
          (text) => send(200, METRICS_TYPE, text),
          (error: unknown) => send(500, "text/plain", `no metrics: ${String(error)}\n`),
        );
      case "/logs": {
        // Log lines contain paths and hosts, and others may reach this port.
        const proof = request.headers[PROOF_HEADER];
        if (!sources.isOwner(typeof proof === "string" ? proof : undefined))
          return send(404, "text/plain", "not found\n");
        return send(200, "application/x-ndjson", sources.logLines());
      }
      default:
        return send(404, "text/plain", "not found\n");
    }
  });
  server.setTimeout(PATIENCE_MS);
  limitConnections(server);
  return server;
}

function limitConnections(server: Server): void {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    const [oldest] = open;
    if (oldest !== undefined && open.size >= MAX_CONNECTIONS) {
      open.delete(oldest);
      oldest.destroy();
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
}
