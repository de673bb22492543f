import { isIP, type createConnection } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ClientOptions, WebSocket } from "ws";
import { MAX_MESSAGE_BYTES, SUBPROTOCOL } from "../shared/protocol/limits.ts";
import { connectThroughProxy, type Proxy } from "./proxy.ts";
import type { ProxyBypass } from "./proxy-bypass.ts";
import type { DialRelay } from "./relay-connection.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** A relay's own close may take 10 s to show here, so nothing waits longer than this for it. */
const CLOSE_TIMEOUT_MS = 1_000;

export interface RelayAddress {
  /** Origin. */
  relayUrl: string;
  /** Never logged. */
  tokenText: string;
  /** For relays over TLS; one without is on this machine. */
  proxy: Proxy | null;
  proxyBypass: ProxyBypass;
}

/**
 * Dials `/v1/connect` of the relay; the token travels in a header, never in the URL. `address` is asked for each
 * connection.
 */
export function relayDialler(address: () => RelayAddress): DialRelay {
  return (events) => {
    const { relayUrl, tokenText, proxy, proxyBypass } = address();
    const url = new URL("/v1/connect", relayUrl);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = Number(url.port || 443);
    let abandonProxy = (): void => {};

    /** As `ws` is handed it: `net.createConnection` with a callback (http.Agent, createConnection). */
    const throughProxy = (way: Proxy, connected: (error: Error | null, socket?: unknown) => void): void => {
      const authority = `${url.hostname}:${port}`;
      abandonProxy = connectThroughProxy(way, authority, (error, tunnel) => {
        if (tunnel === null) return connected(error);
        const servername = isIP(host) === 0 ? host : "";
        connected(null, connectTls({ socket: tunnel, host, servername, ALPNProtocols: ["http/1.1"] }));
      });
    };
    const options: ClientOptions = {
      headers: { authorization: `Bearer ${tokenText}` },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      followRedirects: false,
    };
    if (proxy !== null && url.protocol === "https:" && !proxyBypass(host, port)) {
      const connect = (_options: unknown, connected: Parameters<typeof throughProxy>[1]) =>
        throughProxy(proxy, connected);
      options.createConnection = connect as unknown as typeof createConnection;
    }
    const socket = new WebSocket(url, SUBPROTOCOL, options);
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

    const terminate = (): void => {
      ended = true;
      abandonProxy();
      socket.terminate();
    };
    return {
      send: (frames) => transport.send(frames),
      bufferedBytes: () => transport.bufferedBytes(),
      sendText: (text) => socket.send(text),
      close(code, reason) {
        if (socket.readyState !== socket.OPEN) return terminate();
        ended = true;
        const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
        socket.once("close", () => clearTimeout(timer));
        transport.close(code, reason);
      },
      terminate,
    };
  };
}
