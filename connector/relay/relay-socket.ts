import { once } from "node:events";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { RelayAddress } from "./dial-relay.ts";
import { dialInTime, type HostDialDeps, tcpTo } from "../names/index.ts";
import { connectThroughProxy, type Proxy } from "../proxy/proxy.ts";

export interface RelayEndpoint {
  secure: boolean;
  /** Without brackets. */
  host: string;
  port: number;
  /** The proxy on the way; null: none. */
  proxy: Proxy | null;
}

/** Where a connection to the relay goes, and through which proxy. */
export function relayEndpoint({ relayUrl, proxy, proxyBypass }: RelayAddress): RelayEndpoint {
  const { protocol, hostname, port: portText } = new URL(relayUrl);
  const secure = protocol === "https:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(portText || (secure ? 443 : 80));
  return { secure, host, port, proxy: secure && !proxyBypass(host, port) ? proxy : null };
}

/** A connection to the relay's host, through the proxy if there is one. */
export function openRelaySocket(
  endpoint: RelayEndpoint,
  timeoutMs: number,
  deps: HostDialDeps,
): Promise<Duplex> {
  const { host, port, proxy } = endpoint;
  return new Promise((resolve, reject) => {
    if (proxy !== null) {
      const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      connectThroughProxy(proxy, authority, deps, (error, socket) => {
        if (socket === null) reject(error ?? new Error("no connection"));
        else resolve(socket);
      });
      return;
    }
    dialInTime(tcpTo(host, port), timeoutMs, deps, (error, socket) => {
      if (socket === null) reject(error ?? new Error("no connection"));
      else resolve(socket);
    });
  });
}

/** TLS over such a connection, with the connector's own checks. */
export async function secureRelaySocket(
  socket: Duplex,
  { host }: RelayEndpoint,
  timeoutMs: number,
): Promise<TLSSocket> {
  const servername = isIP(host) === 0 ? host : "";
  const secured = connectTls({ socket, host, servername, ALPNProtocols: ["http/1.1"] });
  secured.setTimeout(timeoutMs, () => secured.destroy(new Error(`no TLS within ${timeoutMs} ms`)));
  await once(secured, "secureConnect");
  secured.setTimeout(0);
  return secured;
}
