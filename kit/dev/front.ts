import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What whoever calls gets while there is nothing to call. */
const NOT_READY = [
  "HTTP/1.1 503 Service Unavailable",
  "Content-Type: text/plain; charset=utf-8",
  "Retry-After: 1",
  "Connection: close",
  "",
  "The gateway does not run: see the output of culvert dev.\n",
].join("\r\n");

/** One address that stays, before one that changes: the harness may take another port with each reload. */
export interface Front {
  readonly port: number;
  /** Null: nothing is there. */
  leadTo(target: URL | null): void;
  close(): Promise<void>;
}

/** Rejects where the port is taken. */
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
      // Read what is sent, or the answer would be lost with a reset.
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
