/**
 * The far end of the object's own limit: sends 64 KiB messages as fast as its socket takes them, counts what comes.
 * `node feeder.ts URL`. Prints `ready`.
 */
import { WebSocket } from "ws";

const CHUNK = Buffer.alloc(64 * 1024, "culvert ");
const MAX_BACKLOG_BYTES = 1024 * 1024;

const [url = ""] = process.argv.slice(2);
const socket = new WebSocket(url, { perMessageDeflate: false });
let leftBytes = 0;
let receivedBytes = 0;

function pump(): void {
  while (leftBytes > 0 && socket.bufferedAmount < MAX_BACKLOG_BYTES) {
    const chunk = leftBytes >= CHUNK.byteLength ? CHUNK : CHUNK.subarray(0, leftBytes);
    leftBytes -= chunk.byteLength;
    socket.send(chunk, pump);
  }
}

socket.on("message", (data, isBinary) => {
  if (isBinary) {
    receivedBytes += (data as Buffer).byteLength;
    return;
  }
  const [verb, count = ""] = (data as Buffer).toString("utf8").split(" ");
  if (verb === "send") {
    leftBytes = Number(count);
    pump();
  } else {
    socket.send(`received ${receivedBytes}`);
    receivedBytes = 0;
  }
});
socket.on("open", () => console.log("ready"));
socket.on("close", () => process.exit(0));
