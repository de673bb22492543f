import { legalCloseCode, utf8Prefix } from "../../shared/protocol/frame-payloads.ts";
import type { ResponseHead } from "../../shared/protocol/head.ts";
import { MAX_CLOSE_REASON_BYTES, MAX_WEBSOCKET_MESSAGE_BYTES } from "../../shared/protocol/limits.ts";
import type { Exchange } from "./exchange.ts";
import { responseHeaders } from "./request-head.ts";

/** A gateway that reads slowly: beyond this its messages wait on the connector's side. */
const GATEWAY_BACKLOG_BYTES = 1024 * 1024;
const BACKLOG_CHECK_MS = 10;
/** Workers cannot hold a sender back: beyond this a gateway that outruns the upstream is closed with 1013. */
const MAX_QUEUED_BYTES = MAX_WEBSOCKET_MESSAGE_BYTES;

const CLOSE_NORMAL = 1000;
/** RFC 6455 §7.1.5: reported where the close frame had no code, or where there was none. */
const CLOSE_WITHOUT_CODE = 1005;
const CLOSE_ABNORMAL = 1006;
const CLOSE_INVALID_TEXT = 1007;
const CLOSE_TOO_LARGE = 1009;
const CLOSE_INTERNAL = 1011;
const CLOSE_TRY_AGAIN = 1013;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const decoder = new TextDecoder();

/** The 101 that the gateway gets, with its end of the socket; the other end is joined to the exchange's stream. */
export function relayWebSocket(exchange: Exchange, head: ResponseHead): Response {
  const { 0: gatewayEnd, 1: socket } = new WebSocketPair();
  socket.binaryType = "arraybuffer";
  socket.accept();
  receiveFromGateway(exchange, socket);
  sendToGateway(exchange, socket).catch(() => {
    closeSocket(socket, CLOSE_INTERNAL, "the tunnel failed");
    exchange.stream.reset("CANCEL", "the gateway's socket failed");
  });
  return new Response(null, { status: 101, webSocket: gatewayEnd, headers: responseHeaders(head.fields) });
}

function receiveFromGateway(exchange: Exchange, socket: WebSocket): void {
  const { stream } = exchange;
  socket.addEventListener("message", ({ data }) => {
    const text = typeof data === "string";
    const bytes = text ? encoder.encode(data) : new Uint8Array(data as ArrayBuffer);
    stream.writeMessage(bytes, text, false);
    if (stream.queuedBytes <= MAX_QUEUED_BYTES) return;
    closeSocket(socket, CLOSE_TRY_AGAIN, "the upstream reads too slowly");
    stream.reset("CANCEL", "the gateway outran the upstream");
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (code === CLOSE_ABNORMAL) stream.reset("CANCEL", "the gateway's socket was lost");
    else stream.sendClose(code === CLOSE_WITHOUT_CODE ? CLOSE_NORMAL : code, reason);
    closeSocket(socket, code, reason);
  });
  socket.addEventListener("error", () => stream.reset("CANCEL", "the gateway's socket failed"));
}

async function sendToGateway(exchange: Exchange, socket: WebSocket): Promise<void> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const message = await exchange.nextMessage();
    if (message === null) break;
    parts.push(message.bytes);
    sizeBytes += message.bytes.byteLength;
    if (sizeBytes > MAX_WEBSOCKET_MESSAGE_BYTES) {
      closeSocket(socket, CLOSE_TOO_LARGE, "message too large");
      return exchange.stream.sendClose(CLOSE_TOO_LARGE, "message too large");
    }
    if (message.more) continue;
    const whole = joined(parts, sizeBytes);
    parts.length = 0;
    sizeBytes = 0;
    const data = message.text ? decodeText(whole) : whole;
    if (data === null) {
      closeSocket(socket, CLOSE_INVALID_TEXT, "text that is not UTF-8");
      return exchange.stream.sendClose(CLOSE_INVALID_TEXT, "text that is not UTF-8");
    }
    socket.send(data);
    while (socket.bufferedAmount > GATEWAY_BACKLOG_BYTES && socket.readyState === WebSocket.OPEN) {
      await new Promise((resolve) => setTimeout(resolve, BACKLOG_CHECK_MS));
    }
  }
  const close = exchange.stream.closeFrame;
  closeSocket(socket, close?.code ?? CLOSE_INTERNAL, close?.reason ?? "");
}

/** The gateway may have closed already: then there is nothing left to say. */
function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    const shortened = decoder.decode(utf8Prefix(reason, MAX_CLOSE_REASON_BYTES));
    socket.close(code === CLOSE_WITHOUT_CODE ? CLOSE_NORMAL : legalCloseCode(code), shortened);
  } catch {
    // Closed twice.
  }
}

function decodeText(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
