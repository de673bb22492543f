/**
 * The private API of the memory rows: it sends much at once, and reads slowly or not at all. The path says what it does:
 * see the handlers. Prints `ready URL`.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { type WebSocket, WebSocketServer } from "ws";

const CHUNK = Buffer.alloc(64 * 1024, "culvert ");
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

function* chunks(totalBytes: number): Generator<Buffer> {
  for (let leftBytes = totalBytes; leftBytes > 0; leftBytes -= CHUNK.byteLength) {
    yield leftBytes >= CHUNK.byteLength ? CHUNK : CHUNK.subarray(0, leftBytes);
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, what, count] = (request.url ?? "/").split("/");
  if (what === "ok") {
    response.end("ok");
  } else if (what === "bytes") {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": count });
    pipeline(chunks(Number(count)), response).catch(() => response.destroy());
  } else if (what === "mute") {
    // Neither reads nor answers.
    request.pause();
  } else {
    let received = 0;
    request.on("data", (chunk: Buffer) => (received += chunk.byteLength));
    request.on("end", () => response.end(`${received}`));
  }
}

function serve(socket: WebSocket, request: IncomingMessage): void {
  const [, what, countText, bytesText] = (request.url ?? "/").split("/");
  const count = Number(countText);
  const bytes = Number(bytesText);
  socket.on("error", () => socket.terminate());
  if (what === "mute") {
    socket.pause();
  } else if (what === "send") {
    // Starts when the client says so, so that all start together.
    socket.once("message", () => {
      for (let sent = 0; sent < count; sent += 1) socket.send(Buffer.alloc(bytes, sent + 1));
    });
  } else if (what === "unfinished") {
    socket.once("message", () => {
      for (const chunk of chunks(bytes)) socket.send(chunk, { binary: true, fin: false });
    });
  } else {
    // Reports the number of bytes once this many have come.
    let received = 0;
    socket.on("message", (data: Buffer) => {
      received += data.byteLength;
      if (received >= count) socket.send(`${received}`);
    });
  }
}

const server = createServer(answer);
server.requestTimeout = 0;
const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
sockets.on("connection", serve);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
