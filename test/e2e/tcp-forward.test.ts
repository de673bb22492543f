import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { bytesOf } from "../support/bytes-of.ts";
import { type Forwarded, forwarded, newGatewayKey, startForward } from "../support/forwarded.ts";
import {
  COMMON_TCP_UPSTREAMS,
  type OnSocket,
  startTcpUpstreams,
  type TcpUpstreams,
} from "../support/servers/tcp-upstreams.ts";
import { startSystem, type System } from "../support/system.ts";

const LARGE = bytesOf(8 * 1024 * 1024, (index) => (index * 7) % 251);
const TIMEOUT_MS = 30_000;

const UPSTREAMS: Record<string, OnSocket> = {
  ...COMMON_TCP_UPSTREAMS,
  "flood-tcp": (socket) => {
    socket.once("data", () => {
      const more = (): void => {
        while (flooded < FLOOD_BYTES) {
          flooded += LARGE.byteLength;
          if (!socket.write(LARGE)) return void socket.once("drain", more);
        }
      };
      more();
    });
  },
  "gone-tcp": (socket) => {
    socket.on("error", (error: NodeJS.ErrnoException) => ends.push(error.code ?? ""));
    socket.once("data", () => (hasHeard = true));
  },
};
const FLOOD_BYTES = 512 * 1024 * 1024;
let flooded = 0;
const ends: string[] = [];
let hasHeard = false;
let upstreams: TcpUpstreams;
const forwards = new Map<string, Promise<Forwarded>>();
let system: System;
let relayUrl: string;
let key: string;

beforeAll(async () => {
  upstreams = await startTcpUpstreams(UPSTREAMS);
  system = await startSystem({ endpoints: upstreams.endpoints });
  relayUrl = system.workerd.url;
  ({ key } = await newGatewayKey(system));
});
afterAll(async () => {
  for (const [, started] of forwards) await (await started).child.stop(2_000);
  await system?.stop();
  upstreams?.close();
});

/** One process for each service is enough, because it accepts any number of connections. */
async function forward(service: string): Promise<Forwarded> {
  const known = forwards.get(service) ?? forwarded(system, key, service);
  forwards.set(service, known);
  return known;
}

/** What a client on this machine sees. */
async function talk(
  port: number,
  sent: Buffer | string,
  ends = true,
): Promise<{ text: string; sha256: string; end: string }> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const parts: Buffer[] = [];
  let end = "";
  socket.on("data", (bytes: Buffer) => parts.push(bytes));
  socket.on("end", () => (end ||= "clean"));
  socket.on("error", (error: NodeJS.ErrnoException) => (end ||= error.code ?? "error"));
  if (ends) socket.end(sent);
  else socket.write(sent);
  await once(socket, "close").catch(() => {});
  const all = Buffer.concat(parts);
  return {
    text: all.subarray(0, 100).toString(),
    sha256: createHash("sha256").update(all).digest("hex"),
    end,
  };
}

it("carries every byte both ways over half-closes", async () => {
  const { port } = await forward("echo-tcp");
  const all = await Promise.all([1, 2, 3].map(() => talk(port, LARGE)));
  const sha256 = createHash("sha256").update(LARGE).digest("hex");
  expect(all.map((one) => [one.sha256, one.end])).toEqual(all.map(() => [sha256, "clean"]));
});

it("carries what either side sends first", async () => {
  const { port } = await forward("greet-tcp");
  expect(await talk(port, "")).toMatchObject({ text: "220 ready\r\n221 bye\r\n", end: "clean" });
});

it("resets its client if the upstream resets, and says that it was cut", async () => {
  const { port, child } = await forward("reset-tcp");
  expect((await talk(port, "x", false)).end).toBe("ECONNRESET");
  await child.line(/cut: UPSTREAM_PROTOCOL/, TIMEOUT_MS);
});

