import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { untilStill } from "../../test/support/until-still.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { Names } from "../names/names.ts";
import { parseAllowlist, UpstreamPolicy } from "./policy.ts";
import { Upstream, type UpstreamExchange, type UpstreamRequest } from "./upstream.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function upstreamAllowing(text: string): Upstream {
  const list = parseAllowlist(text);
  if (!list.ok) throw new Error(list.problems.join("; "));
  const upstream = new Upstream({
    policy: new UpstreamPolicy(list.rules),
    limits: new Map(),
    rules: [],
    clock: nodeClock,
    names: new Names({ clock: nodeClock }),
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
  exchange: UpstreamExchange | null;
  status: number | null;
  body: string;
  ended: boolean;
  error: TunnelError | null;
  tornDown: boolean;
}

function send(upstream: Upstream, target: string, request: Partial<UpstreamRequest> = {}): Outcome {
  const outcome: Outcome = {
    exchange: null,
    status: null,
    body: "",
    ended: false,
    error: null,
    tornDown: false,
  };
  outcome.exchange = upstream.request(
    {
      caller: "project-a\nproduction",
      service: "s",
      target,
      method: "GET",
      path: "/",
      rawHeaders: [],
      body: null,
      connectTimeoutMs: 5_000,
      responseTimeoutMs: 5_000,
      ...request,
    },
    {
      onResponse: (status) => void (outcome.status = status),
      onData: (bytes) => void (outcome.body += bytes.toString("latin1")),
      onEnd: () => void (outcome.ended = true),
      onError: (error) => void (outcome.error = error),
      onTornDown: () => void (outcome.tornDown = true),
    },
  );
  return outcome;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("what the upstream receives", () => {
  it("is method, path and fields byte for byte", async () => {
    const raw = await byteServer((socket) => socket.write(OK));
    const path = "/a%2Fb//c/../d;x=1?q=+%20&ü=%C3%BC".replaceAll("ü", "\u00c3\u00bc");
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin, {
      path,
      method: "POST",
      rawHeaders: ["x-a", "1", "x-b", "2", "x-a", "\u00c3\u00bc"],
      body: Buffer.from("hello"),
    });
    await until(() => outcome.tornDown);
    const host = raw.origin.slice("http://".length);
    expect(raw.received[0]).toBe(
      `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n` +
        "x-a: 1\r\nx-b: 2\r\nx-a: \u00c3\u00bc\r\ncontent-length: 5\r\n\r\nhello",
    );
  });

  it("has the authority that the relay names, if it names one", async () => {
    const raw = await byteServer((socket) => socket.write(OK));
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin, { host: "public.example:81" });
    await until(() => outcome.tornDown);
    expect(raw.received[0]).toMatch(/^GET \/ HTTP\/1\.1\r\nhost: public\.example:81\r\n/);
  });

  it("is a chunked body when the length is unknown, and a refusal when it is not the one declared", async () => {
    const raw = await byteServer((socket, all) => {
      if (all.endsWith("0\r\n\r\n")) socket.write(OK);
    });
    const upstream = upstreamAllowing("127.0.0.1");
    const chunked = send(upstream, raw.origin, { method: "POST", body: Readable.from([Buffer.from("abc")]) });
    await until(() => chunked.tornDown);
    expect(raw.received[0]).toContain("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    for (const text of ["abc", "abcdefgh"]) {
      const wrong = send(upstream, raw.origin, {
        method: "POST",
        rawHeaders: ["content-length", "5"],
        body: Readable.from([Buffer.from(text)]),
      });
      await until(() => wrong.tornDown);
      expect(wrong.error).toMatchObject({ code: "STREAM_ERROR" });
    }
  });
});

