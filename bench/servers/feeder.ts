/**
 * The WebSocket client for measuring the limit of the object itself: sends 64 KiB messages as fast as its socket accepts
 * them, and counts what arrives. `node feeder.ts URL...`, with one URL for each object. Prints `ready` when it is attached
 * to all.
 */
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";

const MESSAGE_BYTES = 64 * 1024;
/** Masked once and for all (RFC 6455 §5.2), because the object is measured, not how fast Node masks. */
const FRAME = Buffer.concat([
  Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0),
  Buffer.of(1, 2, 3, 4),
  Buffer.alloc(MESSAGE_BYTES, "culvert ").map((byte, i) => byte ^ ((i & 3) + 1)),
]);
const MAX_BACKLOG_BYTES = 1024 * 1024;

const urls = process.argv.slice(2);
let attached = 0;

/** Connects to one object. */
function attach(url: string): void {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let raw: Duplex | null = null;
  let leftBytes = 0;
  let receivedBytes = 0;
  let answers: Buffer[] = [];

  function pump(): void {
    while (leftBytes > 0 && socket.bufferedAmount < MAX_BACKLOG_BYTES) {
      const length = Math.min(leftBytes, MESSAGE_BYTES);
      leftBytes -= length;
      if (length === MESSAGE_BYTES) raw?.write(FRAME, pump);
      else socket.send(Buffer.alloc(length), pump);
    }
  }

  /** All requests of one turn are answered in one message. */
  function answer(id: number, length: number): void {
    const record = Buffer.alloc(8 + length);
    record.writeUInt32BE(id);
    record.writeUInt32BE(length, 4);
    if (answers.push(record) > 1) return;
    setImmediate(() => {
      socket.send(Buffer.concat(answers));
      answers = [];
    });
  }

  socket.on("upgrade", (response) => (raw = response.socket));
  socket.on("message", (data, isBinary) => {
    if (isBinary) {
      receivedBytes += (data as Buffer).byteLength;
      return;
    }
    const [verb, count = "", id = ""] = (data as Buffer).toString("utf8").split(" ");
    if (verb === "ask") {
      answer(Number(id), Number(count));
    } else if (verb === "send") {
      leftBytes = Number(count);
      pump();
    } else {
      socket.send(`received ${receivedBytes}`);
      receivedBytes = 0;
    }
  });
  socket.on("open", () => {
    if (++attached === urls.length) console.log("ready");
  });
  socket.on("close", () => process.exit(0));
}

for (const url of urls) attach(url);
