import type { Agent } from "node:http";
import { TAIL_SUBPROTOCOL, type TailMessage } from "../shared/events/tail.ts";
import { CommandError } from "./exit-code.ts";
import { reasonOf } from "./relay/way-to-relay.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;
/**
 * The relay's platform answers without waking the object. No answer for two intervals means that the connection is lost.
 */
const PING_INTERVAL_MS = 25_000;

export interface TailTarget {
  /** Origin of the relay. */
  relay: string;
  agent: Agent;
  key: string;
  /** A path of the admin API, with its query. */
  path: string;
  /** The message for a 404. */
  missing: string;
  /** It was connected before. If the relay is then busy or unreachable, it is a loss and tried again, not an error. */
  isPatient?: boolean;
}

/**
 * Watches until the connection is lost or `signal` is aborted. Returns for how many milliseconds it was connected. Throws
 * CommandError if the relay refuses, or if the first attempt does not reach it. A later loss is no error.
 */
export async function watchOnce(
  { relay, agent, key, path, missing, isPatient = false }: TailTarget,
  signal: AbortSignal,
  onMessage: (message: TailMessage) => Promise<void>,
): Promise<number> {
  // Imported only here, because `culvert connect`, the most frequent use of this program, does not need it.
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(`${relay.replace(/^http/, "ws")}/v1${path}`, TAIL_SUBPROTOCOL, {
    agent,
    headers: { authorization: `Bearer ${key}` },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let openedAtMs: number | null = null;
  let lastHeardMs = 0;
  let received = 0;
  let handled = Promise.resolve();
  const leave = (): void => (openedAtMs === null ? socket.terminate() : socket.close(1000));
  signal.addEventListener("abort", leave, { once: true });
  const pings = setInterval(() => {
    if (openedAtMs === null) return;
    if (Date.now() - lastHeardMs > 2 * PING_INTERVAL_MS) socket.terminate();
    else socket.send("p");
  }, PING_INTERVAL_MS);

  socket.on("open", () => (openedAtMs = lastHeardMs = Date.now()));
  socket.on("message", (data: Buffer, isBinary) => {
    lastHeardMs = Date.now();
    const text = data.toString("utf8");
    if (isBinary || text === "q") return;
    // One message at a time. The relay is told what was shown, not what was received, so that a slow terminal slows it
    // down.
    handled = handled.then(async () => {
      const message = JSON.parse(text) as TailMessage;
      await onMessage(message);
      received += message.events.length;
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ received }));
    });
    handled.catch(reject);
  });
  socket.on("unexpected-response", (_request, response) => {
    response.resume();
    socket.terminate();
    const status = response.statusCode ?? 0;
    if (!isPatient || (status < 500 && status !== 429)) reject(refusal(status, relay, missing));
  });
  socket.on("error", (error) => {
    if (openedAtMs !== null || isPatient || signal.aborted) return;
    const message = `The relay at ${relay} cannot be reached: ${reasonOf(error)}`;
    reject(new CommandError("unreachable", message, { cause: error }));
  });
  socket.on("close", () => resolve(openedAtMs === null ? 0 : Date.now() - openedAtMs));
  try {
    const connectedMs = await promise;
    await handled;
    return connectedMs;
  } finally {
    clearInterval(pings);
    signal.removeEventListener("abort", leave);
  }
}

function refusal(status: number, relay: string, missing: string): CommandError {
  if (status === 401 || status === 403)
    return new CommandError("notAuthorised", "The relay does not accept this key.");
  if (status === 404) return new CommandError("notFound", missing);
  if (status === 400)
    return new CommandError("usage", "The relay does not understand a filter: see `culvert tail --help`.");
  if (status === 429)
    return new CommandError(
      "failed",
      "The relay refuses for now: too many clients are watching, or there were too many wrong keys.",
    );
  return new CommandError("unreachable", `${relay} answered ${status} to a watcher.`);
}
