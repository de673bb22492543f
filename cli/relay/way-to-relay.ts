import { lookup } from "node:dns";
import { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import type { NameSource } from "../../connector/names/index.ts";
import { nodeClock } from "../../connector/platform/index.ts";
import { parseProxyBypass } from "../../connector/proxy/proxy-bypass.ts";
import { dialingAgent, parseProxyUrl } from "../../connector/proxy/proxy.ts";
import { CommandError } from "../exit-code.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Looks names up with the operating system, unlike the connector: a person's machine may use a VPN's names or mDNS. */
const SYSTEM_NAMES: NameSource = {
  servers: ["of this system"],
  forget() {},
  lookUp(host, events) {
    let isOver = false;
    lookup(host, { all: true }, (error, found) => {
      if (isOver) return;
      if (error !== null) return events.onEnd(`${host} has no address: ${error.code ?? error.message}`);
      events.onAddresses(
        found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }) as const),
      );
      events.onEnd(null);
    });
    return () => {
      isOver = true;
    };
  },
};

/**
 * The agent for requests to this relay. It reads HTTPS_PROXY and NO_PROXY as `culvert connect` does, and uses the proxy
 * only for TLS. Node itself reads additional CAs from NODE_EXTRA_CA_CERTS.
 */
export function agentFor(relay: string, env: Env): PlainAgent {
  const { protocol, hostname, port } = new URL(relay);
  if (protocol !== "https:") return new PlainAgent({ keepAlive: true });
  const text = valueOf(env, "HTTPS_PROXY");
  const bypass = parseProxyBypass(valueOf(env, "NO_PROXY"));
  if (text === "" || bypass(hostname.replace(/^\[(.*)\]$/, "$1"), Number(port || 443)))
    return new Agent({ keepAlive: true });
  const proxy = parseProxyUrl(text);
  // The message does not show the value, because it may contain a password.
  if (proxy === null)
    throw new CommandError("usage", "HTTPS_PROXY must be http://host:port or https://host:port");
  return dialingAgent(true, proxy, { clock: nodeClock, names: SYSTEM_NAMES });
}

function valueOf(env: Env, name: string): string {
  return env[name] || env[name.toLowerCase()] || "";
}

/**
 * Why a relay could not be reached, and what may help. If several addresses were tried, Node puts one error for each into
 * an AggregateError.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return [...new Set(error.errors.map(reasonOf))].join("; ");
  }
  if (!(error instanceof Error)) return "unknown reason";
  const { code } = error as NodeJS.ErrnoException;
  // For TLS, OpenSSL's codes say more than the texts. For the system's errors, people search for the code.
  const reason = code === undefined || error.message.startsWith("the proxy ") ? error.message : code;
  const help = HELP.find(([form]) => form.test(reason))?.[1];
  return help === undefined ? reason : `${reason}: ${help}`;
}

/** Help by the codes of OpenSSL and Node. The first expression that matches is used. */
const HELP: readonly (readonly [reason: RegExp, help: string])[] = [
  [/CERT_HAS_EXPIRED/, "its certificate has expired; or this machine's clock is wrong"],
  [/CERT_NOT_YET_VALID/, "its certificate is not valid yet; or this machine's clock is wrong"],
  [/ALTNAME_INVALID/, "its certificate is for other names: check the relay's URL"],
  [/CERT_REVOKED/, "its certificate is revoked"],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, "it does not speak TLS on this port"],
  [
    /CERT|ISSUER|SELF_SIGNED/,
    "a private CA, or a proxy that opens TLS, needs its certificate in NODE_EXTRA_CA_CERTS",
  ],
];
