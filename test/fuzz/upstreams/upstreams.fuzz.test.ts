import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import { ConnectProcess } from "../../support/connect-process.ts";
import { Dice } from "../../support/dice.ts";
import { Call, RelayDouble } from "../../support/peers/relay-double.ts";
import { ByteServer } from "../../support/servers/byte-server.ts";
import { SECONDS, SEED, seedsOf } from "../fuzz-time.ts";
import { BrokenServer, PROTOCOLS } from "./broken-server.ts";

/** After an answer's head, nothing may follow. Then the gateway gives up. */
const PATIENCE_MS = 60;
const TIMEOUTS = { connectTimeoutMs: 1_000, responseTimeoutMs: 300 };
/** Only a hang takes this long. */
const HANG_MS = 30_000;
/** How many plays run at once, each with its own upstream. Most of them wait for one side to give up. */
const LANES = 8;
/** The connector's fault counter is read once in this many rounds. */
const ROUNDS_PER_CHECK = 10;

let relay: RelayDouble;
let broken: BrokenServer[];
let good: ByteServer;
let echo: WebSocketServer;
let connector: ConnectProcess;
let neighbour: Call;
let metricsUrl: string;

beforeAll(async () => {
  relay = new RelayDouble();
  await relay.start();
  broken = await Promise.all(Array.from({ length: LANES }, () => new BrokenServer().start()));
  good = await new ByteServer((socket, all) => {
    if (all.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood");
  }).start();
  echo = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  echo.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
  await once(echo, "listening");
  const upstreams = {
    ...Object.fromEntries(
      broken.map((server) => [`127.0.0.1:${server.portOf("h2c")}`, { protocol: "http2" }]),
    ),
    localhost: { insecure: true },
  };
  connector = new ConnectProcess({
    TUNNEL_TOKEN: relay.token,
    TUNNEL_ALLOW: "127.0.0.1,localhost",
    TUNNEL_ACCESS_LOG: "off",
    TUNNEL_UPSTREAMS: JSON.stringify(upstreams),
  });
  await vi.waitUntil(() => connector.exitCode !== null || connector.countOf("connected to the relay") === 1, {
    timeout: HANG_MS,
  });
  if (connector.exitCode !== null) throw new Error(connector.output);
  metricsUrl = `${/"metrics":"(http[^"]+)"/.exec(connector.output)?.[1]}/metrics`;
  const target = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  neighbour = new Call(relay.current.mux, target, { kind: "websocket" }, { end: false });
  await vi.waitUntil(() => neighbour.head?.status === 101, { timeout: HANG_MS });
}, 60_000);
afterAll(() => {
  connector?.kill();
  for (const server of broken ?? []) server.close();
  good?.close();
  echo?.close();
  relay?.close();
});

/**
 * Sends one request of any kind to an upstream that the seed has broken. Resolves when it is over or its gateway gives up.
 */
async function play(seed: number, server: BrokenServer): Promise<void> {
  const dice = new Dice(seed);
  server.begin(seed);
  const protocol = PROTOCOLS[dice.below(PROTOCOLS.length)] ?? "http1";
  const secure = protocol.endsWith("tls");
  const target = secure
    ? `https://localhost:${server.portOf(protocol)}`
    : `http://127.0.0.1:${server.portOf(protocol)}`;
  const isWebSocket = protocol !== "h2c" && dice.below(3) === 0;
  const method = isWebSocket ? "GET" : dice.pick("GET", "HEAD", "POST", "PUT");
  const uploads = method === "POST" || method === "PUT";
  const call = new Call(
    relay.current.mux,
    target,
    { ...TIMEOUTS, method, path: `/${seed}`, kind: isWebSocket ? "websocket" : "http" },
    { end: !isWebSocket && !uploads },
  );
  if (uploads) upload(call, dice);
  if (dice.below(10) === 0) setTimeout(() => call.stream.reset("CANCEL"), dice.below(20));
  const settled = () => call.closed || call.head !== null;
  await vi.waitUntil(settled, { timeout: HANG_MS, interval: 1 });
  if (isWebSocket && call.head?.status === 101) {
    for (let count = dice.below(4); count > 0; count--)
      call.stream.writeMessage(dice.bytes(dice.below(200)), false, false);
    if (dice.below(2) === 0) call.stream.sendClose(1000, "");
  }
  const over = vi.waitUntil(() => call.closed, { timeout: PATIENCE_MS, interval: 1 });
  await over.catch(() => call.stream.reset("CANCEL"));
}

async function playNamed(seed: number, server: BrokenServer): Promise<void> {
  await play(seed, server).catch((error: unknown) => {
    throw new Error(`seed ${seed}: ${String(error)}\n${connector.output.slice(-2_000)}`);
  });
}

function upload(call: Call, dice: Dice): void {
  for (let count = dice.below(4); count > 0; count--)
    call.stream.write(dice.bytes(dice.pick(1, 100, 20_000)));
  // Only the gateway can know that the rest never comes.
  if (dice.below(4) > 0) call.stream.end();
  else setTimeout(() => call.stream.reset("CANCEL"), PATIENCE_MS);
}

async function expectOthersServed(): Promise<void> {
  expect(connector.exitCode, connector.output.slice(-4_000)).toBe(null);
  const call = new Call(relay.current.mux, good.origin);
  const heard = neighbour.messages.length;
  neighbour.stream.writeMessage(Buffer.from("there?"), true, false);
  await vi.waitUntil(() => call.closed && neighbour.messages.length > heard, {
    timeout: HANG_MS,
    interval: 1,
  });
  expect({ text: call.text, error: call.error }).toEqual({ text: "good", error: null });
  expect(relay.attachments).toHaveLength(1);
}

/** Expects that nothing of the plays is left open, and that none of them caused a fault. */
async function expectNoFault(): Promise<void> {
  for (const server of broken) server.cut();
  const metrics = async () => (await fetch(metricsUrl)).text();
  expect((await metrics()).match(/faults_total\{.*\} [1-9]\d*/g), connector.output.slice(-4_000)).toBe(null);
  const isStill = async () =>
    / 1$/m.test(/^culvert_connector_active_streams \d+$/m.exec(await metrics())?.[0] ?? "");
  await vi.waitFor(async () => expect(await isStill()).toBe(true), { timeout: HANG_MS, interval: 10 });
}

describe("upstreams that break any protocol", () => {
  it(
    `cost no more than their own requests (seed ${SEED})`,
    async () => {
      const seeds = seedsOf("upstreams", Math.max(SECONDS, 8));
      let rounds = 0;
      let isOver = false;
      const lane = async (server: BrokenServer): Promise<void> => {
        const { value: seed, done } = seeds.next();
        if (done === true) isOver = true;
        else await playNamed(seed, server);
      };
      for (; !isOver; rounds++) {
        await Promise.all(broken.map(lane));
        await expectOthersServed();
        if (rounds % ROUNDS_PER_CHECK === 0) await expectNoFault();
      }
      await expectNoFault();
      expect(rounds).toBeGreaterThan(1);
    },
    SECONDS * 1_000 + 120_000,
  );
});
