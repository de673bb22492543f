import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import { KIB, MIB } from "../workloads.ts";
import type { Callers } from "./callers.ts";

/** How long the held memory is observed, at least. In a whole row it is three times as long. */
const HOLD_MS = 1_000;
/** Masked with a key of zeros, which is legal (RFC 6455 §5.3). */
const EMPTY_MESSAGE = Buffer.from([0x82, 0x80, 0, 0, 0, 0]);
const BURST_MESSAGES = 10_000;
/** How many callers start at a time. If all started at once, they would only queue behind each other. */
const BATCH = 10;
const BATCH_PAUSE_MS = 50;
const DELIVERY_TIMEOUT_MS = 120_000;

export interface Row {
  name: string;
  /** How many tunnels the row uses; one by default. */
  tunnels?: number;
  /** Uses a path of 80 ms instead of one without delay. */
  delayed?: boolean;
  /** Too long for the tests. */
  long?: boolean;
  /** Returns how much arrived; null if nothing has to. `scale` shortens the row: 1 is the whole row. */
  run(callers: readonly Callers[], scale: number): Promise<Delivery | null>;
}

export interface Delivery {
  delivered: number;
  of: number;
}

const only = ([first]: readonly Callers[]): Callers => {
  if (first === undefined) throw new Error("no callers");
  return first;
};
const hold = (scale: number): Promise<void> => sleep(HOLD_MS * Math.max(1, 3 * scale));
const scaled = (count: number, scale: number): number => Math.max(1, Math.round(count * scale));

async function muteSockets(callers: Callers, scale: number): Promise<void> {
  for (const socket of await callers.dialAll(scaled(20, scale), "/mute")) {
    for (let sent = 0; sent < 15; sent += 1) socket.send(Buffer.alloc(MIB));
  }
  await hold(scale);
}

/** Asks all WebSockets to send at once. Returns how many messages arrived whole. */
async function receive(
  callers: Callers,
  sockets: number,
  messages: number,
  bytes: number,
): Promise<Delivery> {
  const dialled = await callers.dialAll(sockets, `/send/${messages}/${bytes}`);
  let delivered = 0;
  const all = dialled.map(
    (socket) =>
      new Promise<void>((done) => {
        let received = 0;
        socket.on("message", (data: Buffer) => {
          received += 1;
          if (data.byteLength === bytes) delivered += 1;
          if (received === messages) done();
        });
        socket.on("close", () => done());
        socket.send("go");
      }),
  );
  await Promise.race([Promise.all(all), sleep(DELIVERY_TIMEOUT_MS)]);
  return { delivered, of: sockets * messages };
}

async function sendAll(callers: Callers, messages: number, bytes: number): Promise<Delivery> {
  const total = messages * bytes;
  const socket = await callers.dial(`/count/${total}`);
  const told = Promise.race([once(socket, "message"), once(socket, "close"), sleep(DELIVERY_TIMEOUT_MS)]);
  for (let sent = 0; sent < messages; sent += 1) socket.send(Buffer.alloc(bytes));
  const answer = (await told) as [Buffer] | undefined;
  return { delivered: Number(String(answer?.[0])) === total ? messages : 0, of: messages };
}

async function paced(callers: Callers, seconds: number): Promise<Delivery> {
  const total = Math.ceil(100 * seconds) * MIB;
  const socket = await callers.dial(`/count/${total}`);
  const told = Promise.race([once(socket, "message"), once(socket, "close"), sleep(DELIVERY_TIMEOUT_MS)]);
  const message = Buffer.alloc(64 * KIB);
  const startedMs = performance.now();
  for (let sent = 0; sent < total && socket.readyState === socket.OPEN;) {
    const due = Math.min(total, ((performance.now() - startedMs) / 1000) * 100 * MIB);
    for (; sent < due; sent += message.byteLength) socket.send(message);
    await sleep(5);
  }
  const answer = (await told) as [Buffer] | undefined;
  return { delivered: Number(String(answer?.[0])) >= total ? 1 : 0, of: 1 };
}

/** This many transfers in each direction, all at once. */
async function transfers(callers: Callers, count: number, bytes: number): Promise<Delivery> {
  const each = Array.from({ length: count }, () => callers);
  const down = each.map(async (caller) => (await caller.download(`/bytes/${bytes}`)) === bytes);
  const up = each.map(async (caller) => Number(await caller.uploadAll("/sink", bytes)) === bytes);
  const results = await Promise.all([...down, ...up]);
  return { delivered: results.filter((isWhole) => isWhole).length, of: 2 * count };
}

