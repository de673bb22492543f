import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The response while the gateway is not running. */
const NOT_READY = [
  "HTTP/1.1 503 Service Unavailable",
  "Content-Type: text/plain; charset=utf-8",
  "Retry-After: 1",
  "Connection: close",
  "",
  "The gateway is not running: see the output of culvert dev.\n",
].join("\r\n");

/** One fixed address in front of a changing one: the harness may use another port after each reload. */
export interface Front {
  readonly port: number;
  /** Null while the gateway is not running. */
  leadTo(target: URL | null): void;
  close(): Promise<void>;
}

/** Rejects if the port is in use. */
export async function openFront(port: number): Promise<Front> {
  let target: URL | null = null;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (target === null) {
      // Reads the request's body, because closing with unread data would send a reset, and the response would be lost.
      client.resume();
      client.end(NOT_READY, () => client.destroySoon());
      return;
    }
    const upstream = connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true });
    keep(upstream);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroySoon());
    client.pipe(upstream).pipe(client);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(next) {
      target = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
