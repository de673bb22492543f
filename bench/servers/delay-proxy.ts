/**
 * A TCP proxy that delays every byte by half a round trip in each direction. `node delay-proxy.ts HOST:PORT ROUND_TRIP_MS
 * [slow-start]`. Prints `ready URL`.
 * With `slow-start`, each direction of a connection carries only as much at a time as a TCP connection that is new or was
 * idle. Without it, bytes never delay each other.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { SlowStart } from "./slow-start.ts";

/** The most that may be on its way in each direction: 640 MiB/s at 200 ms, so that the path itself is not the limit. */
const MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024;
/** A sender's kernel accepts twice what is under way, and no less than this. */
const MIN_SEND_BUFFER_BYTES = 128 * 1024;

const [target = "", roundTripArgument = "0", model = ""] = process.argv.slice(2);
const [host = "", port = ""] = target.split(":");
const roundTripMs = Number(roundTripArgument);

/** One direction of a connection. */
class Line {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #slowStart = model === "slow-start" ? new SlowStart(roundTripMs, MAX_IN_FLIGHT_BYTES) : null;
  /** Data that was read and may not leave yet. */
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  readonly #onTheWay: { chunk: Buffer; dueMs: number }[] = [];
  #onTheWayBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on("data", (chunk) => {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.byteLength;
      this.#move();
    });
    to.on("drain", () => this.#move());
    from.on("error", () => {});
    from.on("close", () => {
      this.#ended = true;
      this.#move();
    });
  }

  #move(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    this.#leave(nowMs);
    this.#arrive(nowMs);
    if (this.#isFull) this.#from.pause();
    else if (this.#from.isPaused()) this.#from.resume();
    const nextAckMs = this.#waitingBytes > 0 ? (this.#slowStart?.nextAckMs ?? nowMs) : Infinity;
    const nextMs = Math.min(this.#onTheWay[0]?.dueMs ?? Infinity, nextAckMs);
    if (nextMs !== Infinity) this.#timer = setTimeout(() => this.#move(), nextMs - nowMs);
    else if (this.#ended) this.#to.destroySoon();
  }

  get #isFull(): boolean {
    const sendBufferBytes = Math.max(2 * (this.#slowStart?.windowBytes ?? 0), MIN_SEND_BUFFER_BYTES);
    const inFlightBytes = this.#onTheWayBytes + this.#to.writableLength;
    return inFlightBytes >= MAX_IN_FLIGHT_BYTES || this.#waitingBytes >= sendBufferBytes;
  }

  #leave(nowMs: number): void {
    let roomBytes = this.#slowStart?.roomBytes(nowMs) ?? Infinity;
    for (let next = this.#waiting[0]; next !== undefined && roomBytes > 0; next = this.#waiting[0]) {
      const chunk = next.subarray(0, roomBytes);
      if (chunk.byteLength === next.byteLength) this.#waiting.shift();
      else this.#waiting[0] = next.subarray(chunk.byteLength);
      roomBytes -= chunk.byteLength;
      this.#waitingBytes -= chunk.byteLength;
      this.#onTheWayBytes += chunk.byteLength;
      this.#slowStart?.sent(chunk.byteLength, nowMs);
      this.#onTheWay.push({ chunk, dueMs: nowMs + roundTripMs / 2 });
    }
  }

  #arrive(nowMs: number): void {
    for (let next = this.#onTheWay[0]; next !== undefined && next.dueMs <= nowMs; next = this.#onTheWay[0]) {
      this.#onTheWay.shift();
      this.#onTheWayBytes -= next.chunk.byteLength;
      this.#to.write(next.chunk);
    }
  }
}

function carry(from: Socket, to: Socket): void {
  void new Line(from, to);
}

const server = createServer((near) => {
  const far = connect({ host, port: Number(port), noDelay: true });
  near.setNoDelay(true);
  carry(near, far);
  carry(far, near);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
