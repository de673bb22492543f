import { isIP, type OnReadOpts } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { SUBPROTOCOL } from "../../shared/protocol/index.ts";
import { type Identity, IDENTITY_FIELD } from "../../shared/tokens/token.ts";
import { dialInTime, type HostDialDeps, type HostDialOptions, tcpTo } from "../names/index.ts";
import { guarded } from "../platform/index.ts";
import { connectThroughProxy, type Proxy } from "../proxy/proxy.ts";
import type { ProxyBypass } from "../proxy/proxy-bypass.ts";
import type { DialRelay } from "./relay-transport.ts";
import { SocketReader } from "./socket-reader.ts";
import { webSocketHandshake, type WebSocketRequest } from "./websocket-handshake.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** Shorter than the handshake's time-out, so that the error can say what the dial was waiting for. */
const DIAL_TIMEOUT_MS = 9_000;

export interface RelayAddress {
  /** Origin. */
  relayUrl: string;
  /** Never logged. */
  tokenText: string;
  /** The identity that the token proves; null: it is the tunnel's own token, which names the tunnel. */
  identity: Identity | null;
  /** Only for relays over TLS. A relay without TLS is on this machine. */
  proxy: Proxy | null;
  proxyBypass: ProxyBypass;
}

/**
 * Dials `/v1/connect` of the relay. The token travels in a header, never in the URL. `address` is called for each
 * connection. Look-ups are separate from those of upstreams' names, whose servers may not answer.
 */
export function relayDialler(address: () => RelayAddress, deps: HostDialDeps): DialRelay {
  return (events, object = null) => {
    const { relayUrl, tokenText, identity, proxy, proxyBypass } = address();
    const url = new URL("/v1/connect", relayUrl);
    if (object !== null) url.searchParams.set("object", object);
    const secure = url.protocol === "https:";
    const defaultPort = secure ? 443 : 80;
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = Number(url.port || defaultPort);
    const servername = isIP(host) === 0 ? host : "";
    let transport: WebSocketTransport | null = null;
    let abandonDial = (): void => {};

    const connect: WebSocketRequest["connect"] = (reader, connected) => {
      const { onread } = reader;
      if (!secure || proxy === null || proxyBypass(host, port)) {
        const options = secure ? tlsTo(host, port, onread) : tcpTo(host, port, onread);
        abandonDial = dialInTime(options, DIAL_TIMEOUT_MS, deps, connected);
        return;
      }
      abandonDial = connectThroughProxy(proxy, `${url.hostname}:${port}`, deps, (error, tunnel) => {
        if (tunnel === null) return connected(error, null);
        const socket = connectTls({ socket: tunnel, host, servername, ALPNProtocols: ["http/1.1"] });
        socket.on("data", (bytes: Buffer) => reader.handOn(bytes));
        connected(null, socket);
      });
    };
    const reader = new SocketReader();
    const abandonHandshake = webSocketHandshake(
      {
        ...{
          host,
          port,
          defaultPort,
          path: `${url.pathname}${url.search}`,
          subprotocol: SUBPROTOCOL,
          connect,
        },
        headers: {
          authorization: `Bearer ${tokenText}`,
          ...(identity === null ? {} : { [IDENTITY_FIELD]: `${identity.tunnelId}/${identity.kid}` }),
        },
      },
      reader,
      {
        onAccepted(socket, head) {
          const accepted = new WebSocketTransport(socket, events);
          const read = guarded(
            (bytes: Buffer) => accepted.read(bytes),
            (thrown) => events.onFault(thrown),
          );
          reader.listen(read);
          transport = accepted;
          events.onOpen();
          read(head);
        },
        onRefused: (status, spoken) => events.onRefused(status, spoken),
        onFailed: (reason) => events.onLost(reason),
      },
    );

    const terminate = (): void => {
      abandonDial();
      abandonHandshake();
      transport?.terminate();
    };
    return {
      send: (frames) => transport?.send(frames),
      bufferedBytes: () => transport?.bufferedBytes() ?? 0,
      sendText: (text) => transport?.sendText(text),
      close(code, reason) {
        if (transport === null) terminate();
        else transport.close(code, reason);
      },
      terminate,
    };
  };
}

/** Each attempt is a TLS socket from the start, because TLS over an existing socket cannot read into our own buffer. */
function tlsTo(host: string, port: number, onread: OnReadOpts): HostDialOptions {
  const servername = isIP(host) === 0 ? host : "";
  return {
    ...{ host, port },
    connect({ address, family }) {
      // Node documents this option, but its types lack it.
      const options: ConnectionOptions & { onread: OnReadOpts; family: number } = {
        ...{ host: address, family, port, servername, onread },
      };
      return connectTls(options);
    },
  };
}
