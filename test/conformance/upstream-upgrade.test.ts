import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { AttachedConnector } from "../support/attached-connector.ts";
import { ByteServer } from "../support/servers/byte-server.ts";

const tunnel = new AttachedConnector();
const closing: (() => void)[] = [];
beforeAll(() => tunnel.start());
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => tunnel.stop());

/**
 * Answers each request with these bytes, in which ACCEPT is replaced by the value for the request's key. If `ends`, it then
 * closes.
 */
async function answering(answer: string, ends = false): Promise<ByteServer> {
  const server = await new ByteServer((socket, all) => {
    if (!all.endsWith("\r\n\r\n")) return;
    const key = /^sec-websocket-key: *(.*)\r$/im.exec(all)?.[1] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(answer.replace("ACCEPT", accept), "latin1");
    if (ends) socket.end();
  }).start();
  closing.push(() => server.close());
  return server;
}

const START = "HTTP/1.1 101 Switching Protocols\r\n";
const FIELDS = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ACCEPT\r\n";

describe("an upstream's answer to a WebSocket handshake", () => {
  it.each([
    ["as it must be", `${START}${FIELDS}\r\n`],
    ["without a reason", `HTTP/1.1 101\r\n${FIELDS}\r\n`],
    [
      "other cases, blanks and options",
      `${START}UPGRADE:  WebSocket \r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept:ACCEPT\r\n\r\n`,
    ],
    ["a blank before a colon", `${START}${FIELDS.replaceAll(":", " :")}\r\n`],
    ["behind an empty line", `\r\n${START}${FIELDS}\r\n`],
    ["behind a 103", `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${START}${FIELDS}\r\n`],
  ])("is taken: %s", async (_name, answer) => {
    const call = await tunnel.call((await answering(`${answer}\u0081\u0002hi`)).origin, {
      kind: "websocket",
    });
    expect(call.head?.status).toBe(101);
    call.stream.reset("CANCEL");
  });

  const refused: [name: string, answer: string][] = [
    ["no fields at all", `${START}\r\n`],
    ["only Upgrade", `${START}upgrade: websocket\r\n\r\n`],
    ["only Connection", `${START}connection: upgrade\r\n\r\n`],
    ["only Sec-WebSocket-Accept", `${START}sec-websocket-accept: ACCEPT\r\n\r\n`],
    ["no Upgrade", `${START}${FIELDS.replace("upgrade: websocket\r\n", "")}\r\n`],
    ["no Connection", `${START}${FIELDS.replace("connection: upgrade\r\n", "")}\r\n`],
    ["no Sec-WebSocket-Accept", `${START}upgrade: websocket\r\nconnection: upgrade\r\n\r\n`],
    ["another protocol", `${START}${FIELDS.replace("websocket", "h2c")}\r\n`],
    ["two protocols", `${START}${FIELDS.replace("websocket", "websocket, h2c")}\r\n`],
    ["Upgrade twice", `${START}upgrade: websocket\r\n${FIELDS}\r\n`],
    ["Connection: close", `${START}${FIELDS.replace("connection: upgrade", "connection: close")}\r\n`],
    [
      "another key's Sec-WebSocket-Accept",
      `${START}${FIELDS.replace("ACCEPT", "ICX+Yqv66kxgM0FcWaLWlFLwTAI=")}\r\n`,
    ],
    ["Sec-WebSocket-Accept twice", `${START}${FIELDS}sec-websocket-accept: ACCEPT\r\n\r\n`],
    [
      "an extension that nobody offered",
      `${START}${FIELDS}sec-websocket-extensions: permessage-deflate\r\n\r\n`,
    ],
    ["a Content-Length", `${START}${FIELDS}content-length: 5\r\n\r\nhello`],
    ["a Content-Length of 0", `${START}${FIELDS}content-length: 0\r\n\r\n`],
    ["a Transfer-Encoding", `${START}${FIELDS}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["HTTP/1.0", `${START.replace("1.1", "1.0")}${FIELDS}\r\n`],
    ["HTTP/2.0", `${START.replace("1.1", "2.0")}${FIELDS}\r\n`],
    ["a body and no fields", `${START}content-length: 5\r\n\r\nhello`],
    ["a status that no response has", "HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n"],
    ["a status under 100", "HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n"],
    ["Sec-WebSocket-Accept folded", `${START}${FIELDS.replace("ACCEPT", "\r\n ACCEPT")}\r\n`],
    ["bare LF", `${START}${FIELDS}\r\n`.replaceAll("\r\n", "\n")],
    ["another one behind it", `${START}upgrade: websocket\r\n\r\n${START}${FIELDS}\r\n`],
    ["1xx without end", "HTTP/1.1 103 x\r\n\r\n".repeat(20_000)],
    ["no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n"],
    ["bytes", "\u0000\u0001\u0002\u0003\r\n\r\n"],
  ];
  for (const ends of [false, true]) {
    it.each(refused)(`is 502: %s${ends ? ", and the end" : ""}`, async (_name, answer) => {
      const server = await answering(answer, ends);
      const call = await tunnel.call(server.origin, { kind: "websocket" });
      expect(call.error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
      expect(call.head).toBe(null);
    });
  }

  it.each(["gzip, chunked", "chunked, chunked", "gzip"])("is 502: a refusal coded as %s", async (codings) => {
    const answer = `HTTP/1.1 403 Forbidden\r\ntransfer-encoding: ${codings}\r\n\r\n2\r\nno\r\n0\r\n\r\n`;
    const call = await tunnel.call((await answering(answer, true)).origin, { kind: "websocket" });
    expect(call.error).toMatchObject({ code: "UPSTREAM_PROTOCOL" });
    expect(call.head).toBe(null);
  });

  it.each([
    ["a blank before a colon", "content-length : 2\r\n\r\nno"],
    ["the same length twice", "content-length: 2\r\nContent-Length: 2, 2\r\n\r\nno"],
    ["chunks with blanks and extensions", "transfer-encoding: chunked\r\n\r\n2 ; a = b\r\nno\r\n0\r\n\r\n"],
    ["no length, and its end", "x: y\r\n\r\nno"],
  ])("may be a refusal with %s", async (_name, rest) => {
    const { origin } = await answering(`HTTP/1.1 403 Forbidden\r\n${rest}`, true);
    expect(await tunnel.call(origin, { kind: "websocket" })).toMatchObject({
      head: { status: 403 },
      body: Buffer.from("no"),
      error: null,
    });
  });

  it("keeps no connection, even after a refusal with keep-alive", async () => {
    const server = await answering(
      "HTTP/1.1 403 Forbidden\r\nkeep-alive: timeout=60\r\ncontent-length: 0\r\n\r\n",
    );
    await tunnel.call(server.origin, { kind: "websocket" });
    await tunnel.call(server.origin, { kind: "websocket" });
    expect(server.sockets).toHaveLength(2);
    await vi.waitFor(() => expect(server.openSockets).toBe(0), { timeout: 15_000, interval: 2 });
  });

  it("is cut off where a refusal is cut off", async () => {
    const { origin } = await answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 20\r\n\r\nno", true);
    const call = await tunnel.call(origin, { kind: "websocket" });
    expect(call).toMatchObject({ head: { status: 403 }, body: Buffer.from("no") });
    expect(call.error?.code).toBe("BODY_ABORTED");
  });

  it("may have a head as long as any other answer's", async () => {
    const fields = Array.from({ length: 30 }, (_, index) => `x-${index}: ${"v".repeat(1_000)}\r\n`).join("");
    const refusal = `HTTP/1.1 403 Forbidden\r\n${fields}content-length: 2\r\n\r\nno`;
    expect(await tunnel.call((await answering(refusal)).origin, { kind: "websocket" })).toMatchObject({
      head: { status: 403 },
      body: Buffer.from("no"),
      error: null,
    });
    const accepted = await answering(`${START}${FIELDS}${fields}\r\n`);
    const call = await tunnel.call(accepted.origin, { kind: "websocket" });
    expect(call.head?.status).toBe(101);
    call.stream.reset("CANCEL");
  });

  it("names a status that no response can have", async () => {
    const { origin } = await answering("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n");
    expect((await tunnel.call(origin, { kind: "websocket" })).error?.message).toContain("999");
    expect((await tunnel.call(origin)).error?.message).toContain("999");
  });

  it("is 502 if a plain request is answered with 101", async () => {
    for (const answer of [`${START}\r\n`, `${START}${FIELDS}\r\n`, `${START}content-length: 2\r\n\r\nok`]) {
      const call = await tunnel.call((await answering(answer)).origin);
      expect(call.error).toMatchObject({ code: "UPSTREAM_PROTOCOL" });
    }
  });
});
