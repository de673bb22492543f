import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { parseTcpText, TCP_CLOSE_CLEAN, TCP_SUBPROTOCOL, TcpSocketCredit } from "../shared/tcp/tcp-socket.ts";

const HANDSHAKE_TIMEOUT_MS = 30_000;
/** What is silent for longer is cut by proxies; and a peer that has vanished is noticed. */
const PING_INTERVAL_MS = 25_000;
/** Of one connection, under way from the relay: over 80 ms that is 50 MB/s. What a slow client leaves is kept here. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Where the relay takes TCP over a WebSocket. */
export interface ForwardTarget {
  url: string;
  key: string;
}

/**
 * Carries one connection of this machine through the relay. `local` is paused. Where either side breaks off, the other is
 * reset: only both ends together are a clean one.
 */
export function carryOver(
  local: Socket,
  { url, key }: ForwardTarget,
  onProblem: (problem: string) => void,
): void {
  const socket = new WebSocket(url, TCP_SUBPROTOCOL, {
    headers: { "culvert-gateway-key": key },
    ...{ handshakeTimeout: HANDSHAKE_TIMEOUT_MS, perMessageDeflate: false, followRedirects: false },
  });
  const credit = new TcpSocketCredit(WINDOW_BYTES);
  const grant = (consumedBytes: number): void => {
    const window = credit.consumed(consumedBytes);
    if (window !== null && socket.readyState === WebSocket.OPEN) socket.send(window);
  };
  let [waysLeft, isOver, isAlive] = [2, false, true];
  const cut = (problem: string | null): void => {
    if (isOver) return;
    isOver = true;
    if (problem !== null) onProblem(problem);
    local.resetAndDestroy();
    socket.terminate();
  };
  /** Of the last read, what there was no room for: the socket waits with it. */
  let waiting: Buffer | null = null;
  const send = (bytes: Buffer): void => {
    const piece = bytes.subarray(0, Math.max(0, credit.roomBytes));
    waiting = piece.byteLength < bytes.byteLength ? bytes.subarray(piece.byteLength) : null;
    if (waiting !== null) local.pause();
    if (piece.byteLength === 0) return;
    credit.sent(piece.byteLength);
    socket.send(piece);
  };
  const wayEnded = (): void => void waysLeft--;
  let hasEnded = false;
  let hasSaidEnd = false;
  const goOn = (): void => {
    // A client may have ended before the relay has answered.
    if (socket.readyState !== WebSocket.OPEN) return;
    if (waiting !== null) send(waiting);
    if (waiting !== null) return;
    if (!hasEnded) return void local.resume();
    if (hasSaidEnd) return;
    hasSaidEnd = true;
    wayEnded();
    socket.send("end");
  };
  const pings = setInterval(() => {
    if (!isAlive) return cut("the relay did not answer");
    isAlive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
    else isAlive = true;
  }, PING_INTERVAL_MS);

  socket.on("open", () => {
    grant(0);
    goOn();
  });
  socket.on("pong", () => (isAlive = true));
  socket.on("unexpected-response", (_request: unknown, response: IncomingMessage) => {
    const { "culvert-error": code = `HTTP ${response.statusCode}`, "culvert-error-detail": detail = "" } =
      response.headers;
    response.resume();
    cut(`refused: ${String(code)}${detail === "" ? "" : `: ${String(detail)}`}`);
  });
  socket.on("error", (error) => cut(error.message));
  socket.on("message", (data: Buffer, isBinary) => {
    isAlive = true;
    if (isBinary) {
      if (!credit.received(data.byteLength)) return cut("the relay sent more than it may");
      local.write(data, () => grant(data.byteLength));
      return;
    }
    const text = parseTcpText(data.toString("utf8"));
    if (text === null) return cut("the relay does not keep to its protocol");
    if (text.kind === "window") {
      credit.granted(text.limitBytes);
      return goOn();
    }
    wayEnded();
    local.end();
  });
  socket.on("close", (code, reason) => {
    clearInterval(pings);
    if (code === TCP_CLOSE_CLEAN && waysLeft === 0) isOver = true;
    else cut(`cut: ${reason.toString("utf8") || `close ${code}`}`);
  });

  local.on("data", send);
  local.on("end", () => {
    // Node tells it of a paused socket as well, while its last bytes wait here.
    hasEnded = true;
    goOn();
  });
  local.on("error", () => cut(null));
  local.on("close", () => {
    if (waysLeft > 0) cut(null);
  });
}
