import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { loadConfig } from "../../connector/settings/connector-settings.ts";
import type { Connector } from "../../connector/connector.ts";
import { startConnector as startNodeConnector } from "../../connector/start-connector.ts";
import { DEFAULT_MAX_STREAMS, RESERVED_STREAMS } from "../../shared/protocol/limits.ts";
import { ByteServer } from "../support/servers/byte-server.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";
import { untilStill } from "../support/until-still.ts";

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let connector: Connector;
let logLines: string[];

beforeEach(async () => {
  logLines = [];
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  connector = await startConnector({ TUNNEL_ALLOW: "127.0.0.1,localhost,no-such-host.invalid" });
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startConnector(env: Record<string, string>): Promise<Connector> {
  const loaded = loadConfig({}, { TUNNEL_TOKEN: relay.token, ...env }, () => "");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const log = pino({ level: "debug" }, { write: (line: string) => void logLines.push(line) });
  const { connector: started } = startNodeConnector({
    config: loaded.config,
    connectorId: `con_test${closing.length}`,
    softwareVersion: "1.2.3",
    tracing: null,
    log,
    droppedLogLines: () => 0,
  });
  closing.push(() => started.drain(0));
  await until(() => started.readyConnections === loaded.config.connections);
  return started;
}

/** Only a hang takes this long. */
const WAIT_MS = 45_000;
const until = (condition: () => boolean, timeoutMs = WAIT_MS) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: timeoutMs, interval: 5 });

async function nodeUpstream(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ origin: string; server: Server }> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function byteServer(onBytes: ConstructorParameters<typeof ByteServer>[0]): Promise<ByteServer> {
  const server = await new ByteServer(onBytes).start();
  closing.push(() => server.close());
  return server;
}

const call = (
  ...args: [target: string, open?: ConstructorParameters<typeof Call>[2], options?: { end?: boolean }]
) => new Call(relay.current.mux, ...args);

