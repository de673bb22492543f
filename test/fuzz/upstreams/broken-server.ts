import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { Dice } from "../../support/dice.ts";
import { trustedIdentity } from "../../support/tls-identities.ts";
import { changed, http1Answer, http2Answer } from "./broken-answers.ts";

/** The protocol of a port. With "broken tls", the TLS handshake itself fails. */
export const PROTOCOLS = ["http1", "h2c", "tls", "broken tls"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const PREFACE = "PRI * HTTP/2.0";

/** An upstream with one port for each protocol. Its answers depend only on the current seed. */
export class BrokenServer {
  readonly #servers: Server[] = [];
  readonly #ports = new Map<Protocol, number>();
  readonly #sockets = new Set<Socket>();
  #dice = new Dice(0);

  async start(): Promise<this> {
    const tls = createTlsServer(
      {
        ...trustedIdentity,
        // Whatever it negotiates, it may use the other protocol.
        ALPNCallback: ({ protocols }) =>
          this.#dice.pick<string | undefined>("h2", "h2", "http/1.1") ?? protocols[0],
      },
      (socket: TLSSocket) => this.#serve(socket, socket.alpnProtocol === "h2"),
    );
    tls.on("tlsClientError", () => {});
    const servers: Record<Protocol, Server> = {
      http1: createServer((socket) => this.#serve(socket, false)),
      h2c: createServer((socket) => this.#serve(socket, true)),
      tls,
      "broken tls": createServer((socket) => this.#breakTls(socket)),
    };
    for (const protocol of PROTOCOLS) {
      const server = servers[protocol].listen(0, "127.0.0.1");
      server.on("connection", (socket: Socket) => {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => this.#sockets.delete(socket));
      });
      await once(server, "listening");
      this.#servers.push(server);
      this.#ports.set(protocol, (server.address() as AddressInfo).port);
    }
    return this;
  }

  portOf(protocol: Protocol): number {
    return this.#ports.get(protocol) ?? 0;
  }

  /** From now on, everything depends on this seed. Connections from before are cut. */
  begin(seed: number): void {
    this.cut();
    this.#dice = new Dice(seed);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    for (const server of this.#servers) server.close();
  }

  #serve(socket: Socket, isHttp2: boolean): void {
    const dice = this.#dice;
    socket.on("error", () => {});
    if (dice.below(12) === 0) return void this.#say(socket, changed(Buffer.from("early\r\n"), dice), dice);
    let received = "";
    let answers = 0;
    socket.on("data", (bytes: Buffer) => {
      received += bytes.toString("latin1");
      const isAsked = isHttp2 ? received.startsWith(PREFACE) : received.includes("\r\n\r\n");
      if (!isAsked || answers >= 2) return;
      received = isHttp2 ? received : "";
      answers++;
      void this.#say(socket, isHttp2 ? http2Answer(dice) : http1Answer(acceptOf(bytes), dice), dice);
    });
    // Uploads wait for a reader that never comes.
    if (dice.below(20) === 0) setTimeout(() => socket.pause(), 1);
  }

  #breakTls(socket: Socket): void {
    const dice = this.#dice;
    socket.once("data", () => {
      const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, dice.below(120)]);
      const hello = Buffer.concat([
        Buffer.from([0x16, 3, 3, 0, dice.below(256)]),
        Buffer.from(dice.bytes(dice.below(300))),
      ]);
      void this.#say(socket, dice.pick(alert, hello, http1Answer(null, dice), Buffer.alloc(0)), dice);
    });
  }

  /** Sends the bytes in pieces, with or without pauses, and then ends, breaks off or stays open. */
  async #say(socket: Socket, bytes: Buffer, dice: Dice): Promise<void> {
    const pieces = dice.pick(1, 1, 2, 5, 40);
    const size = Math.max(1, Math.ceil(bytes.byteLength / pieces));
    const pauses = dice.below(3) === 0;
    const ending = dice.pick<"end" | "reset" | "stay">("end", "end", "reset", "stay");
    for (let at = 0; at < bytes.byteLength && !socket.destroyed; at += size) {
      socket.write(bytes.subarray(at, at + size));
      if (pauses) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (ending === "end") socket.end();
    else if (ending === "reset" && socket instanceof TLSSocket) socket.destroy();
    else if (ending === "reset") socket.resetAndDestroy();
  }
}

function acceptOf(bytes: Buffer): string | null {
  const key = /^sec-websocket-key: *(.*)\r$/im.exec(bytes.toString("latin1"))?.[1];
  if (key === undefined) return null;
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
