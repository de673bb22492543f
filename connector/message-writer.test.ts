import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { encodeMessage } from "../shared/protocol/frame-codec.ts";
import { FRAME, type Frame } from "../shared/protocol/frame.ts";
import { MessageWriter } from "./message-writer.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

const data = (length: number, seed: number): Frame => ({
  type: FRAME.DATA,
  flags: 0,
  streamId: 1,
  payload: Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff),
});
/** Around the lengths that the header tells in 7, 16 and 64 bits, with the 9 bytes of a frame's own header. */
const LENGTHS = [
  0, 1, 2, 3, 50, 54, 55, 56, 115, 116, 117, 118, 4_070, 4_090, 65_525, 65_526, 65_527, 65_536,
];

const isSame = (one: Buffer, other: Uint8Array | undefined): boolean =>
  other !== undefined && one.equals(other);

it("sends what ws understands as masked messages, whatever their length", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const received: Buffer[] = [];
  server.on("connection", (socket) => socket.on("message", (message: Buffer) => received.push(message)));
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const transport = new WebSocketTransport(socket, () => {});
  await once(socket, "open");
  const messages = LENGTHS.map((length, seed) => [data(length, seed)]);
  messages.push(
    LENGTHS.map(data),
    LENGTHS.slice(0, 9).map(data),
    Array.from({ length: 4 }, (_, seed) => data(65_536, seed)),
  );
  for (const frames of messages) transport.send(frames);
  // Buffers are used again, also while others are still being written.
  for (let round = 0; round < 20; round++) {
    for (const frames of messages) transport.send(frames);
    await nextTurn();
  }
  socket.close(1000);
  await once(socket, "close");
  server.close();
  const expected = Array.from({ length: 21 }, () => messages.map(encodeMessage)).flat();
  expect(received.length).toBe(expected.length);
  expect(received.findIndex((message, i) => !isSame(message, expected[i]))).toBe(-1);
});

it("holds what it writes until it has left: nothing that waits is overwritten", async () => {
  const peers: Socket[] = [];
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const received: Buffer[] = [];
  server.on("connection", (socket, { socket: raw }) => {
    peers.push(raw);
    raw.pause();
    socket.on("message", (message: Buffer) => received.push(message));
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const transport = new WebSocketTransport(socket, () => {});
  await once(socket, "open");
  const messages = Array.from({ length: 200 }, (_, seed) => [data(65_536, seed)]);
  for (const frames of messages) transport.send(frames);
  expect(transport.bufferedBytes()).toBeGreaterThan(1024 * 1024);
  await nextTurn();
  for (const raw of peers) raw.resume();
  socket.close(1000);
  await once(socket, "close");
  server.close();
  expect(received.length).toBe(messages.length);
  expect(received.findIndex((message, i) => !isSame(message, encodeMessage(messages[i] ?? [])))).toBe(-1);
});

it("uses the buffers of messages that have left again, and another key for each", async () => {
  const server = createServer((peer) => peer.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const buffers = new Set<ArrayBufferLike>();
  const keys = new Set<string>();
  const write = socket.write.bind(socket) as (chunk: Buffer, sent: () => void) => boolean;
  socket.write = ((chunk: Buffer, sent: () => void) => {
    buffers.add(chunk.buffer);
    keys.add(chunk.subarray(10, 14).toString("hex"));
    return write(chunk, sent);
  }) as typeof socket.write;
  const { promise: allSent, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  const writer = new MessageWriter(socket, () => {
    if (++sent === 100) resolve();
    else writer.write([data(65_536, sent)]);
  });
  writer.write([data(65_536, 0)]);
  await allSent;
  expect([buffers.size, keys.size]).toEqual([1, 100]);
  socket.destroy();
  server.close();
});
