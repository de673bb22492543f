import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { dialWebSocket } from "../support/calls.ts";
import { startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

const MIB = 1024 * 1024;
const WAYS = ["TUNNEL", "direct"] as const;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

interface Options {
  path?: string;
  via?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

function dial({ path = "/ws/echo", via = "TUNNEL", protocols = [], headers = {} }: Options): WebSocket {
  return dialWebSocket(system, { via, service: "node-api", path, headers }, protocols);
}

interface Message {
  data: Buffer;
  binary: boolean;
}

/** Records everything that a socket receives from now on. */
function listen(socket: WebSocket) {
  const messages: Message[] = [];
  socket.on("error", () => {});
  socket.on("message", (data, binary) => messages.push({ data: data as Buffer, binary }));
  const closed = once(socket, "close").then(([code, reason]) => ({
    code: code as number,
    reason: String(reason),
  }));
  // workerd ends the TCP connection of a hibernating socket up to 10 s after the closing handshake, and `ws` waits for
  // that. Once the handshake has started, code and reason are known.
  const hangUp = setInterval(() => socket.readyState === socket.CLOSING && socket.terminate(), 500);
  void closed.finally(() => clearInterval(hangUp));
  return {
    closed,
    messages,
    take: async (count: number): Promise<Message[]> => {
      await expect.poll(() => messages.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count);
      return messages;
    },
  };
}

async function open(options: Options = {}) {
  const socket = dial(options);
  const heard = listen(socket);
  await once(socket, "open");
  return { socket, ...heard };
}

describe.for(WAYS)("%s", (via) => {
  it("echoes text and binary, empty messages among them", async () => {
    const { socket, take, closed } = await open({ via });
    const sent: [Buffer, boolean][] = [
      [Buffer.from("hello"), false],
      [Buffer.from([0, 1, 255]), true],
      [Buffer.from(""), false],
      [Buffer.alloc(0), true],
      [Buffer.from("grüße 🌍"), false],
      [Buffer.alloc(40_000, "x"), false],
      [Buffer.alloc(MIB, 7), true],
      [Buffer.alloc(MIB, "m"), false],
    ];
    for (const [data, binary] of sent) socket.send(data, { binary });
    const messages = await take(sent.length);
    expect(messages.map(({ data, binary }) => [data.length, binary])).toEqual(
      sent.map(([data, binary]) => [data.length, binary]),
    );
    for (const [index, [data]] of sent.entries()) expect(messages[index]?.data.equals(data)).toBe(true);
    socket.close(1000);
    await closed;
  });

  it("negotiates a subprotocol", async () => {
    const chosen = await open({ via, protocols: ["other.v1", "chosen.v2"] });
    expect(chosen.socket.protocol).toBe("chosen.v2");
    chosen.socket.close();
    const none = await open({ via });
    expect(none.socket.protocol).toBe("");
    none.socket.close();
  });

  it("carries path, query and headers to the upstream", async () => {
    const headers = { authorization: "Bearer t", cookie: "a=1; b=2", "x-own": "1" };
    const { socket, take } = await open({ via, path: "/ws/describe?a=%2F&b=+", headers });
    const [message] = await take(1);
    const seen = JSON.parse(String(message?.data)) as { url: string; rawHeaders: string[] };
    expect(seen.url).toBe("/ws/describe?a=%2F&b=+");
    const values = seen.rawHeaders;
    for (const value of Object.values(headers)) expect(values).toContain(value);
    socket.close();
  });

  it("receives fragmented messages whole", async () => {
    const { socket, take } = await open({ via, path: "/ws/fragments" });
    const [text, binary] = await take(2);
    expect(text).toEqual({ data: Buffer.from("one two three"), binary: false });
    expect(binary).toEqual({ data: Buffer.from([1, 2, 3]), binary: true });
    socket.close();
  });

  it("sends fragmented messages", async () => {
    const { socket, take } = await open({ via });
    for (const part of ["a", "b", "c"]) socket.send(part, { fin: part === "c" });
    const [message] = await take(1);
    expect(String(message?.data)).toBe("abc");
    socket.close();
  });

  it.for([
    [1000, "bye"],
    [1001, ""],
    [3000, "registered"],
    [4999, "é".repeat(61)],
  ] as const)("hears the upstream close with %i", async ([code, reason]) => {
    const socket = dial({ via, path: `/ws/close?code=${code}&reason=${encodeURIComponent(reason)}` });
    expect(await listen(socket).closed).toEqual({ code, reason });
  });

  it.for([
    [1000, "bye"],
    [3001, ""],
    [4001, "private"],
  ] as const)("tells the upstream of a close with %i", async ([code, reason]) => {
    const caseName = `close-${via}-${code}`;
    const { socket, closed } = await open({ via, headers: { "x-case": caseName } });
    socket.close(code, reason);
    await system.node.saw("gone", caseName);
    expect(system.node.webSocketCloses.get(caseName)).toEqual({ code, reason });
    expect((await closed).code).toBe(code);
  });

  it("passes a close without a code on without one, both ways", async () => {
    // `ws` reports a close frame without a code as 1005.
    const hung = dial({ via, path: "/ws/close" });
    expect(await listen(hung).closed).toEqual({ code: 1005, reason: "" });
    const caseName = `close-${via}-none`;
    const { socket, closed } = await open({ via, headers: { "x-case": caseName } });
    socket.close();
    await system.node.saw("gone", caseName);
    expect(system.node.webSocketCloses.get(caseName)).toEqual({ code: 1005, reason: "" });
    expect((await closed).code).toBe(1005);
  });

  it("passes a refused upgrade on as an ordinary answer", async () => {
    const socket = dial({ via, path: "/ws/refused" });
    socket.on("error", () => {});
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    let body = "";
    for await (const chunk of response) body += String(chunk);
    expect(body).toBe("refused");
    socket.terminate();
  });
});

it("an upstream that drops the connection does not look like a clean close", async () => {
  const socket = dial({ path: "/ws/drop" });
  const { code } = await listen(socket).closed;
  expect(code).not.toBe(1000);
  expect(code).not.toBe(1005);
});

it("a caller that drops the connection is seen by the upstream", async () => {
  const { socket } = await open({ headers: { "x-case": "dropped" } });
  socket.terminate();
  await system.node.saw("gone", "dropped");
  expect(system.node.webSocketCloses.get("dropped")?.code).not.toBe(1000);
});

it("an upgrade the tunnel refuses is a plain answer with its code", async () => {
  const socket = dial({ via: "STRANGER" });
  socket.on("error", () => {});
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(403);
  expect(response.headers["culvert-error"]).toBe("ACCESS_DENIED");
  socket.terminate();
});

it("a flood reaches a caller that pauses, completely and in order", async () => {
  const messages = 256;
  const { socket, take, closed } = await open({ path: `/ws/flood?messages=${messages}&bytes=${128 * 1024}` });
  socket.pause();
  await sleep(500);
  socket.resume();
  const numbers = (await take(messages)).map(({ data }) => data.readUInt32BE(0));
  expect(numbers).toEqual(Array.from({ length: messages }, (_, number) => number));
  expect(await closed).toEqual({ code: 1000, reason: "done" });
});

it("a caller that outruns the upstream is closed with 1013, and others go on", async () => {
  const { socket, closed } = await open({ path: "/ws/slow" });
  const calm = await open();
  const message = Buffer.alloc(256 * 1024);
  for (let sent = 0; sent < 256 && socket.readyState === WebSocket.OPEN; sent += 1) {
    socket.send(message);
    await sleep(2);
  }
  expect((await closed).code).toBe(1013);
  calm.socket.send("still here");
  expect(String((await calm.take(1))[0]?.data)).toBe("still here");
  calm.socket.close();
});

it("a hundred at once do not mix", async () => {
  const sockets = await Promise.all(Array.from({ length: 100 }, () => open()));
  for (const [index, { socket }] of sockets.entries()) {
    for (let round = 0; round < 5; round += 1) socket.send(`${index}:${round}`);
  }
  for (const [index, { socket, take }] of sockets.entries()) {
    const texts = (await take(5)).map(({ data }) => String(data));
    expect(texts).toEqual([0, 1, 2, 3, 4].map((round) => `${index}:${round}`));
    socket.close();
  }
});
