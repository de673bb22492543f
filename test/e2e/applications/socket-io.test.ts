import { Server } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { behindTunnel, type BehindTunnel, serveApplication } from "../../support/application.ts";
import { contentOf } from "../../chaos/content.ts";

const MESSAGES = 200;

let tunnel: BehindTunnel;
let application: Server;
beforeAll(async () => {
  const served = await serveApplication();
  application = new Server(served.server, { pingInterval: 500, maxHttpBufferSize: 4e6 });
  application.on("connection", (socket) => {
    socket.on("echo", (value: unknown, answer: (value: unknown) => void) => answer(value));
    socket.on("count", (to: number) => {
      for (let number = 0; number < to; number++) socket.emit("number", number);
    });
    socket.on("drop", () => socket.conn.close());
    socket.on("room", (name: string, joined: () => void) => {
      void socket.join(name);
      joined();
    });
    socket.on("tell", (name: string, text: string) => application.to(name).emit("told", text));
  });
  tunnel = await behindTunnel(served);
});
afterAll(async () => {
  application?.disconnectSockets(true);
  await tunnel?.stop();
});

async function connect(transports: ("polling" | "websocket")[], upgrade = true): Promise<Socket> {
  const { gatewayUrl } = tunnel.system;
  const socket = io(gatewayUrl, { path: `${tunnel.path}/socket.io`, transports, upgrade, forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

it.for([
  ["WebSocket", ["websocket"], true],
  ["long polling", ["polling"], false],
  ["polling, then WebSocket", ["polling", "websocket"], true],
] as const)("messages both ways in their order: %s", async ([, transports, upgrade]) => {
  const socket = await connect([...transports], upgrade);
  try {
    const large = contentOf("socket.io", 500_000);
    expect(await socket.timeout(20_000).emitWithAck("echo", { text: "caf\u00e9", list: [1, null] })).toEqual({
      ...{ text: "caf\u00e9", list: [1, null] },
    });
    const numbers: number[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on("number", (number: number) => numbers.push(number) === MESSAGES && resolve());
    });
    socket.emit("count", MESSAGES);
    await all;
    expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, number) => number));
    const echoed = (await socket.timeout(20_000).emitWithAck("echo", large)) as Uint8Array;
    expect(large.equals(echoed)).toBe(true);
    const expected = upgrade ? "websocket" : "polling";
    await expect.poll(() => socket.io.engine.transport.name, { timeout: 20_000 }).toBe(expected);
  } finally {
    socket.disconnect();
  }
});

it("a room gets what a member sends, and a connection that the server ends is made again", async () => {
  const [one, two] = [await connect(["websocket"]), await connect(["polling"], false)];
  try {
    for (const socket of [one, two]) await socket.timeout(20_000).emitWithAck("room", "ours");
    const told = (socket: Socket) => new Promise((resolve) => socket.once("told", resolve));
    const heard = Promise.all([told(one), told(two)]);
    one.emit("tell", "ours", "hello");
    expect(await heard).toEqual(["hello", "hello"]);
    const back = new Promise<void>((resolve) => one.io.once("reconnect", () => resolve()));
    one.emit("drop");
    await back;
    expect(await one.timeout(20_000).emitWithAck("echo", "again")).toBe("again");
  } finally {
    one.disconnect();
    two.disconnect();
  }
});
