import { once } from "node:events";
import { createServer, type Server } from "node:http";

export interface HealthSources {
  readyConnections(): number;
  connectorId: string;
  metricsText(): Promise<string>;
}

/** The text format of Prometheus. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Serves `/healthz`, `/readyz` and `/metrics`. Rejects when the address cannot be listened on. */
export async function startHealthServer(
  address: { host: string; port: number },
  sources: HealthSources,
): Promise<Server> {
  const server = createServer((request, response) => {
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
        const body = JSON.stringify({ status, readyConnections, connectorId: sources.connectorId });
        return send(readyConnections > 0 ? 200 : 503, "application/json", body);
      }
      case "/metrics":
        return void sources.metricsText().then((text) => send(200, METRICS_TYPE, text));
      default:
        return send(404, "text/plain", "not found\n");
    }
  });
  server.listen(address.port, address.host);
  await once(server, "listening");
  return server;
}
