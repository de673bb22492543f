import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export type OnSocket = (socket: Socket) => void;

/** The TCP upstreams that several tests use, named by what they do with a connection. */
export const COMMON_TCP_UPSTREAMS = {
  "echo-tcp": (socket) => void socket.pipe(socket),
  "greet-tcp": (socket) => {
    socket.write("220 ready\r\n");
    socket.on("end", () => socket.end("221 bye\r\n"));
    socket.resume();
  },
  "reset-tcp": (socket) => {
    socket.write("half of");
    socket.once("data", () => socket.resetAndDestroy());
  },
} satisfies Record<string, OnSocket>;

export interface TcpUpstreams {
  /** By name. `closed-tcp` is a port on which nothing listens. */
  endpoints: Record<string, string>;
  close(): void;
}

/** Starts a server for each. A connection whose client has ended stays half open until the server ends it too. */
export async function startTcpUpstreams(
  upstreams: Readonly<Record<string, OnSocket>>,
): Promise<TcpUpstreams> {
  const servers: Server[] = [];
  const endpoints: Record<string, string> = { "closed-tcp": "tcp://127.0.0.1:9" };
  for (const [name, onSocket] of Object.entries(upstreams)) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      onSocket(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    endpoints[name] = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  return {
    endpoints,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}
