import { type IncomingMessage, request } from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import {
  type RelayAddress,
  relayDialler,
  adviceFor,
  openRelaySocket,
  type RelayEndpoint,
  relayEndpoint,
  secureRelaySocket,
} from "../relay/index.ts";
import type { HostDialDeps, Names } from "../names/index.ts";
import { fail, type Finding, pass, skip } from "./finding.ts";
import { type Handshake, shakeHands } from "./handshake.ts";

const TIMEOUT_MS = 10_000;
/** Certificates and expiring tokens depend on the clock, but a smaller difference does not matter to them. */
const MAX_SKEW_MS = 60_000;
/** The Date field counts whole seconds. */
const DATE_STEP_MS = 1_000;

/** Where names are looked up, as docs/connector.md says. */
const SOURCES = "the hosts file and the DNS servers of /etc/resolv.conf on this host; nothing else is asked";

const EGRESS = "let this host connect out to the relay, or set HTTPS_PROXY to the proxy that may";

/** Checks the way to the relay step by step. Each step needs the one before it. */
export async function examineRelay(
  address: RelayAddress,
  deps: HostDialDeps & { names: Names },
): Promise<Finding[]> {
  const endpoint = relayEndpoint(address);
  const findings = [proxyFinding(endpoint), await examineName(endpoint, deps.names)];
  let socket: Duplex | null = null;
  try {
    socket = await openRelaySocket(endpoint, TIMEOUT_MS, deps);
    findings.push(pass("connection", `${endpoint.host}:${endpoint.port} accepts connections`));
  } catch (error) {
    findings.push(
      fail("connection", messageOf(error), endpoint.proxy === null ? EGRESS : "check HTTPS_PROXY"),
    );
  }
  const secured = socket === null ? null : await examineTls(socket, endpoint, findings);
  if (secured === null) return [...findings, ...skipped(["relay", "clock"], "the relay cannot be reached")];
  try {
    findings.push(...(await examineAnswer(secured, address.relayUrl)));
  } catch (error) {
    findings.push(
      fail("relay", messageOf(error), "check that TUNNEL_RELAY, or the token's address, is a relay"),
    );
    findings.push(skip("clock", "the relay did not answer"));
  } finally {
    secured.destroy();
  }
  return findings;
}

/** Whether the relay accepts this token. Returns the services that it names, or null. */
export async function examineHandshake(
  address: RelayAddress,
  softwareVersion: string,
  deps: HostDialDeps,
): Promise<{ findings: Finding[]; handshake: Handshake }> {
  const dialRelay = relayDialler(() => address, deps);
  const handshake = await shakeHands(dialRelay, softwareVersion);
  if (handshake.ok) {
    const { relayVersion, roundTripMs, checks } = handshake;
    const services = `${checks.length} service${checks.length === 1 ? "" : "s"} to check`;
    const attached = pass("attach", `the relay (${relayVersion}) accepts the token and names ${services}`);
    return {
      handshake,
      findings: [
        attached,
        pass("latency", `${roundTripMs.toFixed(1)} ms round trip`),
        ...(await examineSiblings(handshake, (name) => shakeHands(dialRelay, softwareVersion, name))),
      ],
    };
  }
  const failed =
    handshake.status === null
      ? fail("attach", handshake.reason, EGRESS)
      : fail("attach", `the relay answered ${handshake.status}`, adviceFor(handshake.status));
  return { handshake, findings: [failed, skip("latency", "not attached")] };
}

/** Measures the round trip to the other objects of the tunnel, one after the other. */
async function examineSiblings(
  { object, objects }: Extract<Handshake, { ok: true }>,
  shake: (name: string) => Promise<Handshake>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of objects) {
    if (name === object) continue;
    const answer = await shake(name);
    if (answer.ok)
      findings.push(pass("latency", `${answer.roundTripMs.toFixed(1)} ms round trip to ${name}`));
    // The object was removed after the list was sent.
    else if (answer.status === 404) findings.push(skip("latency", `${name} no longer carries the tunnel`));
    else {
      const what = answer.status === null ? answer.reason : `it answered ${answer.status}`;
      findings.push(fail("latency", `${name}: ${what}`, EGRESS));
    }
  }
  return findings;
}

