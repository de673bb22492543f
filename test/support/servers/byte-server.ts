import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP server that keeps what each connection sends, and answers as the test says. */
export class ByteServer {
  /** As Latin-1, one entry per connection. */
  readonly received: string[] = [];
  readonly sockets: Socket[] = [];
  readonly #server = createServer();

  /** `onBytes` runs whenever bytes arrive. `all` is everything that this connection has sent. */
  constructor(onBytes: (socket: Socket, all: string, connection: number) => void) {
    this.#server.on("connection", (socket) => {
      const connection = this.sockets.push(socket) - 1;
      this.received.push("");
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        this.received[connection] += bytes.toString("latin1");
        onBytes(socket, this.received[connection] ?? "", connection);
      });
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get openSockets(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
