/**
 * A TCP proxy that holds every byte back by half a round trip in each direction.
 * `node delay-proxy.ts HOST:PORT ROUND_TRIP_MS`. Prints `ready URL`.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** What may be on its way, each way: 1 GiB/s at 100 ms, so that the link itself is never what limits. */
const MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024;

const [target = "", roundTripMs = "0"] = process.argv.slice(2);
const [host = "", port = ""] = target.split(":");
const delayMs = Number(roundTripMs) / 2;

function carry(from: Socket, to: Socket): void {
  const onTheWay: { chunk: Buffer; dueMs: number }[] = [];
  let inFlightBytes = 0;
  let timer: NodeJS.Timeout | null = null;
  const deliver = (): void => {
    timer = null;
    const nowMs = performance.now();
    for (let next = onTheWay[0]; next !== undefined && next.dueMs <= nowMs; next = onTheWay[0]) {
      onTheWay.shift();
      inFlightBytes -= next.chunk.byteLength;
      to.write(next.chunk);
    }
    if (inFlightBytes + to.writableLength < MAX_IN_FLIGHT_BYTES) from.resume();
    const next = onTheWay[0];
    if (next !== undefined) timer = setTimeout(deliver, Math.max(next.dueMs - nowMs, 0));
  };
  from.on("data", (chunk) => {
    if (delayMs === 0) {
      if (!to.write(chunk)) from.pause();
      return;
    }
    onTheWay.push({ chunk, dueMs: performance.now() + delayMs });
    inFlightBytes += chunk.byteLength;
    if (inFlightBytes + to.writableLength >= MAX_IN_FLIGHT_BYTES) from.pause();
    timer ??= setTimeout(deliver, delayMs);
  });
  to.on("drain", () => from.resume());
  from.on("error", () => {});
  from.on("close", () => setTimeout(() => to.destroy(), delayMs));
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