describe("connections", () => {
  it("are reused one after the other, and opened side by side", async () => {
    const raw = await byteServer((socket) => setTimeout(() => socket.write(OK), 20));
    const upstream = upstreamAllowing("127.0.0.1");
    for (let i = 0; i < 3; i++) {
      const outcome = send(upstream, raw.origin);
      await until(() => outcome.tornDown);
      expect(outcome).toMatchObject({ status: 200, body: "ok", ended: true });
    }
    expect(raw.sockets).toHaveLength(1);
    const together = [1, 2, 3].map(() => send(upstream, raw.origin));
    await until(() => together.every((outcome) => outcome.tornDown));
    expect(raw.sockets).toHaveLength(3);
  });

  it("that the upstream closes on reuse cost nothing when the request may be sent again", async () => {
    const raw = await byteServer((socket, all, connection) => {
      if (connection === 0 && all.split("\r\n\r\n").length > 2) socket.destroy();
      else socket.write(OK);
    });
    const upstream = upstreamAllowing("127.0.0.1");
    const first = send(upstream, raw.origin);
    await until(() => first.tornDown);
    const second = send(upstream, raw.origin, { method: "PUT", body: Buffer.from("x") });
    await until(() => second.tornDown);
    expect(second).toMatchObject({ status: 200, ended: true, error: null });
    expect(raw.sockets).toHaveLength(2);
  });

  it("that the upstream closes on reuse are an error for a POST, which was perhaps processed", async () => {
    const raw = await byteServer((socket, all) => {
      if (all.includes("POST")) socket.destroy();
      else socket.write(OK);
    });
    const upstream = upstreamAllowing("127.0.0.1");
    const first = send(upstream, raw.origin);
    await until(() => first.tornDown);
    const second = send(upstream, raw.origin, { method: "POST", body: Buffer.from("x") });
    await until(() => second.tornDown);
    expect(second.error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
    expect(raw.sockets).toHaveLength(1);
  });

  it("that were closed while idle are not used", async () => {
    const raw = await byteServer((socket) => socket.write(OK));
    const upstream = upstreamAllowing("127.0.0.1");
    const first = send(upstream, raw.origin);
    await until(() => first.tornDown);
    raw.sockets[0]?.end();
    await once(raw.sockets[0] as Socket, "close");
    const second = send(upstream, raw.origin, { method: "POST", body: Buffer.from("x") });
    await until(() => second.tornDown);
    expect(second).toMatchObject({ status: 200, ended: true });
  });

  it("that end at the moment of reuse are not used, even before the end is reported", async () => {
    const raw = await byteServer((socket, all) => {
      if (all.endsWith("\r\n\r\n")) socket.write(OK);
    });
    const dialled: Socket[] = [];
    const note = (message: unknown) => void dialled.push((message as { socket: Socket }).socket);
    subscribe("net.client.socket", note);
    const upstream = upstreamAllowing("127.0.0.1");
    const first = send(upstream, raw.origin);
    await until(() => first.tornDown);
    unsubscribe("net.client.socket", note);
    for (const socket of dialled) socket.destroy();
    const second = send(upstream, raw.origin, { method: "POST", body: Readable.from([Buffer.from("x")]) });
    await until(() => second.tornDown);
    expect(second).toMatchObject({ status: 200, ended: true, error: null });
  });

  it("end at once when the exchange is aborted, in every phase", async () => {
    const raw = await byteServer((socket, all) => {
      if (all.includes("/head")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
    });
    const upstream = upstreamAllowing("127.0.0.1");
    const dialing = send(upstream, raw.origin);
    dialing.exchange?.abort();
    await until(() => dialing.tornDown);

    const waiting = send(upstream, raw.origin, { path: "/wait" });
    await until(() => raw.received.some((text) => text.includes("/wait")));
    waiting.exchange?.abort();
    const reading = send(upstream, raw.origin, { path: "/head" });
    await until(() => reading.body === "half");
    reading.exchange?.abort();
    await until(() => waiting.tornDown && reading.tornDown);
    await until(() => raw.sockets.every((socket) => socket.destroyed));
    for (const outcome of [dialing, waiting, reading])
      expect(outcome).toMatchObject({ ended: false, error: null });
  });
});

describe("responses", () => {
  it("come after any number of 1xx, 100 among them", async () => {
    const raw = await byteServer((socket) => {
      socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
      setTimeout(() => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`), 20);
    });
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin);
    await until(() => outcome.tornDown);
    expect(outcome).toMatchObject({ status: 200, body: "ok", ended: true });
  });

  const broken: [name: string, bytes: string][] = [
    ["nothing", ""],
    ["garbage", "SSH-2.0-OpenSSH\r\n"],
    ["a status over 599", "HTTP/1.1 600 No\r\ncontent-length: 0\r\n\r\n"],
    ["an unasked upgrade", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ["a head over 32 KiB", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(33 * 1024)}\r\n\r\n`],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    ["half a head", "HTTP/1.1 200 OK\r\nx-"],
  ];
  it.each(broken)("that are %s are UPSTREAM_PROTOCOL", async (_name, bytes) => {
    const raw = await byteServer((socket) => socket.end(bytes));
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin);
    await until(() => outcome.tornDown);
    expect(outcome.error).toMatchObject({ code: "UPSTREAM_PROTOCOL", notProcessed: false });
    expect(outcome.status).toBe(null);
  });

  const cut: [name: string, head: string, chunk: string, how: "end" | "reset"][] = [
    ["short of their length", "content-length: 10", "half", "end"],
    ["in the middle of chunks", "transfer-encoding: chunked", "4\r\nhalf\r\n", "end"],
    ["by a reset, without a length", "x: y", "half", "reset"],
  ];
  it.each(cut)("that end %s are an error", async (_name, head, chunk, how) => {
    let breakOff = (): void => {};
    const raw = await byteServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${chunk}`);
      breakOff = () => void (how === "end" ? socket.end() : socket.resetAndDestroy());
    });
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin);
    await until(() => outcome.body === "half");
    breakOff();
    await until(() => outcome.tornDown);
    expect(outcome).toMatchObject({ status: 200, body: "half", ended: false });
    expect(outcome.error).toMatchObject({ code: "UPSTREAM_PROTOCOL" });
  });

  it("without a length end with the connection", async () => {
    const raw = await byteServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"));
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin);
    await until(() => outcome.tornDown);
    expect(outcome).toMatchObject({ body: "all of it", ended: true, error: null });
  });

  it("are read even if the upstream closed without reading the whole request", async () => {
    const raw = await byteServer((socket) => {
      socket.pause();
      socket.write("HTTP/1.1 413 No\r\ncontent-length: 8\r\nconnection: close\r\n\r\ntoo much", () =>
        socket.destroy(),
      );
    });
    const upstream = upstreamAllowing("127.0.0.1");
    const endless = () =>
      new Readable({
        highWaterMark: 0,
        read() {
          setImmediate(() => this.push(Buffer.alloc(32 * 1024)));
        },
      });
    const outcomes = Array.from({ length: 60 }, () =>
      send(upstream, raw.origin, { method: "POST", body: endless() }),
    );
    await until(() => outcomes.every((outcome) => outcome.tornDown));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 413, body: "too much", ended: true });
  });

  it("that take too long are UPSTREAM_RESPONSE_TIMEOUT, counted from the end of the request", async () => {
    const raw = await byteServer(() => {});
    const slowBody = Readable.from(
      (async function* () {
        yield Buffer.from("a");
        await new Promise((resolve) => setTimeout(resolve, 200));
        yield Buffer.from("b");
      })(),
    );
    const started = performance.now();
    const outcome = send(upstreamAllowing("127.0.0.1"), raw.origin, {
      method: "POST",
      body: slowBody,
      responseTimeoutMs: 50,
    });
    await until(() => outcome.tornDown);
    expect(outcome.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT", notProcessed: false });
    expect(performance.now() - started).toBeGreaterThan(240);
    expect(raw.received[0]).toContain("0\r\n\r\n");
  });

  it("stop arriving while paused", async () => {
    const raw = await byteServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 33554432\r\n\r\n`);
      for (let i = 0; i < 32; i++) socket.write(Buffer.alloc(1024 * 1024, 97));
    });
    const upstream = upstreamAllowing("127.0.0.1");
    let bytes = 0;
    let ended = false;
    let resumes = false;
    const exchange: UpstreamExchange = upstream.request(
      {
        caller: "project-a\nproduction",
        service: "s",
        target: raw.origin,
        method: "GET",
        path: "/",
        rawHeaders: [],
        body: null,
        connectTimeoutMs: 1_000,
        responseTimeoutMs: 1_000,
      },
      {
        onResponse() {},
        onData(chunk) {
          bytes += chunk.byteLength;
          exchange.pause();
          if (resumes) setImmediate(() => exchange.resume());
        },
        onEnd: () => void (ended = true),
        onError() {},
        onTornDown() {},
      },
    );
    await until(() => bytes > 0);
    expect(await untilStill(() => bytes)).toBeLessThan(2_000_000);
    resumes = true;
    exchange.resume();
    await until(() => ended);
    expect(bytes).toBe(33_554_432);
  });
});

describe("upstreams that cannot be reached", () => {
  it("are refused, all as not processed", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const plain = await byteServer((socket) => socket.write("not TLS at all, sorry\r\n\r\n"));
    const silent = await byteServer(() => {});
    const upstream = upstreamAllowing("*");
    const cases: [target: string, code: string][] = [
      [`http://127.0.0.1:${port}`, "UPSTREAM_REFUSED"],
      ["http://no-such-host.invalid", "UPSTREAM_DNS"],
      [plain.origin.replace("http:", "https:"), "UPSTREAM_TLS"],
      [silent.origin.replace("http:", "https:"), "UPSTREAM_CONNECT_TIMEOUT"],
    ];
    for (const [target, code] of cases) {
      const outcome = send(upstream, target, {
        connectTimeoutMs: code === "UPSTREAM_CONNECT_TIMEOUT" ? 100 : 3_000,
      });
      await until(() => outcome.tornDown);
      expect(outcome.error).toMatchObject({ code, notProcessed: true });
    }
  });

  it("are refused by the policy before and after the name is resolved", async () => {
    const raw = await byteServer((socket) => socket.write(OK));
    const { port } = new URL(raw.origin);
    expect(() => send(upstreamAllowing(""), raw.origin)).toThrow(`add "127.0.0.1:${port}" to TUNNEL_ALLOW`);
    expect(() => send(upstreamAllowing("*"), "http://169.254.169.254")).toThrow("always blocked");
    const outcome = send(upstreamAllowing(`10.0.0.0/8:${port}`), `http://localhost:${port}`);
    await until(() => outcome.tornDown);
    expect(outcome.error).toMatchObject({ code: "UPSTREAM_NOT_ALLOWED", notProcessed: true });
    expect(raw.sockets).toHaveLength(0);
    const allowed = send(upstreamAllowing(`127.0.0.0/8:${port}`), `http://localhost:${port}`);
    await until(() => allowed.tornDown);
    expect(allowed.status).toBe(200);
  });
});
