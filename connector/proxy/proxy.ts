import { Agent as PlainAgent, request as requestPlain } from "node:http";
import { Agent, type AgentOptions } from "node:https";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { dialInTime, type HostDialDeps, tcpTo } from "../names/index.ts";

/** An HTTP proxy, used with CONNECT. */
export interface Proxy {
  secure: boolean;
  host: string;
  port: number;
  /** Value of Proxy-Authorization. Never logged. */
  authorization: string | null;
}

/** Time-out of the connection to the proxy. Its answer gets a little longer. */
const TIMEOUT_MS = 9_000;
const SLACK_MS = 500;

/** `http(s)://[user:password@]host[:port]`, the scheme left out or not; null for anything else. */
export function parseProxyUrl(given: string): Proxy | null {
  const text = given.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return null;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return null;
  const secure = url.protocol === "https:";
  const credentials = credentialsOf(url);
  if (credentials === null) return null;
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authorization:
      credentials === ":" ? null : `Basic ${Buffer.from(credentials, "utf8").toString("base64")}`,
  };
}

/**
 * A connection to `authority` (host:port) through the proxy. `done` is called once, and never after a call of the returned function, which
 * abandons the attempt.
 */
export function connectThroughProxy(
  proxy: Proxy,
  authority: string,
  deps: HostDialDeps,
  done: (error: Error | null, connection: Duplex | null) => void,
): () => void {
  let abandonDial = (): void => {};
  const request = requestPlain({
    method: "CONNECT",
    host: proxy.host,
    port: proxy.port,
    path: authority,
    headers: {
      host: authority,
      ...(proxy.authorization === null ? {} : { "proxy-authorization": proxy.authorization }),
    },
    createConnection(_options, connected) {
      abandonDial = dialInTime(tcpTo(proxy.host, proxy.port), TIMEOUT_MS, deps, (error, socket) => {
        if (socket === null) fail(`cannot be used: ${error?.message}`);
        else connected(null, secureIfNeeded(socket, proxy));
      });
      return undefined;
    },
  });
  let settled = false;
  const cancelTimeout = deps.clock.after(TIMEOUT_MS + SLACK_MS, () => {
    fail(`did not answer within ${TIMEOUT_MS + SLACK_MS} ms`);
  });
  const settle = (error: Error | null, connection: Duplex | null): void => {
    cancelTimeout();
    if (!settled) done(error, connection);
    else connection?.destroy();
    settled = true;
  };
  const fail = (problem: string): void => {
    settle(new Error(`the proxy ${proxy.host}:${proxy.port} ${problem}`), null);
    end();
  };
  const end = (): void => {
    abandonDial();
    request.destroy();
  };
  const refuse = (status = 0): void => {
    fail(`answered ${status}${status === 407 ? ": set its name and password in HTTPS_PROXY" : ""}`);
  };
  request.on("connect", ({ statusCode = 0 }, connection, head) => {
    if (statusCode < 200 || statusCode > 299) {
      connection.destroy();
      return refuse(statusCode);
    }
    if (head.byteLength > 0) connection.unshift(head);
    settle(null, connection);
  });
  // Node reports a refused CONNECT as an ordinary response in some cases.
  request.on("response", ({ statusCode }) => refuse(statusCode));
  request.on("error", (error) => fail(`cannot be used: ${error.message}`));
  request.end();
  return () => {
    settled = true;
    cancelTimeout();
    end();
  };
}

function secureIfNeeded(socket: Socket, { secure, host }: Proxy): Socket {
  if (!secure) return socket;
  return connectTls({ socket, host, servername: isIP(host) === 0 ? host : "", ALPNProtocols: ["http/1.1"] });
}

/** An agent that dials as this process does, through the proxy if one is given. */
export function dialingAgent(secure: boolean, proxy: Proxy | null, deps: HostDialDeps): PlainAgent {
  const agent = secure ? new Agent({ keepAlive: true }) : new PlainAgent({ keepAlive: true });
  agent.createConnection = (options: AgentOptions, connected) => {
    const { host = "" } = options;
    const port = Number(options.port);
    const finish = (error: Error | null, socket: Duplex | null): void => {
      if (socket === null) connected?.(error, null as never);
      else connected?.(null, secure ? connectTls({ ...options, socket } as ConnectionOptions) : socket);
    };
    if (proxy === null) dialInTime(tcpTo(host, port), TIMEOUT_MS, deps, finish);
    else connectThroughProxy(proxy, `${host.includes(":") ? `[${host}]` : host}:${port}`, deps, finish);
    return undefined;
  };
  return agent;
}

function credentialsOf({ username, password }: URL): string | null {
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return null;
  }
}
