/** The load generator. It is a process of its own, so that its CPU time is counted separately. Receives jobs over IPC. */
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "undici";
import type { Dispatcher } from "undici";
import { WebSocket } from "ws";
import { quantile } from "../report/statistics.ts";
import type {
  BulkJob,
  FromGenerator,
  LoadJob,
  LoadResult,
  RequestsJob,
  StreamsJob,
  ToGenerator,
  WebSocketsJob,
} from "./job.ts";

const CHUNK = Buffer.alloc(64 * 1024, "culvert ");
/**
 * How many handshakes and first requests run at a time. With a thousand at once, this would measure the listener's backlog.
 */
const HANDSHAKES = 32;
const FULL_PAUSE_MS = 250;

let stop = () => {};

function say(message: FromGenerator): void {
  process.send?.(message);
}

/** Latencies of the requests that ended during the measurement. */
class Measurement {
  #startedMs = Infinity;
  #endedMs = Infinity;
  readonly #latenciesMs: number[] = [];
  bytes = 0;

  start(): void {
    say({ said: "measuring" });
    this.#startedMs = performance.now();
  }

  end(): LoadResult {
    this.#endedMs = performance.now();
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    return {
      count: sorted.length,
      bytes: this.bytes,
      elapsedMs: this.#endedMs - this.#startedMs,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      slowestOverMean: slowestOverMean(sorted),
    };
  }

