import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { pattern } from "../pattern.ts";

const RATE_SLICE_MS = 50;

type Handler = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => unknown;

/** An ordinary Node API with the routes that tests need. It counts what is open and keeps what it saw. */
export class HttpUpstream {
  readonly sockets = new Set<Socket>();
  /** SHA-256 of each download that it produced completely, by case. */
  readonly sentSha256 = new Map<string, string>();
  /** How each WebSocket ended, by case. */
  readonly webSocketCloses = new Map<string, { code: number; reason: string }>();
  /** Requests whose answer is neither finished nor aborted. */
  openRequests = 0;
  /** Bytes that `/sink` has read so far, over all requests. */
  sunkBytes = 0;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #happened = new Set<string>();
  readonly #held = new Set<ServerResponse>();
  readonly #server: Server;

  constructor(tls?: { key: string; cert: string }) {
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response);
    this.#server = tls === undefined ? createHttpServer(onRequest) : createHttpsServer(tls, onRequest);
    this.#server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    const webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: 4 * 1024 * 1024,
      handleProtocols: (offered) => (offered.has("chosen.v2") ? "chosen.v2" : false),
    });
    webSockets.on("headers", (lines) => lines.push("x-upstream: yes"));
    this.#server.on("upgrade", (request, socket, head) => {
      if (request.url === "/ws/refused") {
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 7\r\n\r\nrefused");
        return;
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        this.#serveWebSocket(webSocket, request),
      );
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.#server, "close");
  }

  /** Resolves when this has happened to the case's request: it `started`, or the caller is `gone` before its end. */
  async saw(event: "started" | "gone", caseName: string): Promise<void> {
    const name = `${event} ${caseName}`;
    if (!this.#happened.has(name)) await once(this.#events, name, { signal: AbortSignal.timeout(30_000) });
  }

  /** Answers all requests of `/held`. */
  release(): void {
    for (const response of this.#held) response.end("held");
    this.#held.clear();
  }

  #note(event: "started" | "gone", caseName: string): void {
    this.#happened.add(`${event} ${caseName}`);
    this.#events.emit(`${event} ${caseName}`);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://upstream");
    const caseName = String(request.headers["x-case"] ?? "");
    this.openRequests += 1;
    this.#note("started", caseName);
    response.on("close", () => {
      this.openRequests -= 1;
      if (!response.writableFinished) this.#note("gone", caseName);
    });
    const handler = this.#routes[url.pathname];
    if (handler === undefined) {
      response.writeHead(404).end("no such route");
      return;
    }
    Promise.resolve(handler(request, response, url.searchParams)).catch(() => response.destroy());
  }

  readonly #routes: Record<string, Handler> = {
    "/ok": (_request, response) => response.end("ok"),

    "/status": (_request, response, query) => {
      const status = Number(query.get("code"));
      response.writeHead(status, { "x-status": String(status) });
      response.end([204, 205, 304].includes(status) ? undefined : `status ${status}`);
    },

    /** Sends the test pattern; `length` adds a Content-Length. */
    "/pattern": async (request, response, query) => {
      const totalBytes = Number(query.get("bytes"));
      if (query.has("length")) response.setHeader("content-length", totalBytes);
      const hash = createHash("sha256");
      const hashed = function* () {
        for (const block of pattern(totalBytes)) {
          hash.update(block);
          yield block;
        }
      };
      await pipeline(hashed(), response);
      this.sentSha256.set(String(request.headers["x-case"]), hash.digest("hex"));
    },

    /** Reads the upload, at most `rate` bytes a second, and reports what arrived. */
    "/sink": async (request, response, query) => {
      const rate = Number(query.get("rate") ?? Infinity);
      const hash = createHash("sha256");
      const startedMs = performance.now();
      let bytes = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        this.sunkBytes += chunk.length;
        while (bytes / rate > (performance.now() - startedMs) / 1000) await sleep(RATE_SLICE_MS);
      }
      const { "content-length": contentLength = null, "transfer-encoding": transferEncoding = null } =
        request.headers;
      const seen = { bytes, sha256: hash.digest("hex"), contentLength, transferEncoding };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(seen));
    },

    /** Never answers. */
    "/hang": (request) => request.resume(),

    /** Answers when the test calls `release`. */
    "/held": (_request, response) => void this.#held.add(response),

    /** Sends a head, and then nothing. */
    "/hang-after-head": (request, response) => {
      request.resume();
      response.writeHead(200).write("first");
    },

    /** Sends half of the announced body, then cuts the connection. */
    "/cut": async (_request, response, query) => {
      if (query.has("length")) response.setHeader("content-length", 200_000);
      response.write(Buffer.alloc(100_000, "x"));
      await sleep(50);
      response.destroy();
    },

    /** Answers before the upload has been read, and reads the rest after it. */
    "/early": async (request, response) => {
      response.writeHead(200).write("early");
      await pipeline(request, async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) this.sunkBytes += chunk.length;
      });
      response.end(" and late");
    },

    /** Refuses the upload and closes without reading it. */
    "/early-close": (_request, response) => {
      response.writeHead(413, { connection: "close" }).end("too large for me");
    },
  };

  #serveWebSocket(webSocket: WebSocket, request: IncomingMessage): void {
    const url = new URL(request.url ?? "/", "http://upstream");
    const caseName = String(request.headers["x-case"] ?? "");
    this.#note("started", caseName);
    webSocket.on("error", () => webSocket.terminate());
    webSocket.on("close", (code, reason) => {
      this.webSocketCloses.set(caseName, { code, reason: reason.toString() });
      this.#note("gone", caseName);
    });
    switch (url.pathname) {
      case "/ws/close":
        if (url.searchParams.has("code"))
          webSocket.close(Number(url.searchParams.get("code")), url.searchParams.get("reason") ?? "");
        else webSocket.close();
        return;
      case "/ws/drop":
        webSocket.terminate();
        return;
      case "/ws/describe":
        webSocket.send(
          JSON.stringify({ url: request.url, rawHeaders: request.rawHeaders, protocol: webSocket.protocol }),
        );
        return;
      case "/ws/fragments":
        for (const part of ["one ", "two ", "three"]) webSocket.send(part, { fin: part === "three" });
        webSocket.send(Buffer.from([1, 2]), { fin: false, binary: true });
        webSocket.send(Buffer.from([3]), { fin: true, binary: true });
        return;
      case "/ws/flood":
        flood(webSocket, Number(url.searchParams.get("messages")), Number(url.searchParams.get("bytes")));
        return;
      case "/ws/slow":
        // Reads nothing, so that the sender gets backpressure.
        webSocket.pause();
        return;
      default:
        webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
    }
  }
}

/** Sends numbered messages as fast as the socket takes them. */
function flood(webSocket: WebSocket, messages: number, bytes: number): void {
  let number = 0;
  const next = () => {
    if (number === messages) return webSocket.close(1000, "done");
    const message = Buffer.alloc(bytes);
    message.writeUInt32BE(number, 0);
    number += 1;
    webSocket.send(message, next);
  };
  next();
}