it("resets the upstream if its client breaks off", async () => {
  const { port } = await forward("gone-tcp");
  hasHeard = false;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(LARGE.subarray(0, 1_000));
  await expect.poll(() => hasHeard, { timeout: TIMEOUT_MS }).toBe(true);
  socket.resetAndDestroy();
  await expect.poll(() => ends, { timeout: TIMEOUT_MS }).toContain("ECONNRESET");
});

it.each([
  ["closed-tcp", "UPSTREAM_REFUSED"],
  ["no-such-tcp", "UNKNOWN_SERVICE"],
  ["node-api", "BAD_REQUEST"],
])("is clear about the refusal of %s: %s", async (service, code) => {
  const { port, child } = await forward(service);
  expect((await talk(port, "x", false)).end).toBe("ECONNRESET");
  await child.line(new RegExp(`refused: ${code}`), TIMEOUT_MS);
});

it("listens only on loopback unless allowed", async () => {
  const child = startForward(system, key, "echo-tcp", "0.0.0.0:0");
  await child.line(/not a loopback address/, TIMEOUT_MS);
  expect(await child.exited).toBe(2);
});

async function opened(service: string, as = key): Promise<WebSocket> {
  const url = `${relayUrl.replace(/^http/, "ws")}/~/${system.tunnelId}/${service}`;
  const socket = new WebSocket(url, "culvert.tcp.v1", {
    ...{ headers: { "culvert-gateway-key": as }, perMessageDeflate: false },
  });
  await once(socket, "open");
  return socket;
}

it.each([
  ["an unknown text", "hello"],
  ["a window that is no number", "window -1"],
  ["a second end", "end"],
  ["more than the window", Buffer.alloc(256 * 1024 + 1)],
])("is closed with 1002 for %s", async (what, message) => {
  const socket = await opened("gone-tcp");
  if (what === "a second end") socket.send("end");
  socket.send(message);
  const [code] = (await once(socket, "close")) as [number];
  expect(code).toBe(1002);
});

it("buffers nothing for a client that grants everything and reads nothing", async () => {
  const socket = await opened("flood-tcp");
  socket.pause();
  socket.send(`window ${Number.MAX_SAFE_INTEGER}`);
  socket.send(Buffer.from("go"));
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = flooded > 0 && flooded === before;
        before = flooded;
        return isStill;
      },
      { timeout: 50_000, interval: 500 },
    )
    .toBe(true);
  // Windows and the kernel's buffers accepted some bytes, and then it stopped.
  expect(flooded).toBeLessThan(FLOOD_BYTES / 4);
  socket.terminate();
});

it("resets its client when the connector is lost, and goes on with the next one", async () => {
  const { port, child } = await forward("gone-tcp");
  hasHeard = false;
  const talking = talk(port, "x", false);
  await expect.poll(() => hasHeard, { timeout: TIMEOUT_MS }).toBe(true);
  for (const connector of system.connectors) connector.signal("SIGKILL");
  expect((await talking).end).toBe("ECONNRESET");
  await child.line(/cut: CONNECTOR_LOST/, TIMEOUT_MS);
  await system.addConnector();
  const echo = await forward("echo-tcp");
  expect(await talk(echo.port, "again")).toMatchObject({ text: "again", end: "clean" });
});

it("is closed with 4403 when its key is deleted", async () => {
  const own = await newGatewayKey(system);
  const socket = await opened("gone-tcp", own.key);
  const closed = once(socket, "close") as Promise<[number]>;
  await fetch(`${relayUrl}/v1/gateway-keys/${own.kid}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${system.adminKey}` },
  });
  expect((await closed)[0]).toBe(4403);
});

// This test comes last, because it ends the relay.
it("resets its client when the relay is lost, and says so", async () => {
  const { port, child } = await forward("gone-tcp");
  hasHeard = false;
  const talking = talk(port, "x", false);
  await expect.poll(() => hasHeard, { timeout: TIMEOUT_MS }).toBe(true);
  await system.workerd.kill();
  expect((await talking).end).toBe("ECONNRESET");
  await child.line(/cut: close 1006|ECONNRESET|EPIPE/, TIMEOUT_MS);
});
