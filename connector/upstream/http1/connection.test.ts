import { Readable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { ByteServer } from "../../../test/support/servers/byte-server.ts";
import { throwFault } from "../../../test/support/throw-fault.ts";
import { untilStill } from "../../../test/support/until-still.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { nodeClock } from "../../platform/node-clock.ts";
import { Names } from "../../names/names.ts";
import { parseAllowlist, UpstreamPolicy } from "../policy.ts";
import { Upstream, type UpstreamEvents, type UpstreamExchange, type UpstreamRequest } from "../upstream.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function anyUpstream(): Upstream {
  const list = parseAllowlist("*");
  if (!list.ok) throw new Error(list.problems.join("; "));
  const policy = new UpstreamPolicy(list.rules);
  const upstream = new Upstream({
    ...{ policy, limits: new Map(), rules: [], clock: nodeClock, names: new Names({ clock: nodeClock }) },
    reportFault: throwFault,
    memory: memoryOf(),
  });
  closing.push(() => upstream.close());
  return upstream;
}

async function byteServer(onBytes: ConstructorParameters<typeof ByteServer>[0]): Promise<ByteServer> {
  const server = await new ByteServer(onBytes).start();
  closing.push(() => server.close());
  return server;
}

interface Outcome {
  status: number | null;
  body: string;
  ended: boolean;
  error: TunnelError | null;
}

/** `events` are called besides. */
function send(
  upstream: Upstream,
  server: ByteServer,
  request: Partial<UpstreamRequest> = {},
  events: Partial<UpstreamEvents> = {},
): Promise<Outcome> & { exchange: UpstreamExchange } {
  const outcome: Outcome = { status: null, body: "", ended: false, error: null };
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const exchange = upstream.request(
    {
      service: "s",
      caller: "project-a\nproduction",
      target: server.origin,
      method: "GET",
      path: "/",
      rawHeaders: [],
      body: null,
      ...request,
    },
    {
      onResponse(status, reason, fields) {
        outcome.status = status;
        events.onResponse?.(status, reason, fields);
      },
      onData(bytes) {
        outcome.body += bytes.toString("latin1");
        events.onData?.(bytes);
      },
      onEnd(trailers) {
        outcome.ended = true;
        events.onEnd?.(trailers);
      },
      onError: (error) => void (outcome.error = error),
      onTornDown() {
        events.onTornDown?.();
        resolve(outcome);
      },
    },
  );
  return Object.assign(promise, { exchange });
}

/** A POST that is sent in the very moment in which the request before it ends. */
function secondOf(upstream: Upstream, server: ByteServer): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const onTornDown = () => resolve(send(upstream, server, { method: "POST" }));
  void send(upstream, server, {}, { onTornDown });
  return promise;
}