  note(latencyMs: number): void {
    const now = performance.now();
    if (now >= this.#startedMs && now <= this.#endedMs) this.#latenciesMs.push(latencyMs);
  }
}

/** For transfers of equal size, a rate is the inverse of the time. */
function slowestOverMean(sortedMs: Float64Array): number {
  const rates = sortedMs.reduce((sum, ms) => sum + 1 / ms, 0);
  return sortedMs.length / rates / (sortedMs.at(-1) ?? NaN);
}

function exchange(
  client: Client,
  options: Omit<Dispatcher.DispatchOptions, "origin">,
  expectBytes: number | null,
  onBytes?: (count: number) => void,
): Promise<void> {
  return new Promise((done, fail) => {
    let bytes = 0;
    let status = 0;
    client.dispatch(options, {
      onRequestStart: () => {},
      onResponseStart: (_controller, code) => void (status = code),
      onResponseData: (_controller, chunk) => {
        bytes += chunk.byteLength;
        onBytes?.(chunk.byteLength);
      },
      onResponseEnd: () => {
        const right = status === 200 && (expectBytes === null || bytes === expectBytes);
        if (right) done();
        else fail(new Error(`${options.path} answered ${status} with ${bytes} bytes`));
      },
      onResponseError: (_controller, error) => fail(error),
    });
  });
}

/** Closes the clients after `use`, also if it fails: what goes on would disturb all later measurements. */
async function withClients(
  { url, concurrency }: RequestsJob | BulkJob | StreamsJob,
  use: (clients: readonly Client[], path: string) => Promise<LoadResult>,
): Promise<LoadResult> {
  const { origin, pathname, search } = new URL(url);
  const options = { pipelining: 1, bodyTimeout: 120_000, headersTimeout: 120_000 };
  const clients = Array.from({ length: concurrency }, () => new Client(origin, options));
  try {
    return await use(clients, pathname + search);
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

async function runRequests(job: RequestsJob, clients: readonly Client[], path: string): Promise<LoadResult> {
  const body = job.sendBytes === null ? null : Buffer.alloc(job.sendBytes, "culvert ");
  const method = body === null ? "GET" : "POST";
  const measurement = new Measurement();
  let running = true;
  const intervalMs = job.perSecond === undefined ? 0 : (1000 * job.concurrency) / job.perSecond;
  const beganMs = performance.now();
  const loop = async (client: Client, index: number): Promise<void> => {
    let dueMs = beganMs + (intervalMs * index) / job.concurrency;
    while (running) {
      const earlyMs = dueMs - performance.now();
      if (intervalMs > 0 && earlyMs > 0) await sleep(earlyMs);
      dueMs = Math.max(dueMs + intervalMs, performance.now());
      const startedMs = performance.now();
      await exchange(client, { path, method, headers: job.headers, body }, job.expectBytes);
      measurement.note(performance.now() - startedMs);
    }
  };
  const loops = Promise.all(clients.map(loop));
  const failed = loops.then(() => {});
  await Promise.race([failed, sleep(job.warmUpMs)]);
  measurement.start();
  await Promise.race([failed, sleep(job.measureMs)]);
  const result = measurement.end();
  running = false;
  await loops;
  return result;
}

function* chunks(totalBytes: number): Generator<Buffer> {
  for (let leftBytes = totalBytes; leftBytes > 0; leftBytes -= CHUNK.byteLength) {
    yield leftBytes >= CHUNK.byteLength ? CHUNK : CHUNK.subarray(0, leftBytes);
  }
}

async function runBulk(job: BulkJob, clients: readonly Client[], path: string): Promise<LoadResult> {
  const measurement = new Measurement();
  measurement.start();
  let stopped = false;
  stop = () => {
    stopped = true;
    for (const client of clients) void client.destroy();
  };
  const transfer = async (client: Client): Promise<void> => {
    if (job.pauseMs !== undefined) await sleep(job.pauseMs);
    const startedMs = performance.now();
    const counted = (count: number): void => void (measurement.bytes += count);
    if (job.direction === "down") {
      await exchange(client, { path, method: "GET", headers: job.headers }, job.bytes, counted);
    } else {
      const headers = { ...job.headers, "content-length": String(job.bytes) };
      const body = Readable.from(chunks(job.bytes), { objectMode: false, highWaterMark: 256 * 1024 });
      await exchange(client, { path, method: "POST", headers, body }, null);
      counted(job.bytes);
    }
    measurement.note(performance.now() - startedMs);
  };
  const untilStopped = async (client: Client): Promise<void> => {
    while (!stopped) await transfer(client);
  };
  if (job.forever === true) {
    // Transfers that are stopped halfway are no failure.
    await Promise.all(clients.map(untilStopped)).catch((error: unknown) => {
      if (!stopped) throw error;
    });
  } else {
    await Promise.all(
      clients.map(async (client) => {
        for (let done = 0; done < job.transfers; done += 1) await transfer(client);
      }),
    );
  }
  return measurement.end();
}

/** Resolves when the first bytes have come and the response goes on; with false if there is no room for it (503). */
function openStream(
  client: Client,
  options: Omit<Dispatcher.DispatchOptions, "origin">,
  onEnded: () => void,
): Promise<boolean> {
  return new Promise((opened, fail) => {
    let status = 0;
    client.dispatch(options, {
      onRequestStart: () => {},
      onResponseStart: (_controller, code) => void (status = code),
      onResponseData: (_controller, chunk) => {
        if (status === 200 || status === 503) opened(status === 200);
        else fail(new Error(`${options.path} answered ${status}: ${chunk.toString("utf8")}`));
      },
      onResponseEnd: () => {
        if (status === 200) onEnded();
      },
      onResponseError: (_controller, error) => {
        fail(error);
        onEnded();
      },
    });
  });
}

async function runStreams(job: StreamsJob, clients: readonly Client[], path: string): Promise<LoadResult> {
  const measurement = new Measurement();
  const stopped = new Promise<void>((done) => (stop = done));
  let ended = 0;
  const waiting = [...clients];
  const opener = async (): Promise<void> => {
    for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) {
      const options = { path, method: "GET", headers: job.headers };
      const onEnded = (): void => void (ended += 1);
      // Streams of the previous round take up room until the runtime notices that their readers have gone.
      while (!(await openStream(client, options, onEnded))) await sleep(FULL_PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: HANDSHAKES }, opener));
  measurement.start();
  await stopped;
  const result = measurement.end();
  if (ended > 0) throw new Error(`${ended} of ${clients.length} streams ended`);
  return result;
}

async function openSocket(job: WebSocketsJob): Promise<WebSocket> {
  const socket = new WebSocket(job.url, { headers: job.headers, perMessageDeflate: false });
  await new Promise<void>((done, fail) => {
    socket.once("open", () => done());
    socket.once("error", fail);
  });
  return socket;
}

async function runWebSockets(job: WebSocketsJob): Promise<LoadResult> {
  const sockets: WebSocket[] = [];
  const opener = async (): Promise<void> => {
    while (sockets.length + pending < job.count) {
      pending += 1;
      const socket = await openSocket(job);
      pending -= 1;
      sockets.push(socket);
    }
  };
  let pending = 0;
  await Promise.all(Array.from({ length: HANDSHAKES }, opener));
  const measurement = new Measurement();
  measurement.start();
  const message = Buffer.alloc(job.messageBytes, "culvert ");
  let lost = 0;
  for (const socket of sockets) {
    socket.on("close", () => (lost += 1));
    if (job.messageBytes === 0) continue;
    let sentMs = performance.now();
    socket.on("message", () => {
      const nowMs = performance.now();
      measurement.note(nowMs - sentMs);
      sentMs = nowMs;
      socket.send(message);
    });
    socket.send(message);
  }
  await sleep(job.measureMs);
  const result = measurement.end();
  const lostWhileMeasuring = lost;
  for (const socket of sockets) socket.terminate();
  if (lostWhileMeasuring > 0) throw new Error(`${lostWhileMeasuring} of ${job.count} WebSockets were closed`);
  return job.messageBytes === 0 ? { ...result, count: sockets.length } : result;
}

function run(job: LoadJob): Promise<LoadResult> {
  switch (job.kind) {
    case "requests":
      return withClients(job, (clients, path) => runRequests(job, clients, path));
    case "bulk":
      return withClients(job, (clients, path) => runBulk(job, clients, path));
    case "streams":
      return withClients(job, (clients, path) => runStreams(job, clients, path));
    case "websockets":
      return runWebSockets(job);
  }
}

process.on("message", (message: ToGenerator) => {
  if ("stop" in message) return stop();
  run(message.job).then(
    (result) => say({ said: "done", result }),
    (error: unknown) => say({ said: "failed", message: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
