/**
 * A private API in place of yours: JSON, a streamed download, an upload, server-sent events and a WebSocket echo. It knows
 * nothing of the tunnel. `npm run sample-api -- --port 9000`
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const HOST = "127.0.0.1";
const CHUNK_BYTES = 64 * 1024;
const MAX_DOWNLOAD_BYTES = 2 ** 31;

const CHARGES = [
  { id: "ch_1", amount: 1200, currency: "eur" },
  { id: "ch_2", amount: 450, currency: "usd" },
  { id: "ch_3", amount: 99900, currency: "chf" },
  { id: "ch_4", amount: 75, currency: "eur" },
];

type Handler = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => unknown;

const routes: Record<string, Handler> = {
  "GET /": (_request, response) =>
    sendJson(response, 200, { routes: [...Object.keys(routes), "WebSocket /echo"] }),
  "GET /v1/charges": (_request, response, query) =>
    sendJson(response, 200, { charges: CHARGES.slice(0, numberIn(query, "limit", 3, CHARGES.length)) }),
  "GET /download": download,
  "POST /upload": upload,
  "GET /events": events,
};

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

function numberIn(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const value = Number(query.get(name) ?? fallback);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : fallback;
}

/** Readable text in which every chunk differs, so that a lost or repeated chunk changes the hash. */
function* report(totalBytes: number): Generator<Buffer> {
  for (let offset = 0; offset < totalBytes; offset += CHUNK_BYTES) {
    const line = `row ${String(offset / CHUNK_BYTES).padStart(8, "0")} of the report\n`;
    yield Buffer.alloc(Math.min(CHUNK_BYTES, totalBytes - offset), line);
  }
}

async function download(_request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
  const totalBytes = numberIn(query, "bytes", 8 * 1024 * 1024, MAX_DOWNLOAD_BYTES);
  const hash = createHash("sha256");
  for (const chunk of report(totalBytes)) hash.update(chunk);
  response.writeHead(200, {
    "content-type": "text/plain",
    "content-length": totalBytes,
    "repr-digest": `sha-256=:${hash.digest("base64")}:`,
  });
  await pipeline(report(totalBytes), response);
}

async function upload(request: IncomingMessage, response: ServerResponse) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  sendJson(response, 200, { bytes, sha256: hash.digest("hex") });
}

async function events(_request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
  const count = numberIn(query, "count", 5, 1000);
  const intervalMs = numberIn(query, "intervalMs", 300, 60_000);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (let id = 1; id <= count && !response.destroyed; id += 1) {
    response.write(`id: ${id}\ndata: ${JSON.stringify({ tick: id, of: count })}\n\n`);
    if (id < count) await sleep(intervalMs);
  }
  response.end();
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://sample-api");
  const handler = routes[`${request.method} ${url.pathname}`];
  if (handler === undefined) {
    sendJson(response, 404, { error: "no such route" });
    return;
  }
  Promise.resolve(handler(request, response, url.searchParams)).catch((error: unknown) => {
    // If the caller left during the body, the API has not failed.
    if (!response.destroyed) console.error(error);
    response.destroy();
  });
});

const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
sockets.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on("upgrade", (request, socket, head) => {
  if (request.url !== "/echo") {
    socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    return;
  }
  sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
});

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
server.listen(Number(values.port), HOST, () => {
  console.log(`ready http://${HOST}:${(server.address() as AddressInfo).port}`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));