/** A body of which only the start comes. */
function endless(): Readable {
  const body = new Readable({ read() {} });
  body.push("some");
  return body;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

const H = "HTTP/1.1 200 OK\r\n";
const answer = (body: string) => `${H}content-length: ${body.length}\r\n\r\n${body}`;
const POISON = answer("poison");

describe("data that no request has asked for", () => {
  const behind: [name: string, method: string, text: string, seen: string][] = [
    ["a second response", "GET", answer("one") + POISON, "one"],
    ["garbage", "GET", `${answer("one")}\r\n`, "one"],
    ["more than the length", "GET", `${H}content-length: 3\r\n\r\none${POISON}`, "one"],
    [
      "something behind the last chunk",
      "GET",
      `${H}transfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n${POISON}`,
      "one",
    ],
    ["the body of a 204", "GET", `HTTP/1.1 204 x\r\n\r\n${POISON}`, ""],
    ["the body of a 304", "GET", `HTTP/1.1 304 x\r\ncontent-length: ${POISON.length}\r\n\r\n${POISON}`, ""],
    ["the body of a HEAD", "HEAD", `${H}content-length: ${POISON.length}\r\n\r\n${POISON}`, ""],
  ];
  for (const moment of ["together", "in pieces", "a moment later"]) {
    it.each(behind)(`is never the next one's answer: %s, ${moment}`, async (_name, method, text, body) => {
      const server = await byteServer((socket, _all, connection) => {
        if (connection > 0) return void socket.write(answer("two"));
        const at = text.length - (text.endsWith(POISON) ? POISON.length : 2);
        if (moment === "together") socket.write(text);
        else if (moment === "in pieces") for (const byte of text) socket.write(byte);
        else socket.write(text.slice(0, at), () => setTimeout(() => socket.write(text.slice(at)), 10));
      });
      const upstream = anyUpstream();
      expect(await send(upstream, server, { method })).toMatchObject({ body, ended: true, error: null });
      // Only what has arrived can be known: a request that is on its way by then would fail.
      if (moment === "a moment later") await until(() => server.sockets[0]?.destroyed === true);
      // What is streamed is not sent twice.
      const next = { method: "POST", body: Readable.from(["x"]) };
      expect(await send(upstream, server, next)).toMatchObject({ body: "two", ended: true, error: null });
      await until(() => server.sockets[0]?.destroyed === true);
    });
  }

  it("is not taken for an answer even if the next request is sent at once", async () => {
    // As much as one read takes, so that the rest is read in the same turn, by itself.
    const first = answer("x".repeat(65_536 - answer("").length - 4));
    expect(first.length).toBe(65_536);
    const server = await byteServer((socket, _all, connection) => {
      socket.write(connection === 0 ? first + POISON : answer("two"));
    });
    const upstream = anyUpstream();
    expect(await secondOf(upstream, server)).toMatchObject({ body: "two", ended: true, error: null });
  });

  it("may be the end: then the next request uses another connection, even if it is sent at once", async () => {
    const server = await byteServer((socket) => socket.end(answer("ok")));
    const upstream = anyUpstream();
    for (let round = 0; round < 20; round++) {
      expect(await secondOf(upstream, server)).toMatchObject({ body: "ok", ended: true, error: null });
    }
  });

  it("ends an idle connection", async () => {
    const server = await byteServer((socket) => socket.write(answer("ok")));
    const upstream = anyUpstream();
    await send(upstream, server);
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.sockets[0]?.write("HTTP/1.1 408 Request Timeout\r\n\r\n");
    await until(() => server.sockets[0]?.destroyed === true);
    expect(await send(upstream, server)).toMatchObject({ status: 200, body: "ok" });
  });
});

describe("a connection", () => {
  const last: [name: string, request: Partial<UpstreamRequest>, text: string][] = [
    ["says so", {}, `${H}Connection: Close\r\ncontent-length: 2\r\n\r\nok`],
    ["is HTTP/1.0", {}, "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    ["gives it no time", {}, `${H}keep-alive: timeout=2\r\ncontent-length: 2\r\n\r\nok`],
    [
      "answers a HEAD in two ways",
      { method: "HEAD" },
      `${H}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n`,
    ],
    ["answers a HEAD with a body", { method: "HEAD" }, `${H}content-length: 2\r\n\r\nok`],
    ["had a body that the method has no use for", { body: Buffer.from("x") }, answer("ok")],
    ["has not taken the whole request", { method: "POST", body: endless() }, answer("ok")],
  ];
  it.each(last)("is not used again when its upstream %s", async (_name, request, text) => {
    const server = await byteServer((socket) => socket.write(text));
    const upstream = anyUpstream();
    expect(await send(upstream, server, request)).toMatchObject({ status: 200, ended: true });
    await until(() => server.openSockets === 0);
  });

  it("carries 50 HEADs and a GET after them", async () => {
    const server = await byteServer((socket, all) => {
      socket.write(all.includes("GET ") ? answer("ok") : `${H}content-length: 1000000\r\n\r\n`);
    });
    const upstream = anyUpstream();
    for (let round = 0; round < 50; round++) {
      expect(await send(upstream, server, { method: "HEAD" })).toMatchObject({ status: 200, ended: true });
    }
    expect(await send(upstream, server)).toMatchObject({ status: 200, body: "ok" });
    expect(server.sockets).toHaveLength(1);
  });

  it("that brings the body of a HEAD late is closed, and the body is nobody's answer", async () => {
    const server = await byteServer((socket, _all, connection) => {
      if (connection > 0) return void socket.write(answer("ok"));
      socket.write(`${H}content-length: ${answer("evil").length}\r\n\r\n`);
      setTimeout(() => socket.write(answer("evil")), 20);
    });
    const upstream = anyUpstream();
    expect(await send(upstream, server, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    await until(() => server.sockets[0]?.destroyed === true);
    expect(await send(upstream, server)).toMatchObject({ status: 200, body: "ok" });
  });

  it.each([
    ["HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok"],
    ["chunks", `${H}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ["a 204", "HTTP/1.1 204 x\r\n\r\n"],
    ["time enough", `${H}keep-alive: max=5, timeout=30\r\ncontent-length: 2\r\n\r\nok`],
  ])("is used again after %s", async (_name, text) => {
    const server = await byteServer((socket) => socket.write(text));
    const upstream = anyUpstream();
    for (let round = 0; round < 3; round++)
      expect(await send(upstream, server)).toMatchObject({ ended: true });
    expect(server.sockets).toHaveLength(1);
  });

  it("is closed as early as its server's hint says, even if an earlier hint was longer", async () => {
    let timeoutSeconds = 60;
    const server = await byteServer((socket) =>
      socket.write(`${H}keep-alive: timeout=${timeoutSeconds}\r\ncontent-length: 2\r\n\r\nok`),
    );
    const upstream = anyUpstream();
    await send(upstream, server);
    timeoutSeconds = 3;
    await send(upstream, server);
    const started = performance.now();
    await until(() => server.openSockets === 0);
    expect(server.sockets).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it("accepts an answer that comes before the request has left", async () => {
    const server = await byteServer((socket) =>
      socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy"),
    );
    const outcome = await send(anyUpstream(), server, { method: "POST", body: endless() });
    expect(outcome).toMatchObject({ status: 503, body: "busy", ended: true });
  });
});

describe("a request", () => {
  it("leaves in one piece with a small body", async () => {
    const pieces: number[] = [];
    const server = await byteServer((socket, all) => {
      pieces.push(all.length);
      socket.write(answer("ok"));
    });
    await send(anyUpstream(), server, { method: "POST", body: Buffer.alloc(1000, "x") });
    expect(pieces).toHaveLength(1);
  });

  it("that a server could read as two is refused and not sent", async () => {
    const server = await byteServer((socket) => socket.write(answer("ok")));
    const rawHeaders = ["x-a", "1\r\n\r\nGET /admin HTTP/1.1\r\nhost: x"];
    const outcome = await send(anyUpstream(), server, { rawHeaders });
    expect(outcome.error).toMatchObject({ code: "BAD_REQUEST", notProcessed: true });
    expect(server.received.join("")).toBe("");
  });

  it.each([
    ["too short", 3],
    ["too long", 9],
  ])("with a body %s for its length is not begun when the body is here", async (_name, bytes) => {
    const server = await byteServer((socket) => socket.write(answer("ok")));
    const request = { method: "PUT", rawHeaders: ["content-length", "5"], body: Buffer.alloc(bytes) };
    const { error } = await send(anyUpstream(), server, request);
    expect(error).toMatchObject({ code: "STREAM_ERROR", notProcessed: true });
    expect(server.received.join("")).toBe("");
  });

  it("waits with its body while the upstream does not read, and gives it up when that fails", async () => {
    const server = await byteServer((socket) => socket.pause());
    let pulled = 0;
    const body = new Readable({
      highWaterMark: 0,
      read() {
        pulled++;
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    const sent = send(anyUpstream(), server, { method: "POST", body });
    await until(() => pulled > 0);
    const stopped = await untilStill(() => pulled);
    expect(stopped).toBeLessThan(400);
    server.sockets[0]?.resetAndDestroy();
    expect((await sent).error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
    expect(body.destroyed).toBe(true);
  });

  it("whose body breaks off fails, and its connection with it", async () => {
    const server = await byteServer(() => {});
    const body = endless();
    const sent = send(anyUpstream(), server, { method: "POST", body });
    await until(() => server.received[0]?.includes("some") === true);
    body.destroy();
    expect((await sent).error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
    await until(() => server.openSockets === 0);
  });
});

describe("an exchange", () => {
  const whole: [name: string, text: string][] = [
    ["with a length", answer("abcdef")],
    ["in chunks", `${H}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`],
    ["until the end", `${H}\r\nabcdef`],
  ];
  it.each(whole)("paused at its head gets nothing of a body %s that is here already", async (_name, text) => {
    const server = await byteServer((socket) => socket.end(text));
    let body = "";
    const sent = send(
      anyUpstream(),
      server,
      {},
      {
        onResponse: () => sent.exchange.pause(),
        onData(bytes) {
          body += bytes.toString();
          sent.exchange.pause();
          // Before and after this returns.
          if (body.length % 2 === 0) sent.exchange.resume();
          else setTimeout(() => sent.exchange.resume(), 5);
        },
      },
    );
    await until(() => server.received[0] !== undefined);
    expect(await untilStill(() => body.length)).toBe(0);
    sent.exchange.resume();
    expect(await sent).toMatchObject({ body: "abcdef", ended: true, error: null });
  });

  it("paused in a body that the upstream breaks off gets the rest, and then the error", async () => {
    const server = await byteServer((socket) => socket.end(`${H}content-length: 10\r\n\r\nabcdef`));
    const sent = send(anyUpstream(), server, {}, { onResponse: () => sent.exchange.pause() });
    await until(() => server.sockets[0]?.destroyed === true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    sent.exchange.resume();
    expect(await sent).toMatchObject({ body: "abcdef", ended: false, error: { code: "UPSTREAM_PROTOCOL" } });
  });

  it("paused while the upstream goes leaves no connection behind", async () => {
    const server = await byteServer((socket) => socket.end(answer("abcdef")));
    const upstream = anyUpstream();
    for (let round = 0; round < 2; round++) {
      const sent = send(upstream, server, { method: "POST" }, { onResponse: () => sent.exchange.pause() });
      await until(() => server.sockets[round]?.destroyed === true);
      await new Promise((resolve) => setTimeout(resolve, 20));
      sent.exchange.resume();
      expect(await sent).toMatchObject({ body: "abcdef", ended: true, error: null });
    }
  });

  it("paused with the upstream gone can be aborted", async () => {
    const server = await byteServer((socket) => socket.end(`${H}\r\nabcdef`));
    const sent = send(anyUpstream(), server, {}, { onResponse: () => sent.exchange.pause() });
    await until(() => server.sockets[0]?.destroyed === true);
    sent.exchange.abort();
    expect(await sent).toMatchObject({ body: "", ended: false, error: null });
  });

  it.each(["onResponse", "onData"] as const)("aborted in %s hears nothing more", async (when) => {
    const server = await byteServer((socket) => socket.write(whole[1]?.[1] ?? ""));
    const sent = send(anyUpstream(), server, {}, { [when]: () => sent.exchange.abort() });
    expect(await sent).toMatchObject({ body: when === "onData" ? "abc" : "", ended: false, error: null });
    await until(() => server.openSockets === 0);
  });

  it("whose connection is used again while it was paused at its end reads on", async () => {
    const server = await byteServer((socket) => socket.write(answer("abcdef")));
    const upstream = anyUpstream();
    for (let round = 0; round < 3; round++) {
      const sent = send(upstream, server, {}, { onData: () => sent.exchange.pause() });
      expect(await sent).toMatchObject({ body: "abcdef", ended: true });
    }
    expect(server.sockets).toHaveLength(1);
  });

  it.each([
    ["heads without end", "HTTP/1.1 102 x\r\n\r\n"],
    ["a head without end", "x: y\r\n"],
    ["extensions without end", `1;${"x".repeat(1_000)}\r\nz\r\n`],
  ])("ends with an error at %s", async (_name, piece) => {
    const start = piece.startsWith("HTTP")
      ? ""
      : piece.startsWith("1;")
        ? `${H}transfer-encoding: chunked\r\n\r\n`
        : H;
    const pieces = piece.repeat(50);
    const server = await byteServer((socket) => {
      socket.write(start);
      const more = () => {
        while (!socket.destroyed && socket.write(pieces));
      };
      socket.on("drain", more);
      more();
    });
    const { error } = await send(anyUpstream(), server);
    expect(error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
    await until(() => server.openSockets === 0);
  });
});