function proxyFinding({ proxy, secure }: RelayEndpoint): Finding {
  if (proxy !== null) {
    const signedIn = proxy.authorization === null ? "without a name" : "with a name and a password";
    return pass("proxy", `through ${proxy.host}:${proxy.port}, ${signedIn}`);
  }
  return skip("proxy", secure ? "none is set for this relay" : "none is used for a relay on this machine");
}

async function examineName({ host, proxy }: RelayEndpoint, names: Names): Promise<Finding> {
  const name = proxy?.host ?? host;
  if (isIP(name) !== 0) return skip("dns", `${name} is an address`);
  const { addresses, problem } = await names.addressesOf(name);
  if (addresses.length > 0) return pass("dns", `${name} is at ${addresses.join(", ")}`);
  return fail("dns", problem ?? `${name} has no address`, `check the name, and ${SOURCES}`);
}

/** The socket for the next step; null if it cannot be used. */
async function examineTls(
  socket: Duplex,
  endpoint: RelayEndpoint,
  findings: Finding[],
): Promise<Duplex | null> {
  if (!endpoint.secure) {
    findings.push(skip("tls", "the relay is on this machine"));
    return socket;
  }
  try {
    const secured = await secureRelaySocket(socket, endpoint, TIMEOUT_MS);
    findings.push(pass("tls", describeTls(secured)));
    return secured;
  } catch (error) {
    socket.destroy();
    const remedy =
      "a private CA, or a proxy that opens TLS, needs its certificate in NODE_EXTRA_CA_CERTS; check this host's clock as well";
    findings.push(fail("tls", messageOf(error), remedy));
    return null;
  }
}

function describeTls(socket: TLSSocket): string {
  const { valid_to: validTo, issuer } = socket.getPeerCertificate();
  // A certificate may contain a name several times.
  const [issuerName = "an unnamed issuer"] = [issuer.O ?? issuer.CN ?? []].flat();
  return `${socket.getProtocol()}, certificate of ${issuerName} until ${validTo}`;
}

async function examineAnswer(socket: Duplex, relayUrl: string): Promise<Finding[]> {
  const startedMs = performance.now();
  const { statusCode, headers } = await get(socket, new URL("/healthz", relayUrl));
  const tookMs = (performance.now() - startedMs).toFixed(1);
  const detail = `/healthz answered ${statusCode} in ${tookMs} ms`;
  const answered =
    statusCode === 200
      ? pass("relay", detail)
      : fail("relay", detail, "check that TUNNEL_RELAY, or the token's address, is a relay");
  return [answered, clockFinding(headers.date, Date.now())];
}

function clockFinding(date: string | undefined, nowMs: number): Finding {
  const relayMs = Date.parse(date ?? "");
  if (Number.isNaN(relayMs)) return skip("clock", "the relay does not tell the time");
  // The field has the current second without its fraction.
  const aheadMs = nowMs < relayMs ? nowMs - relayMs : Math.max(0, nowMs - relayMs - DATE_STEP_MS);
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const detail = `${seconds} s ${aheadMs < 0 ? "behind" : "ahead of"} the relay's`;
  return Math.abs(aheadMs) <= MAX_SKEW_MS
    ? pass("clock", seconds === 0 ? "as the relay's" : detail)
    : fail("clock", detail, "synchronise this host's clock (NTP): certificate checks depend on it");
}

function get(socket: Duplex, { host, pathname }: URL): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      path: pathname,
      headers: { host },
      timeout: TIMEOUT_MS,
    });
    asked.on("response", (response) => {
      response.resume();
      resolve(response);
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asked.on("error", reject);
    asked.end();
  });
}

function skipped(checks: readonly string[], why: string): Finding[] {
  return checks.map((check) => skip(check, why));
}

/** Node's error for several addresses contains the single errors. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