async function finished(made: Call): Promise<Call> {
  await until(() => made.closed);
  return made;
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("attaching", () => {
  it("presents the token, the subprotocol and itself, with nothing in the URL", () => {
    const { request, hello, socket } = relay.current;
    expect(request.url).toBe("/v1/connect");
    expect(request.headers.authorization).toBe(`Bearer ${relay.token}`);
    expect(request.headers.origin).toBe(undefined);
    expect(request.headers["sec-websocket-extensions"]).toBe(undefined);
    expect(socket.protocol).toBe("culvert.v1");
    expect(hello).toMatchObject({
      connectorId: connector.connectorId,
      connectionIndex: 0,
      softwareVersion: "1.2.3",
      maxStreams: DEFAULT_MAX_STREAMS,
    });
  });

  it("makes the configured number of connections, each with its index", async () => {
    await startConnector({ TUNNEL_CONNECTIONS: "3" });
    const own = relay.attachments.filter(({ hello }) => hello.connectorId !== connector.connectorId);
    expect(own.map(({ hello }) => hello.connectionIndex).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it("comes back with the same index when the connection is lost", async () => {
    relay.current.socket.terminate();
    await until(() => connector.readyConnections === 0);
    await until(() => connector.readyConnections === 1);
    expect(relay.attachments.map(({ hello }) => hello.connectionIndex)).toEqual([0, 0]);
    expect(await connector.metricsText()).toContain("culvert_connector_connections_lost_total 1\n");
  });

  it("says what to do when the relay refuses the token, and does not hammer it", async () => {
    relay.refuseWith = 401;
    const before = relay.handshakes;
    relay.current.socket.terminate();
    await until(() => logLines.some((line) => line.includes("does not accept the token")));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(relay.handshakes - before).toBe(1);
    expect(logLines.join("")).not.toContain(relay.token.slice(10, 60));
  });

  it("replaces a connection that the relay drains, while its streams finish on the old one", async () => {
    const held: ServerResponse[] = [];
    const { origin } = await nodeUpstream((_request, response) => void held.push(response));
    const old = relay.current;
    const first = call(origin);
    await until(() => held.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    old.mux.goaway("DRAINING", 10_000);
    await until(() => relay.attachments.length === 2 && connector.readyConnections === 1);
    expect(relay.current).not.toBe(old);
    expect(relay.current.hello.connectionIndex).not.toBe(old.hello.connectionIndex);
    const second = call(origin);
    await until(() => held.length === 2);
    for (const response of held) response.end("done");
    expect((await finished(first)).text).toBe("done");
    expect((await finished(second)).text).toBe("done");
    await until(() => old.socket.readyState === old.socket.CLOSED);
  });
});

describe("requests", () => {
  it("reach the upstream byte for byte, and responses come back field by field", async () => {
    const upstream = await byteServer((socket) =>
      socket.end(
        "HTTP/1.1 299 Odd Reason\r\nSet-Cookie: a=1\r\nX-Case: Kept\r\nSet-Cookie: b=2\r\n" +
          "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
        "latin1",
      ),
    );
    const path = "/a%2Fb//c/./d;x=1?q=+%20&ü=%C3%BC";
    const made = await finished(
      call(upstream.origin, {
        path,
        fields: [
          ["x-b", "2"],
          ["x-a", "1"],
          ["x-b", "3"],
          ["cookie", "a=1"],
          ["cookie", "b=2"],
          ["x-utf8", "ü ✓ \u010d\u010a"],
          ["expect", "100-continue"],
        ],
      }),
    );
    const utf8 = (text: string) => Buffer.from(text, "utf8").toString("latin1");
    expect(upstream.received[0]).toBe(
      `GET ${utf8(path)} HTTP/1.1\r\nhost: 127.0.0.1:${upstream.port}\r\nconnection: keep-alive\r\n` +
        `x-b: 2\r\nx-a: 1\r\nx-b: 3\r\ncookie: a=1; b=2\r\nx-utf8: ${utf8("ü ✓ \u010d\u010a")}\r\n\r\n`,
    );
    expect(made.error).toBe(null);
    expect(made.head).toMatchObject({
      status: 299,
      reason: "Odd Reason",
      fields: [
        ["set-cookie", "a=1"],
        ["x-case", "Kept"],
        ["set-cookie", "b=2"],
        ["content-encoding", "gzip"],
        ["content-length", "3"],
      ],
    });
    expect(made.body.toString("hex")).toBe("1f8b08");
  });

  it.each(["//host/x", "/http://169.254.169.254/", "/\\\\evil", "/@evil"])(
    "keep to their origin with the path %j",
    async (path) => {
      const upstream = await byteServer((socket) => socket.write(OK));
      await finished(call(upstream.origin, { path }));
      expect(upstream.received[0]).toContain(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${upstream.port}\r\n`);
    },
  );

  it.each([
    ["HEAD", 200, "content-length: 5\r\n", ["5"]],
    ["GET", 204, "", []],
    ["GET", 304, "etag: x\r\n", []],
    ["GET", 205, "content-length: 0\r\n", ["0"]],
  ])("%s answered with %i ends with its head", async (method, status, fields, lengths) => {
    const upstream = await byteServer((socket) => socket.write(`HTTP/1.1 ${status} X\r\n${fields}\r\n`));
    const made = await finished(call(upstream.origin, { method }));
    expect(made).toMatchObject({ error: null, receivedBytes: 0 });
    expect(made.head?.status).toBe(status);
    expect(made.field("content-length")).toEqual(lengths);
  });

  it("absorb 1xx, carry trailers, and never follow redirects", async () => {
    const upstream = await byteServer((socket, all) =>
      socket.write(
        all.includes("/moved")
          ? "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
          : "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" +
              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n" +
              "2\r\nok\r\n0\r\nx-sum: 42\r\nset-cookie: a\r\n\r\n",
      ),
    );
    const made = await finished(call(upstream.origin));
    expect(made).toMatchObject({ text: "ok", informational: 0, error: null });
    expect(made.stream.trailers).toEqual([["x-sum", "42"]]);
    const moved = await finished(call(upstream.origin, { path: "/moved" }));
    expect(moved.head?.status).toBe(302);
    expect(moved.field("location")).toEqual(["http://169.254.169.254/"]);
  });

  it("are complete even if their trailers cannot be carried", async () => {
    const upstream = await byteServer((socket) =>
      socket.write(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${"x".repeat(300)}: 1\r\n\r\n`,
      ),
    );
    const made = await finished(call(upstream.origin));
    expect(made).toMatchObject({ text: "ok", error: null });
    expect(made.stream.trailers).toBe(null);
    await until(() => connector.activeStreams === 0);
  });

  it("that break off in the body deliver their head and the part of the body that came", async () => {
    const upstream = await byteServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"),
    );
    const made = await finished(call(upstream.origin));
    expect(made).toMatchObject({ text: "hello", error: { code: "BODY_ABORTED" } });
    expect(made.head?.status).toBe(200);
  });

  it("stream a body of unknown length, chunk by chunk, and small ones with their length", async () => {
    const upstream = await byteServer((socket, all) => {
      if (all.endsWith("\r\n0\r\n\r\n") || all.endsWith("whole")) socket.write(OK);
    });
    const streamed = call(upstream.origin, { method: "POST" }, { end: false });
    streamed.stream.write(Buffer.from("one"));
    await until(() => upstream.received[0]?.includes("one") === true);
    streamed.stream.write(Buffer.from("two"));
    streamed.stream.end();
    expect((await finished(streamed)).text).toBe("ok");
    expect(upstream.received[0]).toContain(
      "transfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
    );

    const whole = call(
      upstream.origin,
      { method: "POST", fields: [["content-length", "5"]] },
      { end: false },
    );
    whole.stream.write(Buffer.from("whole"));
    whole.stream.end();
    expect((await finished(whole)).text).toBe("ok");
    expect(upstream.received[0]?.slice(upstream.received[0].lastIndexOf("POST"))).toContain(
      "content-length: 5\r\n\r\nwhole",
    );
  });

  it.each([
    ["of unknown length", [], "transfer-encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"],
    ["of known length", [["content-length", "5"]], "content-length: 5\r\n\r\n", "hello"],
    ["that turns out empty", [], "transfer-encoding: chunked\r\n\r\n", "0\r\n\r\n"],
  ] as const)("with a late body %s reach the upstream at once", async (_name, fields, headEnd, body) => {
    const upstream = await byteServer((socket, all) => {
      if (all.endsWith(headEnd + body)) socket.write(OK);
    });
    for (const again of [false, true]) {
      const made = call(upstream.origin, { method: "POST", fields }, { end: false });
      await until(() => upstream.received[0]?.endsWith(headEnd) === true);
      if (body.includes("hello")) made.stream.write(Buffer.from("hello"));
      made.stream.end();
      expect((await finished(made)).text).toBe("ok");
      expect(upstream.received[0]?.split("POST / HTTP/1.1").length).toBe(again ? 3 : 2);
    }
    expect(upstream.sockets).toHaveLength(1);
  });

  it.each([
    ["short", "abc"],
    ["long", "abcdefgh"],
  ])("whose body is too %s for its length never look complete", async (_name, text) => {
    const upstream = await byteServer(() => {});
    for (const together of [true, false]) {
      const made = call(
        upstream.origin,
        { method: "POST", fields: [["content-length", "5"]] },
        { end: false },
      );
      if (!together) await new Promise((resolve) => setTimeout(resolve, 30));
      made.stream.write(Buffer.from(text));
      made.stream.end();
      expect((await finished(made)).error).toMatchObject({ code: "STREAM_ERROR" });
    }
    await until(() => upstream.openSockets === 0);
    expect(upstream.received.some((bytes) => bytes.includes("abcde"))).toBe(false);
  });

  it("may be answered before they are sent completely", async () => {
    const { origin } = await nodeUpstream((request, response) => {
      response.writeHead(413, { connection: "close" });
      response.end("too much", () => request.destroy());
    });
    const made = call(origin, { method: "POST" }, { end: false });
    made.stream.write(Buffer.alloc(64 * 1024));
    await until(() => made.text === "too much" && made.stream.remoteEnded);
    expect(made.head?.status).toBe(413);
    await until(() => made.stopped);
    expect((await finished(made)).error).toBe(null);
    await until(() => connector.activeStreams === 0);
  });

  it("flush each part of a response at once", async () => {
    const gates: (() => void)[] = [];
    const { origin } = await nodeUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      for (const part of ["one", "two"]) gates.push(() => response.write(`data: ${part}\n\n`));
      gates.push(() => response.end());
    });
    const made = call(origin);
    await until(() => made.head !== null);
    for (const expected of ["data: one\n\n", "data: one\n\ndata: two\n\n"]) {
      gates.shift()?.();
      await until(() => made.text === expected);
    }
    gates.shift()?.();
    expect((await finished(made)).error).toBe(null);
  });
});

describe("failures", () => {
  it("before the head reset the stream with their code, and say when nothing was sent", async () => {
    const silent = await byteServer(() => {});
    const broken = await byteServer((socket) => socket.end("nonsense\r\n\r\n"));
    const cases: [target: string, code: string, notProcessed: boolean][] = [
      ["http://127.0.0.1:1", "UPSTREAM_REFUSED", true],
      ["http://no-such-host.invalid", "UPSTREAM_DNS", true],
      [broken.origin.replace("http", "https"), "UPSTREAM_TLS", true],
      ["http://169.254.169.254", "UPSTREAM_NOT_ALLOWED", true],
      ["http://other.internal", "UPSTREAM_NOT_ALLOWED", true],
      ["ftp://127.0.0.1", "BAD_REQUEST", true],
      [broken.origin, "UPSTREAM_PROTOCOL", false],
      [silent.origin, "UPSTREAM_RESPONSE_TIMEOUT", false],
    ];
    for (const [target, code, notProcessed] of cases) {
      const made = await finished(call(target, { responseTimeoutMs: 100, connectTimeoutMs: 1_000 }));
      expect([target, made.error?.code, made.error?.notProcessed]).toEqual([target, code, notProcessed]);
    }
    expect(logLines.join("")).toContain('add \\"other.internal:80\\" to TUNNEL_ALLOW');
  });

  it("of WebSockets depend on the method that is sent, whatever the stream says", async () => {
    const upstream = await byteServer(() => {});
    const services = JSON.stringify({
      writes: { methods: ["POST"] },
      reads: { methods: ["GET"], paths: ["/public"] },
    });
    await startConnector({ TUNNEL_ALLOW: "127.0.0.1", TUNNEL_SERVICES: services });
    for (const [service, method, path] of [
      ["writes", "POST", "/"],
      ["writes", "GET", "/"],
      ["reads", "GET", "/admin"],
    ] as const) {
      const open = { kind: "websocket", service, method, path } as const;
      const made = await finished(call(upstream.origin, open, { end: false }));
      expect([service, method, made.error?.code]).toEqual([service, method, "UPSTREAM_NOT_ALLOWED"]);
      expect(made.error?.notProcessed).toBe(true);
    }
    expect(upstream.sockets).toHaveLength(0);
    call(upstream.origin, { kind: "websocket", service: "reads", path: "/public" }, { end: false });
    await until(() => upstream.received.join("").startsWith("GET /public HTTP/1.1"));
  });

  it("in mid-body abort it and never end it cleanly", async () => {
    let breakOff = (): void => {};
    for (const framing of ["content-length: 10", "transfer-encoding: chunked", "x-until: close"]) {
      const upstream = await byteServer((socket) => {
        socket.write(
          `HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${framing.includes("chunked") ? "4\r\nhalf\r\n" : "half"}`,
        );
        breakOff = () => socket.resetAndDestroy();
      });
      const made = call(upstream.origin);
      await until(() => made.text === "half");
      breakOff();
      await finished(made);
      expect(made).toMatchObject({ error: { code: "BODY_ABORTED" } });
      expect(made.head?.status).toBe(200);
    }
  });

  it("of a stale connection are none when the request can be sent again", async () => {
    const upstream = await byteServer((socket, all, connection) => {
      if (connection === 0 && all.split("\r\n\r\n").length > 2) socket.destroy();
      else socket.write(OK);
    });
    expect((await finished(call(upstream.origin))).text).toBe("ok");
    expect((await finished(call(upstream.origin))).text).toBe("ok");
    expect(upstream.sockets).toHaveLength(2);
  });

  it.each(["before the head", "in mid-download", "in mid-upload"])(
    "of the gateway's own, %s, end the upstream request at once",
    async (when) => {
      const upstream = await byteServer((socket) => {
        if (when === "in mid-download") socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome");
      });
      const made = call(upstream.origin, { method: "POST" }, { end: when !== "in mid-upload" });
      if (when === "in mid-upload") made.stream.write(Buffer.from("some of it"));
      await until(() => (when === "in mid-download" ? made.text === "some" : upstream.received.length === 1));
      made.stream.reset("CANCEL");
      await until(() => upstream.openSockets === 0);
      await until(() => connector.activeStreams === 0);
      expect(await connector.metricsText()).toContain('code="CANCEL"} 1');
    },
  );

  it("of a whole connection abort all upstream work", async () => {
    const upstream = await byteServer(() => {});
    const calls = Array.from({ length: 20 }, () => call(upstream.origin));
    await until(() => upstream.received.filter((bytes) => bytes !== "").length === 20);
    relay.current.socket.terminate();
    await until(() => upstream.openSockets === 0);
    expect(calls.every((made) => made.closed)).toBe(true);
  });
});

describe("load", () => {
  it("serves all streams of one service except the reserve at once, and their credit comes back", async () => {
    const { origin } = await nodeUpstream((_request, response) => setTimeout(() => response.end("ok"), 50));
    for (let round = 0; round < 3; round++) {
      await until(() => relay.current.mux.openCredit >= DEFAULT_MAX_STREAMS / 2);
      const calls = Array.from({ length: relay.current.mux.openCredit - RESERVED_STREAMS }, () =>
        call(origin),
      );
      await until(() => calls.every((made) => made.closed));
      expect(calls.every((made) => made.text === "ok" && made.error === null)).toBe(true);
    }
  });

  it("2,000 requests opened and cancelled leave nothing behind", async () => {
    const upstream = await byteServer(() => {});
    for (let opened = 0; opened < 2_000;) {
      await until(() => relay.current.mux.openCredit > 0);
      for (; relay.current.mux.openCredit > 0 && opened < 2_000; opened++)
        call(upstream.origin).stream.reset("CANCEL");
      expect(upstream.openSockets).toBeLessThanOrEqual(DEFAULT_MAX_STREAMS);
    }
    await until(() => upstream.openSockets === 0 && relay.current.mux.streamCount === 0);
    await until(() => connector.activeStreams === 0);
    expect(connector.readyConnections).toBe(1);
  });

  it("a response that nobody reads stops at the upstream, and does not stop the others", async () => {
    let sentBytes = 0;
    const { origin } = await nodeUpstream((request, response) => {
      if (request.url === "/small") return void response.end("small");
      const chunk = Buffer.alloc(256 * 1024);
      const more = () => {
        do sentBytes += chunk.byteLength;
        while (response.write(chunk));
      };
      response.on("drain", more);
      more();
    });
    const stuck = call(origin, { path: "/big" });
    stuck.reading = false;
    await until(() => sentBytes > 0);
    const stoppedAt = await untilStill(() => sentBytes);
    for (let i = 0; i < 20; i++)
      expect((await finished(call(origin, { path: "/small" }))).text).toBe("small");
    expect(sentBytes).toBe(stoppedAt);
    expect(await connector.metricsText()).toMatch(/^culvert_connector_credit_stalls_total [1-9]/m);
    stuck.stream.reset("CANCEL");
  });

  it("an upload into an upstream that does not read is held back", async () => {
    const { origin } = await nodeUpstream(() => {});
    const made = call(origin, { method: "POST" }, { end: false });
    const chunk = Buffer.alloc(256 * 1024);
    let writtenBytes = 0;
    let room = true;
    made.onWritable = () => (room = true);
    const deadline = performance.now() + 1_000;
    while (performance.now() < deadline) {
      while (room) {
        room = made.stream.write(chunk);
        writtenBytes += chunk.byteLength;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(writtenBytes).toBeLessThan(16 * 1024 * 1024);
    made.stream.reset("CANCEL");
  });

  it("64 MiB each way arrive whole", { timeout: 4 * WAIT_MS }, async () => {
    const MIB = 1024 * 1024;
    const { origin } = await nodeUpstream((request, response) => {
      let received = 0;
      request.on("data", (bytes: Buffer) => (received += bytes.byteLength));
      request.on("end", () => {
        if (request.method === "POST") return void response.end(String(received));
        let left = 64;
        const more = () => {
          while (left > 0 && response.write(Buffer.alloc(MIB, left))) left--;
          if (left-- <= 0) response.end();
        };
        response.on("drain", more);
        more();
      });
    });
    const download = call(origin);
    download.keepBody = false;
    await until(() => download.closed, 2 * WAIT_MS);
    expect(download).toMatchObject({ error: null });
    expect(download.receivedBytes).toBeGreaterThanOrEqual(64 * MIB);

    const upload = call(origin, { method: "POST" }, { end: false });
    let left = 64;
    upload.onWritable = () => {
      while (left > 0) {
        left--;
        if (!upload.stream.write(Buffer.alloc(MIB, left))) return;
      }
      upload.stream.end();
    };
    upload.onWritable();
    await until(() => upload.closed, 2 * WAIT_MS);
    expect(upload.text).toBe(String(64 * MIB));
  });
});

describe("WebSockets", () => {
  async function webSocketUpstream(onConnection: (socket: WebSocket, request: IncomingMessage) => void) {
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      handleProtocols: (offered) => [...offered][1] ?? false,
    });
    await once(server, "listening");
    server.on("connection", onConnection);
    closing.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const openSocket = (target: string, fields: [string, string][] = [], path = "/") =>
    call(target, { kind: "websocket", path, fields }, { end: false });

  it("carry path, fields and subprotocol, text and binary, empty and large messages both ways", async () => {
    let seen: IncomingMessage | null = null;
    const target = await webSocketUpstream((socket, request) => {
      seen = request;
      socket.on("message", (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
    });
    const made = openSocket(
      target,
      [
        ["sec-websocket-protocol", "chat, superchat"],
        ["sec-websocket-key", "mine"],
        ["x-a", "1"],
        ["x-a", "2"],
      ],
      "/a/../b?x=%C3",
    );
    await until(() => made.head !== null);
    expect(made.head?.status).toBe(101);
    expect(made.field("sec-websocket-protocol")).toEqual(["superchat"]);
    expect(made.fields.map(([name]) => name)).not.toContain("sec-websocket-accept");
    const request = seen as IncomingMessage | null;
    expect(request?.url).toBe("/a/../b?x=%C3");
    expect(request?.rawHeaders.filter((_, i, all) => all[i - 1] === "x-a")).toEqual(["1", "2"]);
    expect(request?.headers["sec-websocket-key"]).not.toBe("mine");

    made.stream.writeMessage(Buffer.from("hällo"), true, false);
    made.stream.writeMessage(Buffer.from([1, 2, 3]), false, false);
    made.stream.writeMessage(new Uint8Array(0), true, false);
    await until(() => made.messages.length === 3);
    expect(made.messages).toEqual([
      { data: "hällo", text: true },
      { data: "010203", text: false },
      { data: "", text: true },
    ]);

    const MIB = 1024 * 1024;
    for (let at = 0; at < MIB; at += 32 * 1024) {
      made.stream.writeMessage(Buffer.alloc(32 * 1024, "x"), true, at + 32 * 1024 < MIB);
    }
    await until(() => made.messages.length === 4);
    expect(made.messages[3]?.data).toBe("x".repeat(MIB));

    made.stream.sendClose(4001, "bye");
    await finished(made);
    expect(made.error).toBe(null);
    expect(made.stream.closeFrame).toEqual({ code: 4001, reason: "bye" });
  });

  it("pass fragments on as fragments", async () => {
    let raw = "";
    const target = await webSocketUpstream((socket) => {
      (socket as unknown as { _socket: NodeJS.ReadableStream })._socket.on("data", (bytes: Buffer) => {
        raw += bytes.toString("hex").slice(0, 2);
      });
    });
    const made = openSocket(target);
    await until(() => made.head !== null);
    made.stream.writeMessage(Buffer.from("a"), true, true);
    await until(() => raw.length === 2);
    made.stream.writeMessage(Buffer.from("b"), true, false);
    await until(() => raw.length === 4);
    expect(raw).toBe("0180");
    made.stream.reset("CANCEL");
  });

  it.each([
    [
      (socket: WebSocket) => socket.close(4321, "upstream's reason"),
      { code: 4321, reason: "upstream's reason" },
    ],
    [(socket: WebSocket) => socket.close(), { code: null, reason: "" }],
    [(socket: WebSocket) => socket.terminate(), { code: 1011, reason: "" }],
  ])("pass on how the upstream closed: case %#", async (close, expected) => {
    const target = await webSocketUpstream((socket) => {
      socket.send("last words");
      setTimeout(() => close(socket), 20);
    });
    const made = openSocket(target);
    await until(() => made.stream.closeFrame !== null);
    expect(made.stream.closeFrame).toEqual(expected);
    expect(made.messages).toEqual([{ data: "last words", text: true }]);
    made.stream.sendClose(expected.code, "");
    await finished(made);
    expect(made.error).toBe(null);
    await until(() => connector.activeStreams === 0);
  });

  it("that are refused come back as the response that they got", async () => {
    const { origin } = await nodeUpstream((_request, response) => {
      response.writeHead(403, { "x-why": "no" });
      response.end("go away");
    });
    const made = openSocket(origin);
    await until(() => made.stream.remoteEnded);
    expect(made.head?.status).toBe(403);
    expect(made.field("x-why")).toEqual(["no"]);
    expect(made.text).toBe("go away");
  });

  it("that cannot be opened reset the stream with a code", async () => {
    const silent = await byteServer(() => {});
    const cases: [target: string, code: string][] = [
      ["http://127.0.0.1:1", "UPSTREAM_REFUSED"],
      ["http://10.1.1.1", "UPSTREAM_NOT_ALLOWED"],
      [silent.origin, "UPSTREAM_RESPONSE_TIMEOUT"],
    ];
    for (const [target, code] of cases) {
      const open = { kind: "websocket", responseTimeoutMs: 100 } as const;
      expect((await finished(call(target, open, { end: false }))).error).toMatchObject({ code });
    }
    await until(() => silent.openSockets === 0);
  });

  it("end upstream when the gateway goes away", async () => {
    const closed: number[] = [];
    const target = await webSocketUpstream((socket) => socket.on("close", (code) => closed.push(code)));
    const made = openSocket(target);
    await until(() => made.head !== null);
    made.stream.reset("CANCEL");
    await until(() => closed.length === 1);
    expect(closed).toEqual([1006]);
  });

  it("hold the upstream back while nobody reads", async () => {
    let sent = 0;
    const target = await webSocketUpstream((socket) => {
      const more = (): void => {
        sent++;
        socket.send(Buffer.alloc(64 * 1024), () => sent < 2_000 && more());
      };
      more();
    });
    const made = openSocket(target);
    made.reading = false;
    await until(() => made.head !== null);
    expect(await untilStill(() => sent)).toBeLessThan(1_000);
    made.reading = true;
    made.onReadable();
    await until(() => made.messages.length === 2_000);
  });
});

describe("draining", () => {
  it("finishes accepted requests, accepts no more, and ends", async () => {
    const held: ServerResponse[] = [];
    const { origin } = await nodeUpstream((_request, response) => void held.push(response));
    const attachment = relay.current;
    const taken = call(origin);
    await until(() => held.length === 1);
    let drained = false;
    const done = connector.drain(5_000).then(() => (drained = true));
    await until(() => attachment.mux.isDraining);
    expect(connector.readyConnections).toBe(0);
    expect(drained).toBe(false);
    held[0]?.end("finished");
    expect((await finished(taken)).text).toBe("finished");
    await done;
    expect(relay.handshakes).toBe(1);
  });

  it("closes WebSockets with 1012 on both sides at the end of the grace period", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    closing.push(() => server.close());
    const codes: number[] = [];
    server.on("connection", (socket) => socket.on("close", (code) => codes.push(code)));
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const made = call(target, { kind: "websocket" }, { end: false });
    await until(() => made.head !== null);
    const done = connector.drain(3_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([made.stream.closeFrame, codes]).toEqual([null, []]);
    await until(() => made.stream.closeFrame !== null && codes.length === 1);
    expect([made.stream.closeFrame, codes]).toEqual([{ code: 1012, reason: "" }, [1012]]);
    made.stream.sendClose(1012, "");
    await done;
    expect((await finished(made)).error).toBe(null);
  });

  it("ends what does not finish in time", async () => {
    const { origin } = await nodeUpstream(() => {});
    const taken = call(origin);
    await connector.drain(200);
    expect((await finished(taken)).error).not.toBe(null);
  });
});
