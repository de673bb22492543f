import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CULVERT_BUNDLE } from "../../scripts/bundle.ts";
import { formatToken } from "../../shared/tokens/token.ts";
import { OtlpReceiver } from "../support/servers/otlp-receiver.ts";
import { TRUSTED_CERTIFICATE_FILE, trustedIdentity } from "../support/tls-identities.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

const PROXY_CREDENTIALS = "operator:canary-proxy-password";

/** The behaviour of a TLS relay and of a proxy in front of it; tests change it. */
const relay = { healthStatus: 200, skewMs: 0, handshakeStatus: 401 };
const tunnelled: string[] = [];

const server = createHttpsServer(trustedIdentity, (_request, response) => {
  const date = new Date(Date.now() + relay.skewMs).toUTCString();
  response.writeHead(relay.healthStatus, { date }).end();
});
server.on("upgrade", (_request, socket) => {
  socket.end(`HTTP/1.1 ${relay.handshakeStatus} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
});
const proxy = createHttpServer();
proxy.on("connect", ({ headers, url = "" }, socket) => {
  const expected = `Basic ${Buffer.from(PROXY_CREDENTIALS).toString("base64")}`;
  if (headers["proxy-authorization"] !== expected) {
    return void socket.end("HTTP/1.1 407 Who Are You\r\n\r\n");
  }
  tunnelled.push(url);
  const onward = connect(portOf(server), "127.0.0.1", () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    onward.pipe(socket).pipe(onward);
  });
  onward.on("error", () => socket.destroy());
  socket.on("error", () => onward.destroy());
});

const portOf = (listening: { address(): unknown }) => (listening.address() as AddressInfo).port;

beforeAll(async () => {
  for (const listening of [server, proxy]) {
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
  }
});
afterAll(() => {
  for (const listening of [server, proxy]) {
    listening.closeAllConnections();
    listening.close();
  }
});

interface Finding {
  check: string;
  verdict: string;
  detail: string;
  remedy: string | null;
}

async function doctor(env: Record<string, string> = {}): Promise<Record<string, Finding>> {
  const token = formatToken({
    relayUrl: `https://localhost:${portOf(server)}`,
    tunnelId: `tnl_${"a".repeat(20)}`,
    kid: `k_${"b".repeat(12)}`,
    secret: new Uint8Array(32).fill(1),
  });
  const whole = {
    ...{ ...bareEnvironment(), TUNNEL_TOKEN: token, TUNNEL_ALLOW: "127.0.0.1" },
    NODE_EXTRA_CA_CERTS: TRUSTED_CERTIFICATE_FILE,
    ...env,
  };
  const out = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [CULVERT_BUNDLE, "doctor", "--json"],
      { env: whole, timeout: 15_000 },
      (_error, text, problems) => resolve(text + problems),
    );
  });
  expect(out).not.toContain("canary");
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

it("checks the whole path over TLS, and says what to do about a refused token", async () => {
  const found = await doctor();
  expect(found).toMatchObject({
    proxy: { verdict: "SKIP" },
    dns: { verdict: "PASS" },
    connection: { verdict: "PASS" },
    tls: { verdict: "PASS", detail: expect.stringMatching(/^TLSv1\.3, certificate of \S/) as string },
    relay: { verdict: "PASS" },
    clock: { verdict: "PASS", detail: "as the relay's" },
    attach: {
      verdict: "FAIL",
      detail: "the relay answered 401",
      remedy: expect.stringContaining("TUNNEL_TOKEN") as string,
    },
    latency: { verdict: "SKIP" },
  });
});

it("uses the proxy, with user name and password", async () => {
  const before = tunnelled.length;
  const found = await doctor({ HTTPS_PROXY: `http://${PROXY_CREDENTIALS}@127.0.0.1:${portOf(proxy)}` });
  expect(found).toMatchObject({
    proxy: { verdict: "PASS", detail: `through 127.0.0.1:${portOf(proxy)}, with a name and a password` },
    connection: { verdict: "PASS" },
    tls: { verdict: "PASS" },
    relay: { verdict: "PASS" },
    attach: { verdict: "FAIL", detail: "the relay answered 401" },
  });
  expect(tunnelled.slice(before)).toEqual(Array.from({ length: 2 }, () => `localhost:${portOf(server)}`));
});

it("says that the proxy requires a user name and a password", async () => {
  const found = await doctor({ HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` });
  expect(found["connection"]).toMatchObject({
    verdict: "FAIL",
    detail: expect.stringContaining("407") as string,
  });
  expect(found["attach"]?.verdict).toBe("SKIP");
});

it("says what is missing if the relay's certificate is not trusted", async () => {
  const found = await doctor({ NODE_EXTRA_CA_CERTS: "" });
  expect(found["tls"]).toMatchObject({
    verdict: "FAIL",
    remedy: expect.stringContaining("NODE_EXTRA_CA_CERTS") as string,
  });
  expect(found["relay"]?.verdict).toBe("SKIP");
});

it.each([
  [3_600_000, "3600 s behind the relay's"],
  [-3_600_000, "3600 s ahead of the relay's"],
])("notices a relay whose clock differs by %i ms", async (skewMs, detail) => {
  relay.skewMs = skewMs;
  const { clock } = await doctor();
  relay.skewMs = 0;
  expect(clock).toMatchObject({ verdict: "FAIL", remedy: expect.stringContaining("NTP") as string });
  expect(
    Math.abs(Number.parseInt(clock?.detail ?? "", 10) - Number.parseInt(detail, 10)),
  ).toBeLessThanOrEqual(2);
  expect(clock?.detail.replace(/^\d+/, "")).toBe(detail.replace(/^\d+/, ""));
});

it("distinguishes a relay from another server", async () => {
  relay.healthStatus = 404;
  relay.handshakeStatus = 404;
  const found = await doctor();
  expect(found["relay"]).toMatchObject({
    verdict: "FAIL",
    remedy: expect.stringContaining("TUNNEL_RELAY") as string,
  });
});

it("says whether the collector accepts traces, and nothing if none is set", async () => {
  const collector = await new OtlpReceiver().start();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=canary",
  };
  expect((await doctor(env))["traces"]).toMatchObject({ verdict: "PASS" });
  expect(collector.requests.map(({ url, headers }) => [url, headers["api-key"]])).toEqual([
    ["/v1/traces", "canary"],
  ]);
  collector.status = 401;
  expect((await doctor(env))["traces"]).toMatchObject({
    verdict: "FAIL",
    detail: `${collector.endpoint}/v1/traces answered 401`,
    remedy: "check OTEL_EXPORTER_OTLP_HEADERS",
  });
  collector.close();
  expect((await doctor(env))["traces"]).toMatchObject({
    verdict: "FAIL",
    detail: `${collector.endpoint}/v1/traces: ECONNREFUSED`,
  });
  expect((await doctor())["traces"]).toBe(undefined);
});
