import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { screen } from "./screen.ts";

const DOWNLOAD_BYTES = 24 * 2 ** 20;
const UPLOAD_BYTES = 5 * 2 ** 20;
const EVENTS = 4;
const EVENT_INTERVAL_MS = 300;
const STEP_TIMEOUT_MS = 20_000;

export interface Gateway {
  url: string;
  key: string;
}

/**
 * Demonstrates one feature: calls the gateway, checks the result, and returns a line that describes it. Throws if the check
 * fails.
 */
interface Step {
  title: string;
  run: (gateway: Gateway) => Promise<string>;
}

/** Runs all steps, until it is interrupted. True if all of them succeed. */
export async function runShowcase(gateway: Gateway, interrupted: AbortSignal): Promise<boolean> {
  let allPassed = true;
  for (const { title, run } of steps) {
    screen.step(title);
    try {
      screen.passed(await run(gateway));
    } catch (error) {
      if (interrupted.aborted) return false;
      allPassed = false;
      screen.failed(error);
    }
  }
  return allPassed;
}

const steps: readonly Step[] = [
  { title: "JSON call", run: jsonCall },
  { title: "streamed download", run: download },
  { title: "upload", run: upload },
  { title: "server-sent events", run: serverSentEvents },
  { title: "WebSocket echo", run: webSocketEcho },
  {
    title: "a service of another environment",
    run: (gateway) => refused(gateway, "preview-only-api", 403, "ACCESS_DENIED"),
  },
  {
    title: "a service that does not exist",
    run: (gateway) => refused(gateway, "no-such-api", 404, "UNKNOWN_SERVICE"),
  },
  { title: "a caller without the gateway's key", run: strangerIsRefused },
];

function call({ url, key }: Gateway, path: string, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(STEP_TIMEOUT_MS);
  // Wrangler's local server compresses responses for clients that accept it. They then have no Content-Length.
  const headers = { "x-api-key": key, "accept-encoding": "identity" };
  return fetch(url + path, { ...init, headers, signal });
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)}, not ${String(expected)}`);
}

async function jsonCall(gateway: Gateway): Promise<string> {
  const startedMs = performance.now();
  const response = await call(gateway, "/payments/v1/charges?limit=2");
  expectEqual("the status", response.status, 200);
  const body = (await response.json()) as { charges: { id: string }[] };
  const elapsedMs = performance.now() - startedMs;
  expectEqual("the charges", body.charges.map(({ id }) => id).join(), "ch_1,ch_2");
  screen.detail(JSON.stringify(body));
  return `200 in ${elapsedMs.toFixed(0)} ms`;
}

async function download(gateway: Gateway): Promise<string> {
  const response = await call(gateway, `/payments/download?bytes=${DOWNLOAD_BYTES}`);
  expectEqual("the status", response.status, 200);
  expectEqual("the Content-Length", response.headers.get("content-length"), String(DOWNLOAD_BYTES));
  const hash = createHash("sha256");
  const show = screen.progress(DOWNLOAD_BYTES);
  const startedMs = performance.now();
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    hash.update(chunk);
    bytes += chunk.length;
    show(bytes);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  expectEqual("the size", bytes, DOWNLOAD_BYTES);
  const digest = `sha-256=:${hash.digest("base64")}:`;
  expectEqual("the SHA-256", digest, response.headers.get("repr-digest"));
  return `${bytes} bytes with the right SHA-256, ${(bytes / 2 ** 20 / seconds).toFixed(0)} MiB/s`;
}

async function upload(gateway: Gateway): Promise<string> {
  const body = randomBytes(UPLOAD_BYTES);
  const response = await call(gateway, "/payments/upload", { method: "POST", body });
  expectEqual("the status", response.status, 200);
  const seen = (await response.json()) as { bytes: number; sha256: string };
  expectEqual("the size that arrived", seen.bytes, UPLOAD_BYTES);
  expectEqual("the SHA-256 of what arrived", seen.sha256, createHash("sha256").update(body).digest("hex"));
  return `${seen.bytes} bytes arrived with the right SHA-256`;
}

async function serverSentEvents(gateway: Gateway): Promise<string> {
  const startedMs = performance.now();
  const response = await call(gateway, `/payments/events?count=${EVENTS}&intervalMs=${EVENT_INTERVAL_MS}`);
  expectEqual("the content type", response.headers.get("content-type"), "text/event-stream");
  const arrivedMs: number[] = [];
  let buffered = "";
  for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    buffered += text;
    const events = buffered.split("\n\n");
    buffered = events.pop() ?? "";
    for (const event of events) {
      const atMs = performance.now() - startedMs;
      arrivedMs.push(atMs);
      screen.detail(`${atMs.toFixed(0).padStart(5)} ms  ${/^data: (.*)$/m.exec(event)?.[1] ?? ""}`);
    }
  }
  expectEqual("the number of events", arrivedMs.length, EVENTS);
  for (const [index, atMs] of arrivedMs.entries()) {
    const gapMs = atMs - (arrivedMs[index - 1] ?? -Infinity);
    if (gapMs < EVENT_INTERVAL_MS / 3) throw new Error(`event ${index + 1} came with the one before it`);
  }
  return `${EVENTS} events, each as it was sent`;
}

async function webSocketEcho({ url, key }: Gateway): Promise<string> {
  const address = `${url.replace("http", "ws")}/payments/echo`;
  const socket = new WebSocket(address, { headers: { "x-api-key": key }, handshakeTimeout: STEP_TIMEOUT_MS });
  const signal = AbortSignal.timeout(STEP_TIMEOUT_MS);
  try {
    await once(socket, "open", { signal });
    for (const sent of [Buffer.from("hello through the tunnel"), randomBytes(100_000)]) {
      const answer = once(socket, "message", { signal }) as Promise<[Buffer, boolean]>;
      socket.send(sent, { binary: sent.length > 1000 });
      const [received] = await answer;
      expectEqual("the echo equal to what was sent", received.equals(sent), true);
    }
    const closed = once(socket, "close", { signal });
    socket.close(1000);
    expectEqual("the close code", (await closed)[0], 1000);
    return "text and 100,000 binary bytes came back, closed with 1000";
  } finally {
    socket.terminate();
  }
}

async function refused(gateway: Gateway, service: string, status: number, code: string): Promise<string> {
  const response = await call(gateway, `/services/${service}/v1/charges`);
  expectEqual("the status", response.status, status);
  expectEqual("culvert-error", response.headers.get("culvert-error"), code);
  const { message } = (await response.json()) as { message: string };
  return `${status} ${code}, "${message}"`;
}

async function strangerIsRefused({ url }: Gateway): Promise<string> {
  const response = await call({ url, key: "guess" }, "/payments/v1/charges");
  expectEqual("the status", response.status, 401);
  return "401, by the gateway's own policy";
}
