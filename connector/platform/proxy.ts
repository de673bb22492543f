import { request as requestPlain } from "node:http";
import { Agent, type AgentOptions, request as requestSecure } from "node:https";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** An HTTP proxy that is asked to CONNECT. */
export interface Proxy {
  secure: boolean;
  host: string;
  port: number;
  /** Value of Proxy-Authorization. Never logged. */
  authorization: string | null;
}

const TIMEOUT_MS = 10_000;

/** `http(s)://[user:password@]host[:port]`, the scheme left out or not; null for anything else. */
export function parseProxyUrl(text: string): Proxy | null {
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
 * A connection to `authority` (host:port) through the proxy. `done` is called once, and never after the function
 * returned was called, which abandons the attempt.
 */
export function connectThroughProxy(
  proxy: Proxy,
  authority: string,
  done: (error: Error | null, connection: Duplex | null) => void,
): () => void {
  const request = (proxy.secure ? requestSecure : requestPlain)({
    method: "CONNECT",
    host: proxy.host,
    port: proxy.port,
    path: authority,
    agent: false,
    timeout: TIMEOUT_MS,
    headers: {
      host: authority,
      ...(proxy.authorization === null ? {} : { "proxy-authorization": proxy.authorization }),
    },
  });
  let settled = false;
  const settle = (error: Error | null, connection: Duplex | null): void => {
    if (!settled) done(error, connection);
    else connection?.destroy();
    settled = true;
  };
  const fail = (problem: string): void => {
    settle(new Error(`the proxy ${proxy.host}:${proxy.port} ${problem}`), null);
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
    connection.setTimeout(0);
    if (head.byteLength > 0) connection.unshift(head);
    settle(null, connection);
  });
  // Without a body to wait for, Node takes any refusal of a CONNECT for one of an ordinary request.
  request.on("response", ({ statusCode }) => refuse(statusCode));
  request.on("timeout", () => fail(`did not answer within ${TIMEOUT_MS} ms`));
  request.on("error", (error) => fail(`cannot be used: ${error.message}`));
  request.end();
  return () => {
    settled = true;
    request.destroy();
  };
}

/** For `https` requests that are to go through the proxy. */
export function agentThrough(proxy: Proxy): Agent {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = (options: AgentOptions, connected) => {
    const { host = "", port } = options;
    connectThroughProxy(proxy, `${host.includes(":") ? `[${host}]` : host}:${port}`, (error, tunnel) => {
      if (tunnel === null) connected?.(error, null as never);
      else connected?.(null, connectTls({ ...options, socket: tunnel } as ConnectionOptions));
    });
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
