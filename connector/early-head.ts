import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { RequestBody } from "./request-body.ts";

/** What undici publishes right before it writes a request. */
interface Sending {
  request: { body?: unknown };
  /** The head, but for the line that says how the body is framed. */
  headers: string;
  socket: Socket;
}

const sockets = new WeakSet<Socket>();

/**
 * undici writes the head of a streamed request together with the first bytes of its body. On this socket it leaves at
 * once, so that an upload whose first byte is late reaches its upstream all the same.
 */
export function sendHeadEarly(socket: Socket): void {
  sockets.add(socket);
}

subscribe("undici:client:sendHeaders", (message) => {
  const { request, headers, socket } = message as Sending;
  const { body } = request;
  if (sockets.has(socket) && body instanceof RequestBody && body.late && body.lengthBytes !== 0) {
    writeHead(socket, headers, body.lengthBytes);
  }
});

function writeHead(socket: Socket, headers: string, lengthBytes: number | null): void {
  const chunked = lengthBytes === null;
  const framing = chunked ? "transfer-encoding: chunked" : `content-length: ${lengthBytes}`;
  socket.write(`${headers}${framing}\r\n\r\n`, "latin1");
  replaceNextWrite(socket, (again) => {
    if (!again.startsWith(headers)) return again;
    // Chunks begin with the line end of what comes before them, be it the head.
    const firstChunkFollows = chunked && again.endsWith("chunked\r\n");
    if (firstChunkFollows) replaceNextWrite(socket, (chunkHead) => chunkHead.replace(/^\r\n/, ""));
    return chunked && !firstChunkFollows ? "0\r\n\r\n" : "";
  });
}

/** `replace` is given what is written next as text, and says what to write instead. */
function replaceNextWrite(socket: Socket, replace: (text: string) => string): void {
  socket.write = (chunk: string | Uint8Array, ...rest: []): boolean => {
    // The prototype's own is seen again.
    Reflect.deleteProperty(socket, "write");
    if (typeof chunk !== "string") return socket.write(chunk, ...rest);
    const text = replace(chunk);
    return text === "" || socket.write(text, "latin1");
  };
}
