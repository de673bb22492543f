import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, type RequestListener } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => void | Promise<void>;

const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
const TOO_LARGE = "too large here";

/** The upstream behind the battery's proxies. It also serves as Node's own two servers in the list of real ones. */
export class Origin {
  readonly #pattern: Buffer;
  readonly #sockets = new Set<Socket>();
  readonly #servers: { close(): unknown }[] = [];

  constructor(pattern: Buffer) {
    this.#pattern = pattern;
  }

  async listen(protocol: "http1" | "http2"): Promise<number> {
    const serve: RequestListener = (request, response) => {
      const url = new URL(request.url ?? "/", "http://origin");
      const handler = this.#routes[url.pathname] ?? notFound;
      Promise.resolve(handler(request, response, url.searchParams)).catch(() => response.destroy());
    };
    const server =
      protocol === "http1"
        ? createServer({ maxHeaderSize: 256 * 1024, keepAliveTimeout: 30_000 }, serve)
        : // Node's compatibility layer runs the same handlers.
          createHttp2Server((request, response) =>
            serve(
              request as unknown as IncomingMessage,
              response as unknown as ServerResponse & { req: IncomingMessage },
            ),
          );
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  readonly #routes: Record<string, Handler> = {
    "/app/echo": async (request, response) => {
      const digest = await read(request);
      const fields = pairs(request.rawHeaders).filter(([name]) => !name.startsWith(":"));
      const text = JSON.stringify({ method: request.method, target: request.url, fields, ...digest });
      send(response, 200, { "content-type": "application/json" }, Buffer.from(text));
    },
    "/app/upload": upload,
    /** Servers limit the size of uploads to this path. */
    "/app/limited": upload,
    "/app/status": (request, response, query) => {
      request.resume();
      const code = Number(query.get("code"));
      if (BODILESS.has(code)) response.writeHead(code, { "x-status": String(code) }).end();
      else
        send(
          response,
          code,
          { "x-status": String(code), "content-type": "text/plain" },
          Buffer.from(`status ${code}`),
        );
    },
    "/app/bytes": (_request, response, query) => {
      const at = Number(query.get("at") ?? 0);
      const part = this.#pattern.subarray(at, at + Number(query.get("n")));
      if (query.has("chunked"))
        response.writeHead(200, { "content-type": "application/octet-stream" }).end(part);
      else send(response, 200, { "content-type": "application/octet-stream" }, part);
    },
    "/app/fields": (_request, response, query) => {
      for (let number = 0; number < Number(query.get("count")); number++) {
        response.setHeader(`x-field-${number}`, "v".repeat(Number(query.get("bytes"))));
      }
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("fields"));
    },
    "/app/cookies": (_request, response) => {
      const cookies = [
        "a=1; Path=/; HttpOnly",
        "b=2; Expires=Wed, 09 Jun 2032 10:18:14 GMT",
        "c=; Max-Age=0",
      ];
      response.setHeader("set-cookie", cookies);
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("cookies"));
    },
    "/app/redirect": (_request, response, query) => {
      const fields = { "content-type": "text/plain", location: query.get("to") ?? "" };
      send(response, Number(query.get("code")), fields, Buffer.from("elsewhere"));
    },
    "/app/encoded": (_request, response, query) => {
      const fields = { "content-type": "text/plain", "content-encoding": query.get("as") ?? "" };
      send(response, 200, fields, this.#pattern.subarray(0, 500));
    },
    "/app/latin1": (_request, response) => {
      const fields = { "x-filename": 'attachment; filename="caf\xe9.pdf"' };
      send(response, 200, { "content-type": "text/plain", ...fields }, Buffer.from("latin1"));
    },
    "/app/utf8": (_request, response) => {
      const fields = { "x-filename": 'attachment; filename="caf\xc3\xa9.pdf"' };
      send(response, 200, { "content-type": "text/plain", ...fields }, Buffer.from("utf8"));
    },
    "/app/early": (request, response) => early(request, response, Buffer.from(TOO_LARGE)),
    /** The same, with an answer that is larger than a window. */
    "/app/early-large": (request, response) => early(request, response, this.#pattern.subarray(0, 250_000)),
    /** Answers and reads nothing of the upload. */
    "/app/early-close": (_request, response) => {
      response.shouldKeepAlive = false;
      send(response, 413, { "content-type": "text/plain" }, Buffer.from(TOO_LARGE));
    },
    "/app/close": (_request, response) => {
      response.shouldKeepAlive = false;
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("closed"));
    },
    "/app/until-close": async (_request, response, query) => {
      if (response.socket === null || response.req.httpVersion !== "1.1") return void response.end("no");
      const part = this.#pattern.subarray(0, Number(query.get("n")));
      response.socket.end(
        Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"), part]),
      );
    },
    /** Sends half of a body, then resets the connection or the stream. */
    "/app/cut": async (_request, response, query) => {
      const half = this.#pattern.subarray(0, Number(query.get("n")));
      const length = query.has("length") ? { "content-length": half.byteLength * 2 } : {};
      response.writeHead(200, { "content-type": "application/octet-stream", ...length });
      await new Promise((resolve) => response.write(half, resolve));
      await sleep(30);
      response.destroy();
    },
    "/app/trailers": (_request, response) => {
      response.writeHead(200, { "content-type": "text/plain", trailer: "x-sum" });
      response.write("with trailers");
      response.addTrailers({ "x-sum": "13" });
      response.end();
    },
    "/app/hints": (_request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("hinted"));
    },
    "/app/processing": async (request, response) => {
      if (request.httpVersion === "1.1") response.writeProcessing();
      await sleep(20);
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("processed"));
    },
    "/app/slow": async (_request, response) => {
      await sleep(300);
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("slow"));
    },
    "/app/drip": async (_request, response, query) => {
      response.writeHead(200, { "content-type": "text/plain" });
      for (let at = 0; at < Number(query.get("n")); at += 1_000) {
        response.write(this.#pattern.subarray(at, at + 1_000));
        await sleep(5);
      }
      response.end();
    },
    "/app/challenge": (_request, response) => {
      response.setHeader("www-authenticate", ['Basic realm="one"', 'Digest realm="two", nonce="a,b"']);
      send(response, 401, { "content-type": "text/plain" }, Buffer.from("who"));
    },
    "/app/empty-field": (_request, response) => {
      send(response, 200, { "content-type": "text/plain", "x-empty": "" }, Buffer.from("empty"));
    },
    "/app/odd-fields": (_request, response) => {
      const odd = { "x-odd_name.1~": 'a "quoted, thing"; b=\\\\', "x-tab": "a\tb", "x-number": "007" };
      send(response, 200, { "content-type": "text/plain", ...odd }, Buffer.from("odd"));
    },
    "/app/links": (_request, response) => {
      response.setHeader("link", ["</a>; rel=next", "</b>; rel=prev"]);
      response.setHeader("vary", ["accept", "origin"]);
      send(response, 200, { "content-type": "text/plain" }, Buffer.from("links"));
    },
  };
}

const notFound: Handler = (request, response) => {
  request.resume();
  send(response, 404, { "content-type": "text/plain" }, Buffer.from("no such route"));
};

/**
 * Answers before the upload and then reads it. Over HTTP/1.1 the answer has a length, and ends only after the upload.
 * Otherwise a proxy that asked for the connection to be closed would lose the unread part of the answer to a reset.
 */
async function early(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
  response.writeHead(413, { "content-type": "text/plain", "content-length": body.byteLength });
  if (request.httpVersionMajor === 2) response.end(body);
  else response.write(body);
  await read(request);
  response.end();
}

async function upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const digest = JSON.stringify(await read(request));
  send(response, 200, { "content-type": "application/json" }, Buffer.from(digest));
}

async function read(request: IncomingMessage): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest("hex") };
}

function send(response: ServerResponse, status: number, fields: Record<string, string>, body: Buffer): void {
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
  response.setHeader("content-length", body.byteLength);
  response.statusCode = status;
  response.end(response.req.method === "HEAD" ? undefined : body);
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[index * 2] ?? "").toLowerCase(),
    raw[index * 2 + 1] ?? "",
  ]);
}
