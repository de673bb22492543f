import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { nodeClock } from "../../platform/node-clock.ts";
import { throwFault } from "../../../test/support/throw-fault.ts";
import { UpstreamSocket } from "./upstream-socket.ts";

const MIB = 1024 * 1024;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server's frame, its length in 1, 3 or 9 bytes. */
function frame(firstByte: number, payload: Uint8Array, length = payload.byteLength): Buffer {
  const head = length < 126 ? Buffer.of(firstByte, length) : Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = firstByte;
  if (head.byteLength === 4) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else if (head.byteLength === 10) {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

const [TEXT, BINARY, CONTINUATION, CLOSE, PING, FIN] = [1, 2, 0, 8, 9, 0x80];
const WAIT = { timeout: 15_000, interval: 5 };

interface Pair {
  socket: UpstreamSocket;
  upstream: Socket;
  /** What the upstream got. */
  got: () => Buffer;
  pieces: { bytes: number; isText: boolean; more: boolean }[];
  closed: Promise<[code: number, reason: string]>;
  onPiece: (() => void) | null;
}

async function pair(): Promise<Pair> {
  const server: Server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const tcp = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const connected = once(tcp, "connect");
  const [upstream] = await accepted;
  await connected;
  closing.push(() => {
    tcp.destroy();
    upstream.destroy();
    server.close();
  });
  const chunks: Buffer[] = [];
  upstream.on("data", (chunk: Buffer) => chunks.push(chunk));
  upstream.on("error", () => {});
  const { promise: closed, resolve } = Promise.withResolvers<[number, string]>();
  const made: Pair = {
    upstream,
    closed,
    got: () => Buffer.concat(chunks),
    pieces: [],
    onPiece: null,
    socket: new UpstreamSocket(
      tcp,
      Buffer.alloc(0),
      nodeClock,
      {
        onPiece: (bytes, isText, more) => {
          made.pieces.push({ bytes: bytes.byteLength, isText, more });
          made.onPiece?.();
        },
        onClosed: (code, reason) => resolve([code, reason]),
      },
      (thrown) => throwFault("exchange", thrown),
    ),
  };
  return made;
}

const sum = (pieces: Pair["pieces"]): number => pieces.reduce((total, { bytes }) => total + bytes, 0);

it("passes a message on as it comes, however large its frames are", async () => {
  const made = await pair();
  made.upstream.write(frame(BINARY, new Uint8Array(MIB), 4 * MIB));
  await expect.poll(() => sum(made.pieces), { timeout: 10_000 }).toBe(MIB);
  expect(made.pieces.every(({ more }) => more)).toBe(true);
  made.upstream.write(Buffer.alloc(3 * MIB));
  made.upstream.write(frame(FIN | CONTINUATION, new Uint8Array(0)));
  await expect.poll(() => made.pieces.at(-1)?.more, { timeout: 10_000 }).toBe(false);
  expect([sum(made.pieces), Math.max(...made.pieces.map(({ bytes }) => bytes)) <= 64 * 1024]).toEqual([
    4 * MIB,
    true,
  ]);
});

it("reads nothing more once it is paused, in the middle of what has come as well", async () => {
  const made = await pair();
  made.onPiece = () => made.socket.pause();
  const empty = frame(FIN | BINARY, new Uint8Array(0));
  made.upstream.write(Buffer.concat(Array.from({ length: 1_000 }, () => empty)));
  for (let count = 1; count <= 1_000; count += 1) {
    await expect.poll(() => made.pieces.length, { timeout: 10_000, interval: 1 }).toBe(count);
    made.socket.resume();
  }
});

it.each([
  ["text that is no UTF-8", frame(FIN | TEXT, Buffer.of(0x41, 0xff)), 1007],
  ["text that ends within a character", frame(FIN | TEXT, Buffer.of(0x41, 0xc3)), 1007],
  ["a message over the limit, before it comes", frame(FIN | BINARY, new Uint8Array(10), 16 * MIB + 1), 1009],
  ["a continuation of nothing", frame(FIN | CONTINUATION, new Uint8Array(1)), 1002],
  ["a masked frame", Buffer.of(FIN | BINARY, 0x80, 0, 0, 0, 0), 1002],
])("ends for %s, and says so to both", async (_name, bytes, code) => {
  const made = await pair();
  made.upstream.write(bytes);
  expect(await made.closed).toEqual([code, ""]);
  const close = made.got();
  // Masked: the key stands before the payload.
  expect([close[0], ((close[6] ?? 0) ^ (close[2] ?? 0)) * 256 + ((close[7] ?? 0) ^ (close[3] ?? 0))]).toEqual(
    [0x88, code],
  );
});

it("sends a message's fragments as such, and answers pings between them", async () => {
  const made = await pair();
  made.socket.send(Buffer.from("a"), true, true, () => {});
  made.upstream.write(frame(FIN | PING, Buffer.from("p")));
  await expect.poll(() => made.got().byteLength, { timeout: 10_000 }).toBe(7 + 7);
  made.socket.send(Buffer.from("b"), true, false, () => {});
  made.socket.send(Buffer.from("c"), false, false, () => {});
  await expect.poll(() => made.got().byteLength, { timeout: 10_000 }).toBe(4 * 7);
  expect([0, 7, 14, 21].map((at) => made.got()[at])).toEqual([
    TEXT,
    FIN | 10,
    FIN | CONTINUATION,
    FIN | BINARY,
  ]);
});

describe.each(["ends", "resets"] as const)("an upstream that %s its connection behind its close", (how) => {
  /** Three messages and a close, and the end, of which the reader has taken the first message. */
  async function endedWhilePaused(): Promise<Pair> {
    const made = await pair();
    made.onPiece = () => made.socket.pause();
    const text = Buffer.from("hi");
    made.upstream.write(
      Buffer.concat([
        ...[1, 2, 3].map(() => frame(FIN | TEXT, text)),
        frame(FIN | CLOSE, Buffer.concat([Buffer.of(0x0f, 0xa1), Buffer.from("bye")])),
      ]),
      () => (how === "ends" ? made.upstream.end() : made.upstream.resetAndDestroy()),
    );
    await vi.waitFor(() => expect(made.pieces).toHaveLength(1), WAIT);
    // What came behind has been read by then.
    for (let turn = 0; turn < 20; turn++) {
      if (turn < 3) made.socket.send(Buffer.from("late"), true, false, () => {});
      await new Promise((resolve) => setImmediate(resolve));
    }
    return made;
  }

  it("is read to the end by a reader that pauses", async () => {
    const made = await endedWhilePaused();
    const resuming = setInterval(() => made.socket.resume(), 1);
    closing.push(() => clearInterval(resuming));
    expect(await made.closed).toEqual([4001, "bye"]);
    expect(made.pieces).toHaveLength(3);
  });

  it("is not read any more once nobody wants it", async () => {
    const made = await endedWhilePaused();
    made.socket.terminate();
    expect(await made.closed).toEqual([1006, ""]);
    expect(made.pieces).toHaveLength(1);
  });
});