async function emptyMessages(callers: Callers, scale: number): Promise<void> {
  const socket = await callers.dial("/mute");
  const burst = Buffer.concat(Array.from({ length: BURST_MESSAGES }, () => EMPTY_MESSAGE));
  const { _socket: tcp } = socket as WebSocket & { _socket: NodeJS.WritableStream };
  for (let sent = 0; sent < scaled(1_000_000, scale); sent += BURST_MESSAGES) {
    if (socket.readyState !== socket.OPEN) break;
    if (!tcp.write(burst)) await Promise.race([once(tcp, "drain"), once(socket, "close")]);
  }
  await hold(scale);
}

async function stalledUploads(callers: Callers, scale: number, whole: number): Promise<void> {
  for (let made = 0; made < scaled(whole, scale); made += 1) {
    callers.upload("/mute", 500_000, null);
    if (made % BATCH === BATCH - 1) await sleep(BATCH_PAUSE_MS);
  }
  await hold(scale);
}

async function slowReaders(callers: Callers, count: number): Promise<void> {
  for (let made = 0; made < count; made += BATCH) {
    const batch = Math.min(BATCH, count - made);
    await Promise.all(Array.from({ length: batch }, () => callers.unread(`/unread/bytes/${2 * MIB}`)));
    await sleep(BATCH_PAUSE_MS);
  }
}

async function idleUploads(callers: Callers, scale: number, whole: number): Promise<void> {
  for (let made = 0; made < scaled(whole, scale); made += 1) {
    callers.upload("/sink", 1, null);
    if (made % BATCH === BATCH - 1) await sleep(BATCH_PAUSE_MS);
  }
  await hold(scale);
}

async function unfinished(callers: Callers, scale: number): Promise<void> {
  const sockets = await callers.dialAll(scaled(30, scale), `/unfinished/1/${15 * MIB}`);
  for (const socket of sockets) socket.send("go");
  await hold(scale);
}

async function mix(callers: Callers, scale: number): Promise<Delivery> {
  const held = Promise.all([
    muteSockets(callers, scale),
    unfinished(callers, scale / 3),
    slowReaders(callers, scaled(200, scale)),
    stalledUploads(callers, scale, 200),
    emptyMessages(callers, scale / 10),
  ]);
  await sleep(500);
  const [delivery] = await Promise.all([receive(callers, scaled(50, scale), 1, 2 * MIB), held]);
  return delivery;
}

const held = async (work: Promise<void>): Promise<null> => {
  await work;
  return null;
};

/** The row that the others are compared with. */
export const ALONE = "alone";

export const ROWS: readonly Row[] = [
  { name: ALONE, run: (_callers, scale) => held(hold(scale)) },
  {
    name: "20 WebSockets, upstream never reads, 15 MiB on each",
    run: (callers, scale) => held(muteSockets(only(callers), scale)),
  },
  {
    name: "20 upstream messages of 15 MiB at once",
    run: (callers, scale) => receive(only(callers), scaled(20, scale), 1, 15 * MIB),
  },
  {
    name: "1,000,000 empty messages, upstream never reads",
    run: (callers, scale) => held(emptyMessages(only(callers), scale)),
  },
  {
    name: "1,000 stalled uploads of 0.5 MB, two connectors",
    run: (callers, scale) => held(stalledUploads(only(callers), scale, 1000)),
  },
  {
    name: "500 slow readers and 500 stalled uploads",
    run: async (callers, scale) => {
      await slowReaders(only(callers), scaled(500, scale));
      return held(stalledUploads(only(callers), scale, 500));
    },
  },
  {
    name: "30 upstream WebSockets with an unfinished message of 15 MiB",
    run: (callers, scale) => held(unfinished(only(callers), scale)),
  },
  {
    name: "100 upstream messages of 2 MiB at once",
    run: (callers, scale) => receive(only(callers), scaled(100, scale), 1, 2 * MIB),
  },
  {
    name: "1,000 idle uploads",
    run: (callers, scale) => held(idleUploads(only(callers), scale, 1000)),
  },
  { name: "two messages of 9 MiB in one burst", run: (callers) => sendAll(only(callers), 2, 9 * MIB) },
  { name: "400 messages of 64 KiB in one burst", run: (callers) => sendAll(only(callers), 400, 64 * KIB) },
  {
    name: "100 MiB/s over 80 ms, upstream reads",
    delayed: true,
    run: (callers, scale) => paced(only(callers), 5 * scale),
  },
  {
    name: "8 downloads and 8 uploads of 64 MiB over 80 ms",
    delayed: true,
    long: true,
    run: (callers, scale) => transfers(only(callers), 8, scaled(64, scale) * MIB),
  },
  { name: "all of it together", run: (callers, scale) => mix(only(callers), scale) },
  {
    name: "all of it together, on four tunnels",
    tunnels: 4,
    run: async (callers, scale) => {
      const all = await Promise.all(callers.map((each) => mix(each, scale / 2)));
      return all.reduce((sum, { delivered, of }) => ({
        delivered: sum.delivered + delivered,
        of: sum.of + of,
      }));
    },
  },
];
