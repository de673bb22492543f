import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { parseTcpText, TCP_CLOSE_CLEAN, TCP_SUBPROTOCOL, TcpSocketCredit } from "../shared/tcp/tcp-socket.ts";

const HANDSHAKE_TIMEOUT_MS = 30_000;
/** Short enough that proxies do not cut an idle connection. A peer that has vanished is noticed after two intervals. */
const PING_INTERVAL_MS = 25_000;
/**
 * What the relay may send ahead of the local client on one connection: 50 MB/s over a path of 80 ms. This much is buffered
 * for a slow client.
 */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** The relay's URL for TCP over a WebSocket, and the key to use there. */
export interface ForwardTarget {
  url: string;
  key: string;
}

/**
 * Carries one TCP connection of this machine through the relay. `local` must be paused. If one side breaks off, the other
 * is reset, so that a peer never takes a broken transfer for a complete one.
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
  /** The part of the last read that exceeded the credit. The local socket stays paused until it is sent. */
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
    // The client may end before the relay has answered.
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
      if (!credit.received(data.byteLength)) return cut("the relay exceeded the flow-control limit");
      local.write(data, () => grant(data.byteLength));
      return;
    }
    const text = parseTcpText(data.toString("utf8"));
    if (text === null) return cut("the relay sent a malformed message");
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
    // Node emits this for a paused socket too, so `waiting` may still contain the last bytes.
    hasEnded = true;
    goOn();
  });
  local.on("error", () => cut(null));
  local.on("close", () => {
    if (waysLeft > 0) cut(null);
  });
}
