import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Dice } from "../support/dice.ts";
import { contentOf, sha256 } from "./content.ts";

const CALL_TIMEOUT_MS = 120_000;
const MAX_BYTES = 600_000;
/** The codes that the relay may answer for a request that a fault prevented. */
const PERMITTED: ReadonlySet<string> = new Set([
  "CONNECTOR_LOST",
  "NO_CONNECTOR",
  "RELAY_RESTART",
  "OVERLOADED",
]);
/** With these codes, nothing was sent. */
const NOT_SENT: ReadonlySet<string> = new Set(["NO_CONNECTOR", "OVERLOADED"]);

export interface Outcome {
  id: string;
  /** The outcome: `ok`, `cancelled`, `aborted`, `unreachable` (the gateway itself was down) or a code. */
  result: string;
  /** It may be executed twice: the method is safe, or it is idempotent and the service opted in. */
  repeatable: boolean;
  /** It must not have been executed at all. */
  notSent: boolean;
  /** A violation of what must never happen. */
  problem: string | null;
}

interface Target {
  url(service: string, path: string): string;
  /** Returns a signal that aborts when a request that starts now has taken too long. Absent: after two minutes. */
  patience?(): AbortSignal;
}

function patienceOf(target: Target): AbortSignal {
  return target.patience?.() ?? AbortSignal.timeout(CALL_TIMEOUT_MS);
}

/** Sends one request of a random kind as a client of the gateway, and checks its outcome. */
export async function chaosRequest(target: Target, id: string, dice: Dice): Promise<Outcome> {
  const kind = dice.below(100);
  if (kind < 8) return webSocket(target, id, dice);
  const method = dice.pick("GET", "GET", "POST", "PUT");
  const service = dice.pick("api", "api", "retry-api");
  const outcome: Outcome = {
    id,
    result: "ok",
    repeatable: method === "GET" || (service === "retry-api" && method === "PUT"),
    notSent: false,
    problem: null,
  };
  const bytes = sizeOf(dice);
  const sent = method === "GET" ? null : contentOf(`body of ${id}`, sizeOf(dice));
  const options = [dice.below(2) === 0 ? "&length" : "", dice.below(10) === 0 ? "&drip" : ""].join("");
  const cancelling = new AbortController();
  const cancels = dice.below(12) === 0;
  if (cancels) setTimeout(() => cancelling.abort(), dice.below(40));
  const readsSlowly = dice.below(20) === 0;
  const overdue = patienceOf(target);
  try {
    const response = await fetch(target.url(service, `/work?id=${id}&bytes=${bytes}${options}`), {
      method,
      ...(sent === null ? {} : { body: dice.below(2) === 0 ? sent : streamOf(sent), duplex: "half" }),
      signal: AbortSignal.any([cancelling.signal, overdue]),
    });
    const body = await bodyOf(response, readsSlowly);
    if (response.status === 200) judge(outcome, response, body, contentOf(id, bytes), sent);
    else judgeRefusal(outcome, response, body.toString());
  } catch (thrown) {
    const reason = String(thrown);
    if (cancelling.signal.aborted) outcome.result = "cancelled";
    else if (overdue.aborted) outcome.problem = "no end within two minutes";
    else outcome.result = /fetch failed/.test(reason) ? "unreachable" : "aborted";
  }
  return outcome;
}

/** Most sizes are small. */
function sizeOf(dice: Dice): number {
  return dice.pick<() => number>(
    () => 0,
    () => dice.below(200),
    () => dice.below(2_000),
    () => dice.below(20_000),
    () => dice.below(100_000),
    () => dice.below(MAX_BYTES),
  )();
}

/** A body without a known length. */
function streamOf(bytes: Buffer): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, at + 30_000)));
      at += 30_000;
    },
  });
}

async function bodyOf(response: Response, readsSlowly: boolean): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    if (readsSlowly) await sleep(2);
  }
  return Buffer.concat(chunks);
}

function judge(
  outcome: Outcome,
  response: Response,
  body: Buffer,
  expected: Buffer,
  sent: Buffer | null,
): void {
  if (response.headers.get("x-id") !== outcome.id) outcome.problem = "the answer to another request";
  else if (!body.equals(expected))
    outcome.problem = `${body.byteLength} wrong bytes for ${expected.byteLength}`;
  else if (response.headers.get("x-body-sha256") !== sha256(sent ?? Buffer.alloc(0))) {
    outcome.problem = "another body was executed";
  }
}

function judgeRefusal(outcome: Outcome, response: Response, text = ""): void {
  const code = response.headers.get("culvert-error") ?? `status ${response.status}`;
  outcome.result = code;
  outcome.notSent = NOT_SENT.has(code);
  if (!PERMITTED.has(code)) outcome.problem = `failed with ${code}: ${text}`;
}

/**
 * Messages come back in order, each once, up to the point where the WebSocket ended. A clean end comes after all of them.
 */
async function webSocket(target: Target, id: string, dice: Dice): Promise<Outcome> {
  const outcome: Outcome = { id, result: "ok", repeatable: true, notSent: false, problem: null };
  const messages = Array.from({ length: 1 + dice.below(12) }, (_, number) =>
    contentOf(`${id}:${number}`, dice.below(number % 4 === 3 ? 100_000 : 500)),
  );
  const socket = new WebSocket(target.url("api", `/echo?id=${id}`).replace("http", "ws"), {
    perMessageDeflate: false,
  });
  let received = 0;
  socket.on("error", () => {});
  socket.on("unexpected-response", (_request, response) => {
    judgeRefusal(
      outcome,
      new Response(null, {
        status: response.statusCode ?? 500,
        headers: { "culvert-error": String(response.headers["culvert-error"]) },
      }),
    );
    socket.terminate();
  });
  socket.on("open", () => {
    for (const message of messages) socket.send(message);
  });
  socket.on("message", (data: Buffer) => {
    if (messages[received]?.equals(data) !== true) outcome.problem ??= `message ${received} is wrong`;
    received++;
    // The closing handshake is done. The runtime ends the TCP connection seconds later.
    if (received === messages.length) socket.close(1000);
  });
  const hangUp = setInterval(() => socket.readyState === socket.CLOSING && socket.terminate(), 50);
  const overdue = patienceOf(target);
  const giveUp = () => {
    outcome.problem ??= "a WebSocket without an end";
    socket.terminate();
  };
  overdue.addEventListener("abort", giveUp);
  await new Promise((resolve) => socket.on("close", resolve));
  clearInterval(hangUp);
  overdue.removeEventListener("abort", giveUp);
  if (outcome.result === "ok" && received < messages.length) outcome.result = "aborted";
  return outcome;
}
