import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from "node:net";
import { WebSocketServer } from "ws";
import { pattern } from "../support/pattern.ts";

const MIB = 2 ** 20;
const HEARTBEAT_MS = 200;
/** None of them is valid HTTP. The number in the path selects one. */
const BROKEN_ANSWERS = [
  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\ncontent-length: 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
  "HTTP/1.1 999 No\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nx-evil: a\0b\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n".repeat(200),
  `HTTP/1.1 200 OK\r\n${"x-many: y\r\n".repeat(2_000)}\r\n`,
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
  "SSH-2.0-OpenSSH_9.2\r\n",
  "",
] as const;
export const BROKEN_KINDS = BROKEN_ANSWERS.length;

/** A private API whose every answer makes trouble. */
export class HostileUpstream {
  /** Requests and WebSockets that have not ended yet, except those that never check for their end. */
  open = 0;
  readonly #server: Server;
  readonly #broken: TcpServer;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.on("connection", (socket) => this.#keep(socket));
    const webSockets = new WebSocketServer({ server: this.#server, perMessageDeflate: false });
    webSockets.on("connection", (socket, request) => {
      socket.on("error", () => socket.terminate());
      if (request.url === "/deaf") return socket.pause();
      this.open++;
      socket.on("close", () => this.open--);
      // Sends one large message at once, whether it is read or not.
      if (request.url === "/shout") socket.send(Buffer.alloc(15 * MIB));
    });
    this.#broken = createTcpServer((socket) => {
      this.#keep(socket);
      socket.on("error", () => socket.destroy());
      socket.once("data", (bytes: Buffer) => {
        const which = Number(/^\w+ \/(\d+)/.exec(bytes.toString("latin1"))?.[1] ?? 0);
        const answer = Buffer.from(BROKEN_ANSWERS[which % BROKEN_KINDS] ?? "", "latin1");
        // Some end after it, some stay open.
        if (which % 2 === 0) socket.end(answer);
        else socket.write(answer);
      });
    });
  }

  async listen(): Promise<number> {
    for (const server of [this.#server, this.#broken]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    return (this.#server.address() as AddressInfo).port;
  }

  get brokenPort(): number {
    return (this.#broken.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of [this.#server, this.#broken]) server.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => {});
    // Neither reads nor answers.
    if (request.url === "/deaf") return;
    this.open++;
    response.on("close", () => this.open--);
    if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": open\n\n");
      // The runtime in front notices a client that has left when it writes to it.
      const beat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS);
      return void response.on("close", () => clearInterval(beat));
    }
    if (request.url === "/endless") return endless(response);
    request.resume();
    response.end("hostile");
  }
}

/** Writes as much as is accepted. */
function endless(response: ServerResponse): void {
  const blocks = pattern(64 * MIB);
  const more = (): void => {
    for (;;) {
      const { done, value } = blocks.next();
      if (done) return void response.end();
      if (!response.write(value)) return void response.once("drain", more);
    }
  };
  more();
}
