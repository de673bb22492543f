/**
 * The private TCP service of the benchmarks. The client's first line says what it does: `bytes N` sends that many and ends,
 * `sink` counts to the client's end and answers with the sum, `echo` sends back what comes. Prints `ready ADDRESS`.
 */
import { createServer, type AddressInfo, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";

const CHUNK = Buffer.alloc(64 * 1024, "culvert ");

function* chunks(totalBytes: number): Generator<Buffer> {
  for (let leftBytes = totalBytes; leftBytes > 0; leftBytes -= CHUNK.byteLength) {
    yield leftBytes >= CHUNK.byteLength ? CHUNK : CHUNK.subarray(0, leftBytes);
  }
}

function serve(socket: Socket, line: string): void {
  const [what, count] = line.split(" ");
  if (what === "bytes") {
    socket.resume();
    pipeline(chunks(Number(count)), socket).catch(() => socket.destroy());
  } else if (what === "echo") {
    socket.pipe(socket);
  } else {
    let received = 0;
    socket.on("data", (chunk: Buffer) => (received += chunk.byteLength));
    socket.on("end", () => socket.end(`${received}`.padStart(16)));
  }
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.once("data", (first: Buffer) => {
    const end = first.indexOf("\n");
    const rest = first.subarray(end + 1);
    if (rest.byteLength > 0) socket.unshift(rest);
    serve(socket, first.subarray(0, end).toString());
  });
  socket.once("end", () => {
    if (socket.bytesRead === 0) socket.end();
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`ready tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
