import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket as WsClient } from "ws";
import { AttachedConnector } from "../../support/attached-connector.ts";
import { Call } from "../../support/peers/relay-double.ts";
import { ByteServer } from "../../support/servers/byte-server.ts";
import { type RawFrames, rawFrames } from "./frames.ts";

const WAYS = ["whole", "byte by byte", "with the end"] as const;
type Way = (typeof WAYS)[number];
const MAX_PIECES = 400;
const END_AFTER_MS = 100;

const tunnel = new AttachedConnector();
let server: ByteServer;
beforeAll(async () => {
  server = await new ByteServer((socket, all) => {
    const [, index, way] = /^GET \/(\d+)\/(\d) [^]*\r\n\r\n$/.exec(all) ?? [];
    if (index === undefined) return;
    const key = /^sec-websocket-key: *(.*)\r$/im.exec(all)?.[1] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const head = `HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
    void play(socket, head, rawFrames[Number(index)]?.bytes ?? Buffer.alloc(0), WAYS[Number(way)] ?? "whole");
  }).start();
  await tunnel.start();
});
afterAll(async () => {
  server.close();
  await tunnel.stop();
});

async function play(socket: Socket, head: string, bytes: Buffer, way: Way): Promise<void> {
  socket.setNoDelay();
  if (way === "with the end") return void socket.end(Buffer.concat([Buffer.from(head), bytes]));
  socket.write(head);
  const size = way === "whole" ? Math.max(1, bytes.byteLength) : Math.ceil(bytes.byteLength / MAX_PIECES);
  for (let at = 0; at < bytes.byteLength && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
  setTimeout(() => socket.end(), END_AFTER_MS);
}

interface Seen {
  messages: readonly string[];
  /** 1006: it failed without a close frame. */
  closes: number | null;
}

async function here(index: number, way: Way): Promise<Seen> {
  const open = { kind: "websocket", path: `/${index}/${WAYS.indexOf(way)}` } as const;
  const call = new Call(tunnel.relay.current.mux, server.origin, open, { end: false });
  await vi.waitUntil(() => call.closed || call.stream.closeFrame !== null, { timeout: 50_000, interval: 2 });
  const closes = call.stream.closeFrame?.code ?? null;
  if (call.stream.closeFrame === null) expect(call.error).toBe(null);
  call.stream.reset("CANCEL");
  return { messages: call.messages.map(({ data }) => data), closes };
}

const clients: Record<string, (url: string) => Promise<Seen>> = {
  /** undici's WebSocket. */
  "the web's": (url) => {
    const { promise, resolve } = Promise.withResolvers<Seen>();
    const messages: string[] = [];
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) =>
      messages.push(typeof data === "string" ? data : Buffer.from(data as ArrayBuffer).toString("hex")),
    );
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", ({ code }) =>
      resolve({ messages, closes: code === 1005 ? null : code }),
    );
    return promise;
  },
  ws: (url) => {
    const { promise, resolve } = Promise.withResolvers<Seen>();
    const messages: string[] = [];
    const options = { perMessageDeflate: false, closeTimeout: 500 };
    const socket = new WsClient(url, options);
    socket.on("message", (data: Buffer, isBinary) => messages.push(data.toString(isBinary ? "hex" : "utf8")));
    socket.on("error", () => {});
    socket.on("close", (code) => resolve({ messages, closes: code === 1005 ? null : code }));
    return promise;
  },
};

/** A failure has a code in the table, but none for a client. */
const asClient = ({ messages, closes }: RawFrames): Seen => ({
  messages,
  closes: closes === null || closes >= 3000 || closes === 1000 ? closes : 1006,
});

const plays = rawFrames.flatMap((frames, index) => WAYS.map((way) => ({ frames, index, way })));

describe("raw frames of an upstream", () => {
  it("are passed on up to the first wrong one, and end with a code that says so", async () => {
    const told = plays.map(({ frames: { name, messages, closes }, way }) => ({
      name,
      way,
      messages,
      closes,
    }));
    const seen = await Promise.all(plays.map(({ index, way }) => here(index, way)));
    const named = seen.map(({ messages, closes }, at) => {
      const also = plays[at]?.frames.orCloses;
      return {
        ...told[at],
        messages,
        closes: closes !== null && closes === also ? told[at]?.closes : closes,
      };
    });
    expect(named).toEqual(told);
    expect(await tunnel.connector.metricsText()).not.toMatch(/faults_total\{.*\} [1-9]/);
    expect(tunnel.relay.attachments).toHaveLength(1);
    await vi.waitUntil(() => tunnel.connector.activeStreams === 0, { timeout: 15_000 });
  }, 60_000);

  it.each(Object.entries(clients))(
    "mean the same to %s client",
    async (_name, client) => {
      const url = server.origin.replace("http", "ws");
      const seen = await Promise.all(
        plays.map(({ index, way }) => client(`${url}/${index}/${WAYS.indexOf(way)}`)),
      );
      const named = (outcomes: Seen[]) =>
        outcomes.map((outcome, at) => ({ name: plays[at]?.frames.name, way: plays[at]?.way, ...outcome }));
      expect(named(seen)).toEqual(named(plays.map(({ frames }) => asClient(frames))));
    },
    60_000,
  );
});
