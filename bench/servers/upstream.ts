/**
 * The private API of the benchmarks: `/bytes/N`, `/sink`, `/events/MS` with an event every MS ms, and a WebSocket echo.
 * Prints `ready URL`.
 */
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { WebSocketServer } from "ws";

const CHUNK = Buffer.alloc(64 * 1024, "culvert ");
/** Up to this size a response is sent in one piece. */
const WHOLE_BYTES = 64 * 1024;

function* chunks(totalBytes: number): Generator<Buffer> {
  for (let leftBytes = totalBytes; leftBytes > 0; leftBytes -= CHUNK.byteLength) {
    yield leftBytes >= CHUNK.byteLength ? CHUNK : CHUNK.subarray(0, leftBytes);
  }
}

function sendBytes(response: ServerResponse, count: number): void {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": count });
  if (count <= WHOLE_BYTES) response.end(CHUNK.subarray(0, count));
  else pipeline(chunks(count), response).catch(() => response.destroy());
}

function sendEvents(response: ServerResponse, everyMs: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (): void => void response.write(`data: ${Date.now()}\n\n`);
  send();
  const timer = setInterval(send, everyMs);
  response.on("close", () => clearInterval(timer));
}

const server = createServer((request, response) => {
  const path = request.url ?? "/";
  if (path.startsWith("/bytes/")) return sendBytes(response, Number(path.slice("/bytes/".length)));
  if (path.startsWith("/events/")) return sendEvents(response, Number(path.slice("/events/".length)));
  let received = 0;
  request.on("data", (chunk: Buffer) => (received += chunk.byteLength));
  request.on("end", () => response.end(`${received}`.padStart(16)));
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
