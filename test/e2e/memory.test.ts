import { createHash } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, dialWebSocket, field, head } from "../support/calls.ts";
import { pattern } from "../support/pattern.ts";
import { residentBytes, startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Far below the capacity of the path, and soon over. */
const SLOW_BYTES_PER_SECOND = 4 * MIB;
const SLOW_BYTES = 16 * MIB;
/** MiB each way at full speed. `npm run soak` sends more than 2^32 bytes. */
const FULL_SPEED_MIB = Number(process.env["SOAK_MIB"] ?? 128);
/** Of 1 MiB each: twice what may be kept. */
const FLOOD_MESSAGES = 200;
/** Windows and uncollected garbage. For the upload it is a tenth of what would be kept without backpressure. */
const ALLOWED_GROWTH_BYTES = 100 * MIB;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

/** The largest growth of the relay and of the connector while `run` runs. */
async function growthDuring(run: () => Promise<void>): Promise<{ relay: number; connector: number }> {
  const [connector] = system.connectors;
  if (connector === undefined) throw new Error("no connector");
  const pids = { relay: system.workerd.pid, connector: connector.pid };
  const before = { relay: await residentBytes(pids.relay), connector: await residentBytes(pids.connector) };
  const growth = { relay: 0, connector: 0 };
  let running = true;
  const watch = async () => {
    while (running) {
      for (const name of ["relay", "connector"] as const) {
        growth[name] = Math.max(growth[name], (await residentBytes(pids[name])) - before[name]);
      }
      await sleep(100);
    }
  };
  const watching = watch();
  try {
    await run();
  } finally {
    running = false;
    await watching;
  }
  return growth;
}

async function readSlowly(response: IncomingMessage): Promise<void> {
  const startedMs = performance.now();
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    while (bytes / SLOW_BYTES_PER_SECOND > (performance.now() - startedMs) / 1000) await sleep(20);
    if (bytes >= SLOW_BYTES) break;
  }
}

async function download(totalBytes: number, caseName: string): Promise<string> {
  const path = `/pattern?bytes=${totalBytes}`;
  const response = await head(system, { service: "node-api", path, headers: { "x-case": caseName } });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  expect(bytes).toBe(totalBytes);
  return hash.digest("hex");
}

async function upload(totalBytes: number): Promise<{ sent: string; received: string }> {
  const hash = createHash("sha256");
  const hashed = function* () {
    for (const block of pattern(totalBytes)) {
      hash.update(block);
      yield block;
    }
  };
  const body = Readable.from(hashed());
  const answer = await call(system, {
    service: "node-api",
    path: "/sink",
    method: "POST",
    body,
    timeoutMs: 120_000,
  });
  const seen = JSON.parse(answer.body.toString()) as { bytes: number; sha256: string };
  expect(seen.bytes).toBe(totalBytes);
  return { sent: hash.digest("hex"), received: seen.sha256 };
}

it("slow readers on either side take neither memory nor time from others", { timeout: 180_000 }, async () => {
  // What a process allocates at its first large transfer does not count as growth.
  await download(64 * MIB, "warm-up");
  await upload(64 * MIB);

  const growth = await growthDuring(async () => {
    const sunkBefore = system.node.sunkBytes;
    const response = await head(system, { service: "node-api", path: `/pattern?bytes=${GIB}` });
    const source = Readable.from(pattern(GIB));
    const path = `/sink?rate=${SLOW_BYTES_PER_SECOND}`;
    const uploading = head(system, { service: "node-api", path, method: "POST", body: source });
    uploading.catch(() => {});

    let reading = true;
    const read = readSlowly(response).finally(() => (reading = false));
    while (reading || system.node.sunkBytes - sunkBefore < SLOW_BYTES) {
      const answer = await call(system, { service: "node-api", path: "/ok" });
      expect(answer.body.toString()).toBe("ok");
      await sleep(200);
    }
    await read;
    source.destroy();
  });
  expect(growth.relay).toBeLessThan(ALLOWED_GROWTH_BYTES);
  expect(growth.connector).toBeLessThan(ALLOWED_GROWTH_BYTES);
  // The end of the upload comes after the bytes in transit, which are read at the slow rate.
  await expect.poll(() => system.node.openRequests, { timeout: 90_000 }).toBe(0);
});

it(
  "a WebSocket caller that stops reading holds its flood at the upstream",
  { timeout: 180_000 },
  async () => {
    const flood = async (messages: number, pauseMs: number): Promise<number> => {
      const path = `/ws/flood?messages=${messages}&bytes=${MIB}`;
      const socket = dialWebSocket(system, { service: "node-api", path });
      let received = 0;
      socket.on("message", () => (received += 1));
      await once(socket, "open");
      socket.pause();
      await sleep(pauseMs);
      socket.resume();
      await once(socket, "close");
      return received;
    };
    await flood(64, 0);
    const growth = await growthDuring(async () => {
      expect(await flood(FLOOD_MESSAGES, 3000)).toBe(FLOOD_MESSAGES);
    });
    expect(growth.relay).toBeLessThan(ALLOWED_GROWTH_BYTES);
    expect(growth.connector).toBeLessThan(ALLOWED_GROWTH_BYTES);
  },
);

it(`${FULL_SPEED_MIB} MiB each way at full speed arrive unchanged`, { timeout: 480_000 }, async () => {
  const bytes = FULL_SPEED_MIB * MIB;
  expect(await download(bytes, "large")).toBe(system.node.sentSha256.get("large"));
  const { sent, received } = await upload(bytes);
  expect(received).toBe(sent);
  const answer = await call(system, { service: "node-api", path: "/ok" });
  expect(field(answer, "culvert-error")).toBeNull();
});
