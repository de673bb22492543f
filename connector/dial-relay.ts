import { WebSocket } from "ws";
import { MAX_MESSAGE_BYTES, SUBPROTOCOL } from "../shared/protocol/limits.ts";
import type { DialRelay } from "./relay-connection.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** A relay's own close may take 10 s to show here, so nothing waits longer than this for it. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Dials `/v1/connect` of the relay; the token travels in a header, never in the URL. */
export function relayDialler(relayUrl: string, tokenText: string): DialRelay {
  return (events) => {
    const socket = new WebSocket(new URL("/v1/connect", relayUrl), SUBPROTOCOL, {
      headers: { authorization: `Bearer ${tokenText}` },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      followRedirects: false,
    });
    const transport = new WebSocketTransport(socket, () => events.onDrained());
    let ended = false;

    socket.on("open", () => events.onOpen());
    socket.on("message", (data, isBinary) => {
      if (ended || !Buffer.isBuffer(data)) return;
      if (isBinary) events.onMessage(data);
      else events.onText(data.toString("utf8"));
    });
    socket.on("unexpected-response", (_request, response) => {
      if (!ended) events.onRefused(response.statusCode ?? 0);
    });
    socket.on("error", (error) => {
      if (!ended) events.onLost(error.message);
    });
    socket.on("close", (code) => {
      if (!ended) events.onLost(`closed with code ${code}`);
    });

    return {
      send: (message) => transport.send(message),
      bufferedBytes: () => transport.bufferedBytes(),
      sendText: (text) => socket.send(text),
      close(code, reason) {
        ended = true;
        if (socket.readyState !== socket.OPEN) return socket.terminate();
        const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
        socket.once("close", () => clearTimeout(timer));
        transport.close(code, reason);
      },
      terminate() {
        ended = true;
        socket.terminate();
      },
    };
  };
}
