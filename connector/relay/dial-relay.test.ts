import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import { encodeMessage } from "../../shared/protocol/frame-codec.ts";
import { FRAME, type Frame } from "../../shared/protocol/frame.ts";
import { bytesOf } from "../../test/support/bytes-of.ts";
import { OPCODE } from "../../test/support/peers/raw-websocket.ts";
import { trustedIdentity } from "../../test/support/tls-identities.ts";
import { Names } from "../names/names.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { relayDialler } from "./dial-relay.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { RelayTransport } from "./relay-transport.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

const until = (condition: () => boolean, timeoutMs = 10_000) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: timeoutMs, interval: 5 });

/** What a relay by hand does with the socket of a handshake. */
type Answer = (socket: Socket, accept: string, request: IncomingMessage) => void;

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function relayByHand(answer: Answer): Promise<string> {
  const server = createServer();
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    const key = request.headers["sec-websocket-key"] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.resume();
    answer(socket, accept, request);
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

async function relayOfWs(
  onConnection: Parameters<WebSocketServer["on"]>[1],
  server = createServer(),
): Promise<number> {
  const relay = new WebSocketServer({ server, perMessageDeflate: false });
  relay.on("connection", onConnection);
  return listening(server);
}

async function proxyByHand(): Promise<Proxy> {
  const server = createServer();
  server.on("connect", ({ url = "" }, socket: Socket) => {
    const onward = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  return { secure: false, host: "127.0.0.1", port: await listening(server), authorization: null };
}

const switching = (accept: string, more = "sec-websocket-protocol: culvert.v1\r\n"): string =>
  `HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: Upgrade\r\n` +
  `sec-websocket-accept: ${accept}\r\n${more}\r\n`;

/** A server's frame of at most 125 bytes. */
const small = (opcode: number, payload: Buffer | string = ""): Buffer =>
  Buffer.concat([Buffer.of(0x80 | opcode, Buffer.byteLength(payload)), Buffer.from(payload)]);

/** Dials, and writes down all that comes of it. */
function dial(
  relayUrl: string,
  onText: () => void = () => {},
  proxy: Proxy | null = null,
): { connection: RelayTransport; events: string[]; messages: Uint8Array[] } {
  const events: string[] = [];
  const messages: Uint8Array[] = [];
  const address = { relayUrl, tokenText: "token", identity: null, proxy, proxyBypass: () => false };
  const deps = { clock: nodeClock, names: new Names({ clock: nodeClock }) };
  const connection = relayDialler(
    () => address,
    deps,
  )({
    onOpen: () => events.push("open"),
    onMessage(message) {
      messages.push(message);
      events.push(`message of ${message.byteLength}`);
    },
    onText(text) {
      events.push(`text ${text}`);
      onText();
    },
    onDrained() {},
    onRefused: (status) => events.push(`refused ${status}`),
    onLost: (reason) => events.push(`lost: ${reason}`),
    onFault: (thrown) => events.push(`fault: ${String(thrown)}`),
  });
  closing.push(() => connection.terminate());
  return { connection, events, messages };
}

const dataFrame = (length: number): Frame => ({
  type: FRAME.DATA,
  flags: 0,
  streamId: 1,
  payload: bytesOf(length, (i) => i * 31 + (i >>> 8)),
});

describe("the handshake", () => {
  it("sends what a WebSocket client sends, and nothing else", async () => {
    const headers: unknown[] = [];
    const relayUrl = await relayByHand((socket, _accept, request) => {
      headers.push(request.method, request.url, request.httpVersion, request.headers);
      socket.destroy();
    });
    const { events } = dial(relayUrl);
    await until(() => events.length === 1);
    expect(headers).toEqual([
      "GET",
      "/v1/connect",
      "1.1",
      {
        authorization: "Bearer token",
        host: relayUrl.slice("http://".length),
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/) as string,
        "sec-websocket-protocol": "culvert.v1",
      },
    ]);
    expect(events).toEqual(["lost: socket hang up"]);
  });

  it("succeeds only if the whole answer is right", async () => {
    const opened: string[][] = [];
    const answers = [
      (accept: string) => switching(accept),
      (accept: string) => switching(accept.replace(/^./, (first) => (first === "a" ? "b" : "a"))),
      () => switching("").replace(/sec-websocket-accept: \r\n/, ""),
      (accept: string) => switching(accept, ""),
      (accept: string) => switching(accept, "sec-websocket-protocol: culvert.v2\r\n"),
      (accept: string) => switching(accept, "sec-websocket-protocol: culvert.v1, culvert.v1\r\n"),
      (accept: string) =>
        switching(
          accept,
          "sec-websocket-protocol: culvert.v1\r\nsec-websocket-extensions: permessage-deflate\r\n",
        ),
      (accept: string) => switching(accept).replace("WebSocket", "h2c"),
    ];
    for (const answer of answers) {
      let ended = false;
      const relayUrl = await relayByHand((socket, accept) => {
        socket.on("end", () => (ended = true));
        socket.write(answer(accept));
      });
      const { events } = dial(relayUrl);
      await until(() => events.length === 1);
      if (events[0] !== "open") await until(() => ended);
      opened.push(events);
    }
    const accept = "lost: invalid Sec-WebSocket-Accept header";
    const subprotocol = "lost: the server did not accept the subprotocol";
    expect(opened).toEqual([
      ["open"],
      [accept],
      [accept],
      [subprotocol],
      [subprotocol],
      [subprotocol],
      ["lost: the server chose an extension that was not offered"],
      ["lost: invalid Upgrade header"],
    ]);
  });

  it.each([
    ["HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno", ["refused 401"]],
    ["HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n", ["refused 302"]],
    ["HTTP/1.1 200 OK\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", ["refused 200"]],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", ["refused 101"]],
    [
      "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
      ["refused 503"],
    ],
    ["SMTP\r\n\r\n", [expect.stringMatching(/^lost: Parse Error/) as string]],
  ])("reports the answer %j once, and closes", async (answer, expected) => {
    let ended = false;
    const relayUrl = await relayByHand((socket) => {
      socket.on("end", () => (ended = true));
      socket.write(answer);
    });
    const { events } = dial(relayUrl);
    await until(() => ended);
    expect(events).toEqual(expected);
  });

  it("reports why no connection was made", async () => {
    const { events } = dial("http://127.0.0.1:1");
    expect(events).toEqual([]);
    await until(() => events.length === 1);
    expect(events).toEqual(["lost: connect ECONNREFUSED 127.0.0.1:1"]);
  });

  it("can be abandoned without further events", async () => {
    let ended = 0;
    const relayUrl = await relayByHand((socket) => socket.on("end", () => ended++));
    for (const end of ["terminate", "close"] as const) {
      const { connection, events } = dial(relayUrl);
      await new Promise((resolve) => setTimeout(resolve, 50));
      connection.sendText("p");
      connection.send([dataFrame(1)]);
      if (end === "close") connection.close(1001, "");
      else connection.terminate();
      await until(() => ended === (end === "close" ? 2 : 1));
      expect([events, connection.bufferedBytes()]).toEqual([[], 0]);
    }
  });
});

describe("a connection", () => {
  it("reads data that came in one packet with the answer", async () => {
    const relayUrl = await relayByHand((socket, accept) =>
      socket.write(
        Buffer.concat([Buffer.from(switching(accept)), small(OPCODE.binary, "abc"), small(OPCODE.text, "q")]),
      ),
    );
    const { events } = dial(relayUrl);
    await until(() => events.length === 3);
    expect(events).toEqual(["open", "message of 3", "text q"]);
  });

  it("answers pings with their payload, and carries text and messages both ways", async () => {
    const heard: string[] = [];
    const port = await relayOfWs((socket: import("ws").WebSocket) => {
      socket.on("pong", (payload) => heard.push(`pong ${payload.toString()}`));
      socket.on("message", (message: Buffer, isBinary) => {
        heard.push(isBinary ? `message of ${message.byteLength}` : `text ${message.toString()}`);
        socket.send(isBinary ? message : "q");
      });
      socket.ping("now");
      socket.ping();
    });
    const { connection, events, messages } = dial(`http://127.0.0.1:${port}`);
    await until(() => heard.length === 2);
    connection.sendText("p");
    const frames = [
      [dataFrame(10)],
      [dataFrame(65_536)],
      [dataFrame(65_536), dataFrame(65_536), dataFrame(65_536)],
    ];
    for (const message of frames) connection.send(message);
    await until(() => events.length === 5);
    const sizes = ["message of 19", "message of 65545", "message of 196635"];
    expect(heard).toEqual(["pong now", "pong ", "text p", ...sizes]);
    expect(events).toEqual(["open", "text q", ...sizes]);
    expect(messages.map((message) => Buffer.from(message))).toEqual(
      frames.map((list) => Buffer.from(encodeMessage(list))),
    );
  });

  it.each([
    ["directly", false],
    ["by way of a proxy", true],
  ])("does the same over TLS, for the relay's name, %s", async (_name, isProxied) => {
    const proxy = isProxied ? await proxyByHand() : null;
    const names: unknown[] = [];
    const server = createTlsServer(trustedIdentity);
    server.on("secureConnection", ({ servername }) => names.push(servername));
    const port = await relayOfWs((socket: import("ws").WebSocket) => {
      socket.on("message", (message: Buffer) => socket.send(message));
    }, server);
    const before = getCACertificates("default");
    const untrusted = dial(`https://localhost:${port}`, () => {}, proxy);
    await until(() => untrusted.events.length === 1);
    setDefaultCACertificates([...before, trustedIdentity.cert]);
    closing.push(() => setDefaultCACertificates(before));
    const { connection, events, messages } = dial(`https://localhost:${port}`, () => {}, proxy);
    await until(() => events.length === 1);
    for (let i = 0; i < 40; i++) connection.send([dataFrame(65_536)]);
    expect(connection.bufferedBytes()).toBeGreaterThan(1024 * 1024);
    await until(() => messages.length === 40);
    const expected = Buffer.from(encodeMessage([dataFrame(65_536)]));
    expect(messages.every((message) => expected.equals(message))).toBe(true);
    expect(connection.bufferedBytes()).toBe(0);
    expect(untrusted.events).toEqual([expect.stringMatching(/^lost: self-signed certificate/)]);
    expect(names.at(-1)).toBe("localhost");
  });

  it.each([
    ["with a code", [4409, "replaced"], 4409, "lost: closed with code 4409"],
    ["without a code", [], 1005, "lost: closed with code 1005"],
  ] as const)("answers a close %s, and is lost", async (_name, [code, reason], answered, lost) => {
    const answers: [number, string][] = [];
    const port = await relayOfWs((socket: import("ws").WebSocket) => {
      socket.on("close", (got, text) => answers.push([got, text.toString()]));
      socket.close(code, reason);
    });
    const { connection, events } = dial(`http://127.0.0.1:${port}`);
    await until(() => events.length === 2 && answers.length === 1);
    expect(events).toEqual(["open", lost]);
    expect(answers).toEqual([[answered, reason ?? ""]]);
    connection.send([dataFrame(1)]);
    connection.sendText("p");
    connection.close(1000, "");
  });

  it.each([
    ["ended", (socket: Socket) => socket.end()],
    ["reset", (socket: Socket) => socket.resetAndDestroy()],
  ])("whose socket is %s is lost with code 1006", async (_name, end) => {
    const relayUrl = await relayByHand((socket, accept) => {
      socket.write(switching(accept));
      setTimeout(() => end(socket), 20);
    });
    const { events } = dial(relayUrl);
    await until(() => events.length === 2);
    expect(events).toEqual(["open", "lost: closed with code 1006"]);
  });

  it("ends when a frame breaks the rules, and tells the relay", async () => {
    const received: Buffer[] = [];
    let ended = false;
    const relayUrl = await relayByHand((socket, accept) => {
      socket.on("data", (bytes: Buffer) => received.push(bytes));
      socket.on("end", () => (ended = true));
      const frames = [small(OPCODE.text, "q"), small(3), small(OPCODE.text, "q")];
      socket.write(Buffer.concat([Buffer.from(switching(accept)), ...frames]));
    });
    const { events } = dial(relayUrl);
    await until(() => ended);
    expect(events).toEqual(["open", "text q", "lost: invalid WebSocket frame: unknown opcode 3"]);
    expect(closeCodeOf(Buffer.concat(received))).toBe(1002);
  });

  it("ends when the relay pings and reads no answer", async () => {
    const relayUrl = await relayByHand((socket, accept) => {
      socket.pause();
      socket.write(switching(accept));
      setInterval(() => socket.destroyed || socket.write(small(OPCODE.ping, "a".repeat(125))), 1).unref();
    });
    const { connection, events } = dial(relayUrl);
    await until(() => events.length === 1);
    for (let i = 0; i < 200; i++) connection.send([dataFrame(65_536)]);
    await until(() => events.length === 2);
    expect(events[1]).toBe("lost: closed with code 1006");
  });

  it("is closed by its owner with a code, and reports nothing more", async () => {
    const closes: [number, string][] = [];
    const port = await relayOfWs((socket: import("ws").WebSocket) => {
      socket.on("message", () => socket.send("q"));
      socket.on("close", (code, reason) => closes.push([code, reason.toString()]));
    });
    const { connection, events } = dial(`http://127.0.0.1:${port}`);
    await until(() => events.length === 1);
    connection.sendText("p");
    connection.close(1001, `drained${"ü".repeat(100)}`);
    connection.sendText("p");
    await until(() => closes.length === 1);
    expect(closes).toEqual([[1001, `drained${"ü".repeat(58)}`]]);
    expect(events).toEqual(["open"]);
  });

  it("waits a second for the relay to close as well, and not longer", async () => {
    let endedAtMs = 0;
    const relayUrl = await relayByHand((socket, accept) => {
      socket.on("end", () => (endedAtMs = performance.now()));
      socket.write(switching(accept));
      socket.resume();
      setTimeout(() => socket.write(small(OPCODE.text, "q")), 100);
    });
    const { connection, events } = dial(relayUrl);
    await until(() => events.length === 1);
    const startedMs = performance.now();
    connection.close(1001, "");
    await until(() => endedAtMs > 0);
    expect(endedAtMs - startedMs).toBeGreaterThan(900);
    expect(events).toEqual(["open"]);
  });

  it("can be terminated from a message's handler: the rest of the packet is dropped", async () => {
    const relayUrl = await relayByHand((socket, accept) => {
      const frames = [small(OPCODE.text, "q"), small(OPCODE.text, "q"), small(3)];
      socket.write(Buffer.concat([Buffer.from(switching(accept)), ...frames]));
    });
    const { connection, events } = dial(relayUrl, () => connection.terminate());
    await until(() => events.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events).toEqual(["open", "text q"]);
  });
});

/** Of a client's short close frame at the start of `bytes`. */
function closeCodeOf(bytes: Buffer): number {
  expect([bytes[0], bytes[1]]).toEqual([0x88, 0x82]);
  return bytes.readUInt16BE(6) ^ bytes.readUInt16BE(2);
}
