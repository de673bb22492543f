/**
 * The WebSocket client for measuring the limit of the object itself: sends 64 KiB messages as fast as its socket accepts
 * them, and counts what arrives. For the bare relay it answers requests, by itself or from the upstream.
 * `node feeder.ts UPSTREAM URL...`, with one URL for each object. Prints `ready` when it is attached to all.
 */
import { connect } from "node:net";
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

const [upstreamUrl = "", ...urls] = process.argv.slice(2);
let attached = 0;

type AskUpstream = (path: string, done: (body: Buffer) => void) => void;

/** The least that any connector does: one kept connection, answers in order, and nothing is checked. */
function upstreamAt(url: string): AskUpstream {
  const { hostname, port } = new URL(url);
  const waiting: ((body: Buffer) => void)[] = [];
  let received: Buffer = Buffer.alloc(0);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  // The upstream closes it when nothing is asked for some seconds; the next request connects again.
  socket.once("close", () => (askUpstream = null));
  socket.on("data", (bytes: Buffer) => {
    received = received.byteLength === 0 ? bytes : Buffer.concat([received, bytes]);
    for (;;) {
      const headEnd = received.indexOf("\r\n\r\n") + 4;
      if (headEnd < 4) return;
      const head = received.toString("latin1", 0, headEnd);
      const end = headEnd + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (received.byteLength < end) return;
      const body = received.subarray(headEnd, end);
      received = received.subarray(end);
      waiting.shift()?.(body);
    }
  });
  return (path, done) => {
    waiting.push(done);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`, "latin1");
  };
}

let askUpstream: AskUpstream | null = null;

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
  function answer(id: number, body: Buffer): void {
    const record = Buffer.alloc(8 + body.byteLength);
    record.writeUInt32BE(id);
    record.writeUInt32BE(body.byteLength, 4);
    body.copy(record, 8);
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
      answer(Number(id), Buffer.alloc(Number(count)));
    } else if (verb === "fetch") {
      askUpstream ??= upstreamAt(upstreamUrl);
      askUpstream(`/bytes/${count}`, (body) => answer(Number(id), body));
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
