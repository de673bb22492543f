import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { throwFault } from "../../../test/support/throw-fault.ts";
import { Names } from "../../names/names.ts";
import { nodeClock } from "../../platform/node-clock.ts";
import { parseAllowlist, UpstreamPolicy } from "../policy.ts";
import { Upstream } from "../upstream.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const WAIT = { timeout: 15_000, interval: 2 };
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), WAIT);

/** Sockets are looked at once in each turn: what had come is known by then. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const LARGE = 250_000;
const SMALL = 40_000;

const head = (status: number, framing: string) => `HTTP/1.1 ${status} x\r\n${framing}\r\n\r\n`;
const body = (size: number) => Buffer.alloc(size, "early answer ");
const answerOf = {
  sized: (status: number, size: number) => [head(status, `content-length: ${size}`), body(size)],
  chunked: (status: number, size: number) => [
    head(status, "transfer-encoding: chunked"),
    `${size.toString(16)}\r\n`,
    body(size),
    "\r\n0\r\n\r\n",
  ],
};
type Framing = keyof typeof answerOf;
const bytesOf = (parts: (string | Buffer)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));

/** A server that has read one piece of an upload, and what is asked of it. */
async function play(isPaused = false, clock = new FakeClock()) {
  const server: Server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const memory = memoryOf();
  const list = parseAllowlist("*");
  if (!list.ok) throw new Error(list.problems.join("; "));
  const upstream = new Upstream({
    ...{ policy: new UpstreamPolicy(list.rules), limits: new Map(), rules: [], clock, memory },
    ...{ names: new Names({ clock: nodeClock }), reportFault: throwFault },
  });
  const upload = new Readable({ read() {} });
  upload.push("first");
  const seen = { status: 0, bytes: 0, outcome: "" };
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const exchange = upstream.request(
    {
      ...{ service: "s", caller: "c", target: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      ...{ method: "POST", path: "/", rawHeaders: [], body: upload },
    },
    {
      onResponse: (status) => {
        seen.status = status;
        if (isPaused) exchange.pause();
      },
      onData: (bytes) => void (seen.bytes += bytes.byteLength),
      onEnd: () => void (seen.outcome = "whole"),
      onError: ({ message }) => void (seen.outcome = message),
      onTornDown: () => {},
    },
  );
  // Dialling begins with the clock's next step.
  const stepping = setInterval(() => clock.advance(0), 1);
  const [socket] = await accepted;
  const received: Buffer[] = [];
  socket.on("error", () => {});
  socket.on("data", (bytes) => received.push(bytes));
  closing.push(() => {
    clearInterval(stepping);
    exchange.abort();
    upstream.close();
    socket.destroy();
    server.close();
  });
  const got = () => Buffer.concat(received).toString("latin1");
  await until(() => got().includes("first"));
  return { clock, memory, upload, exchange, seen, socket, got };
}

describe.each(["sized", "chunked"] as Framing[])("an early answer, %s", (framing) => {
  it.each([413, 200])(
    "is complete for a reader that pauses, even if a reset came after it: %i",
    async (status) => {
      const { seen, socket, upload, exchange } = await play(true);
      const bytes = bytesOf(answerOf[framing](status, SMALL));
      socket.pause();
      socket.write(bytes.subarray(0, 200));
      await until(() => seen.status === status);
      upload.push("unread");
      socket.write(bytes.subarray(200), () => socket.resetAndDestroy());
      await until(() => socket.destroyed);
      await turns();
      exchange.resume();
      await until(() => seen.outcome !== "");
      expect(seen).toEqual({ status, bytes: SMALL, outcome: "whole" });
    },
  );

  it("that refuses is read at once, since its server may not wait for a reader that pauses", async () => {
    const { seen, socket, exchange, memory } = await play(true);
    socket.pause();
    socket.write(bytesOf(answerOf[framing](413, LARGE)));
    await until(() => memory.heldBytes >= LARGE);
    socket.resetAndDestroy();
    await turns();
    expect(seen).toEqual({ status: 413, bytes: 0, outcome: "" });
    exchange.resume();
    await until(() => seen.outcome !== "");
    expect(seen).toEqual({ status: 413, bytes: LARGE, outcome: "whole" });
    expect(memory.heldBytes).toBe(0);
  });

  it("that refuses stops the upload: a byte more may reset the connection", async () => {
    const { seen, socket, upload, got, clock } = await play();
    const bytes = bytesOf(answerOf[framing](413, LARGE));
    socket.write(bytes.subarray(0, 1_000));
    await until(() => seen.bytes > 0);
    upload.push("second");
    await turns();
    // For as long as it goes on.
    for (let at = 1_000; at < 5_000; at += 1_000) {
      const before = seen.bytes;
      socket.write(bytes.subarray(at, at + 1_000));
      await until(() => seen.bytes > before);
      clock.advance(999);
    }
    expect(got()).not.toContain("second");
    socket.end(bytes.subarray(5_000));
    await until(() => seen.outcome !== "");
    expect(seen).toEqual({ status: 413, bytes: LARGE, outcome: "whole" });
    expect(got()).not.toContain("second");
  });

  it("that refuses and then waits for the rest of the upload gets it", async () => {
    const { seen, socket, upload, got, clock } = await play();
    const bytes = bytesOf(answerOf[framing](413, SMALL));
    socket.write(bytes.subarray(0, 1_000));
    await until(() => seen.bytes > 0);
    upload.push("second");
    upload.push(null);
    await turns();
    expect(got()).not.toContain("second");
    clock.advance(2_000);
    await until(() => got().endsWith("second\r\n0\r\n\r\n"));
    socket.write(bytes.subarray(1_000));
    await until(() => seen.outcome !== "");
    expect(seen).toEqual({ status: 413, bytes: SMALL, outcome: "whole" });
  });
});

it("an early answer that does not refuse goes on beside its upload", async () => {
  const { seen, socket, upload, got } = await play();
  socket.write(`${head(200, "transfer-encoding: chunked")}3\r\none\r\n`);
  await until(() => seen.bytes === 3);
  upload.push("second");
  await until(() => got().includes("second"));
  socket.write("0\r\n\r\n");
  await until(() => seen.outcome !== "");
  expect(seen).toEqual({ status: 200, bytes: 3, outcome: "whole" });
});

it("a write that fails waits for the reader of what came before", async () => {
  const { seen, socket, upload, exchange, clock } = await play(true);
  socket.pause();
  // More than is read of a body that nobody takes.
  socket.write(bytesOf(answerOf.sized(200, 2 * SMALL)));
  await until(() => seen.status === 200);
  for (let chunk = 0; chunk < 100; chunk++) upload.push(Buffer.alloc(64 * 1024));
  await turns();
  socket.resetAndDestroy();
  await turns();
  for (let second = 0; second < 5; second++) clock.advance(1_000);
  await turns();
  exchange.resume();
  await until(() => seen.outcome !== "");
  expect(seen.bytes).toBeGreaterThan(SMALL);
});

it("an answer that a reset cuts off is not whole", async () => {
  for (const framing of ["content-length: 50000", "transfer-encoding: chunked", "x: until the end"]) {
    const { seen, socket } = await play();
    socket.pause();
    socket.write(`${head(413, framing)}4\r\nhalf\r\n`, () => socket.resetAndDestroy());
    await until(() => seen.outcome !== "");
    expect(seen).toMatchObject({ status: 413, outcome: expect.stringContaining("ECONNRESET") as string });
  }
});
