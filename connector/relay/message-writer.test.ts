import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { bytesOf } from "../../test/support/bytes-of.ts";
import { trustedIdentity } from "../../test/support/tls-identities.ts";
import { encodeMessage } from "../../shared/protocol/frame-codec.ts";
import { FRAME, type Frame } from "../../shared/protocol/frame.ts";
import { Names } from "../names/names.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { relayDialler } from "./dial-relay.ts";
import { maskedMemory } from "./masked-memory.ts";
import { MessageWriter } from "./message-writer.ts";
import type { RelayTransport } from "./relay-transport.ts";
import { SendBuffers } from "./send-buffers.ts";

const data = (length: number, seed: number): Frame => ({
  type: FRAME.DATA,
  flags: 0,
  streamId: 1,
  payload: bytesOf(length, (i) => i * 31 + seed),
});
/** Around the lengths that the header tells in 7, 16 and 64 bits, with the 9 bytes of a frame's own header. */
const LENGTHS = [
  0, 1, 2, 3, 50, 54, 55, 56, 115, 116, 117, 118, 4_070, 4_090, 65_525, 65_526, 65_527, 65_536,
];

const isSame = (one: Buffer, other: Uint8Array | undefined): boolean =>
  other !== undefined && one.equals(other);

async function dialled(server: WebSocketServer): Promise<RelayTransport> {
  const { port } = server.address() as AddressInfo;
  const relayUrl = `http://127.0.0.1:${port}`;
  const address = { relayUrl, tokenText: "t", identity: null, proxy: null, proxyBypass: () => true };
  const deps = { clock: nodeClock, names: new Names({ clock: nodeClock }) };
  const dialRelay = relayDialler(() => address, deps);
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  const connection = dialRelay({
    onOpen: resolve,
    onMessage() {},
    onText() {},
    onDrained() {},
    onRefused: reject,
    onLost: reject,
    onFault: reject,
  });
  await opened;
  return connection;
}

it("sends masked messages that ws understands, whatever their length", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const received: Buffer[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.on("connection", (socket) => {
    socket.on("message", (message: Buffer) => received.push(message));
    socket.on("close", resolve);
  });
  await once(server, "listening");
  const transport = await dialled(server);
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
  transport.close(1000, "");
  await closed;
  server.close();
  const expected = Array.from({ length: 21 }, () => messages.map(encodeMessage)).flat();
  expect(received.length).toBe(expected.length);
  expect(received.findIndex((message, i) => !isSame(message, expected[i]))).toBe(-1);
});

it("keeps what it writes until it has left: nothing queued is overwritten", async () => {
  const peers: Socket[] = [];
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const received: Buffer[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.on("connection", (socket, { socket: raw }) => {
    peers.push(raw);
    raw.pause();
    socket.on("message", (message: Buffer) => received.push(message));
    socket.on("close", resolve);
  });
  await once(server, "listening");
  const transport = await dialled(server);
  const messages = Array.from({ length: 200 }, (_, seed) => [data(65_536, seed)]);
  for (const frames of messages) transport.send(frames);
  expect(transport.bufferedBytes()).toBeGreaterThan(1024 * 1024);
  await nextTurn();
  for (const raw of peers) raw.resume();
  transport.close(1000, "");
  await closed;
  server.close();
  expect(received.length).toBe(messages.length);
  expect(received.findIndex((message, i) => !isSame(message, encodeMessage(messages[i] ?? [])))).toBe(-1);
});

it("reuses the buffers of messages that have left, with another key for each", async () => {
  const server = createServer((peer) => peer.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const buffers = new Set<number>();
  const keys = new Set<string>();
  const write = socket.write.bind(socket) as (chunk: Buffer, sent: () => void) => boolean;
  socket.write = ((chunk: Buffer, sent: () => void) => {
    buffers.add(chunk.byteOffset);
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

it.each([
  ["by the module", maskedMemory],
  ["by words", (sizeBytes: number) => maskedMemory(sizeBytes, null)],
])("masked %s, it writes the same", (_name, memory) => {
  const written: Buffer[] = [];
  const socket = { write: (chunk: Buffer) => void written.push(Buffer.from(chunk)) };
  const writer = new MessageWriter(socket as unknown as Socket, () => {}, new SendBuffers(memory));
  const messages = [...LENGTHS, 131_000, 600_000].map((length) => [data(length, length)]);
  for (const frames of messages) writer.write(frames);
  writer.writeText("p");
  writer.writePong(Buffer.from("ping"), () => {});
  writer.writeClose(Buffer.of(3, 232));
  const read = written.map(unmasked);
  expect(read.map(({ first }) => first)).toEqual([...messages.map(() => 0x82), 0x81, 0x8a, 0x88]);
  expect(read.slice(-3).map(({ payload }) => payload.toString("latin1"))).toEqual(["p", "ping", "\x03\xe8"]);
  expect(
    messages.findIndex((frames, i) => !isSame(read[i]?.payload ?? Buffer.of(), encodeMessage(frames))),
  ).toBe(-1);
});

/** A client's frame, taken apart as RFC 6455 §5.2 lays it out. */
function unmasked(bytes: Buffer): { first: number | undefined; payload: Buffer } {
  const short = (bytes[1] ?? 0) & 0x7f;
  const keyAt = short === 126 ? 4 : short === 127 ? 10 : 2;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const payload = bytes.subarray(keyAt + 4).map((byte, i) => byte ^ (bytes[keyAt + (i % 4)] ?? 0));
  expect([(bytes[1] ?? 0) & 0x80, payload.byteLength]).toEqual([0x80, length]);
  return { first: bytes[0], payload: Buffer.from(payload) };
}

it("takes a limited number of the shared buffers, and returns them when the socket is gone", async () => {
  const onPeer = (peer: Socket): void => void peer.on("error", () => {}).pause();
  const plain = createServer(onPeer).listen(0, "127.0.0.1");
  const secure = createTlsServer(trustedIdentity, onPeer).listen(0, "127.0.0.1");
  await Promise.all([once(plain, "listening"), once(secure, "listening")]);
  const portOf = (server: typeof plain) => (server.address() as AddressInfo).port;
  const tcp = connect(portOf(plain), "127.0.0.1");
  const tls = connectTls({ port: portOf(secure), host: "127.0.0.1", rejectUnauthorized: false });
  await Promise.all([once(tcp, "connect"), once(tls, "secureConnect")]);
  const buffers = new SendBuffers();
  const all = buffers.freeCount;
  const frames = [data(65_536, 0)];
  const writers = [tcp, tls].map((socket) => new MessageWriter(socket, () => {}, buffers));
  // Until nothing more goes into the kernel's buffers.
  for (let round = 0; round < 60; round++) {
    for (const writer of writers) for (let i = 0; i < 6; i++) writer.write(frames);
    await nextTurn();
  }
  expect(all - buffers.freeCount).toBe(12);
  while (buffers.take() !== null);
  new MessageWriter(tls, () => {}, buffers).write(frames);
  for (const socket of [tcp, tls]) socket.on("error", () => {}).destroy();
  await Promise.all([once(tcp, "close"), once(tls, "close")]);
  await nextTurn();
  expect(buffers.freeCount).toBe(12);
  plain.close();
  secure.close();
});
