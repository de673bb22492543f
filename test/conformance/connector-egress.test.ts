import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { connect as connectTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { createServer as createHttpsServer } from "node:https";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { OtlpReceiver } from "../support/servers/otlp-receiver.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";

const authority = new CertificateAuthority("Company CA");
const identity = authority.issue("localhost");

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let relayUrl: string;
let caFile: string;

beforeEach(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  const { port } = new URL(relay.url);
  const tls = createTlsServer({ ...identity, ALPNProtocols: ["http/1.1"] }, (socket) => {
    const inner = connectTcp(Number(port), "127.0.0.1");
    socket.pipe(inner).pipe(socket);
    for (const end of [socket, inner]) end.on("error", () => {});
  });
  relayUrl = `https://localhost:${await listening(tls)}`;
  const directory = mkdtempSync(join(tmpdir(), "culvert-"));
  closing.push(() => rmSync(directory, { recursive: true }));
  caFile = join(directory, "ca.pem");
  writeFileSync(caFile, authority.cert);
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0);
  await once(server, "listening");
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A forward proxy that requires a name and a password. */
async function forwardProxy(secure = false) {
  const seen = { asked: [] as string[], refused: 0, tunnels: new Set<Socket>() };
  const server: HttpServer = secure ? createHttpsServer(identity) : createServer();
  server.on("connect", (request, client: Socket) => {
    client.on("error", () => {});
    if (request.headers["proxy-authorization"] !== `Basic ${btoa("culvert:p@ss:word")}`) {
      seen.refused++;
      return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    seen.asked.push(request.url ?? "");
    const [host = "", port] = (request.url ?? "").split(":");
    const target = connectTcp(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(target).pipe(client);
      seen.tunnels.add(target);
    });
    target.on("error", () => {});
    target.on("close", () => client.destroy());
    client.on("close", () => target.destroy());
  });
  return { seen, port: await listening(server) };
}

function connect(env: Record<string, string>): ConnectProcess {
  const run = new ConnectProcess({
    ...{ TUNNEL_TOKEN: relay.token, TUNNEL_RELAY: relayUrl, NODE_EXTRA_CA_CERTS: caFile },
    ...env,
  });
  closing.push(() => run.kill());
  return run;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 10 });
const attached = () => until(() => relay.attachments.some(({ mux }) => !mux.isClosed));

describe("the way to the relay", () => {
  it("trusts NODE_EXTRA_CA_CERTS, and without it says what is wrong", async () => {
    connect({});
    await attached();
    const untrusting = connect({ NODE_EXTRA_CA_CERTS: "" });
    await until(() => /cannot connect.*|unable to verify/.test(untrusting.output));
    expect(untrusting.output).toMatch(/certificate/);
  });

  it.each([false, true])(
    "goes through the proxy with its user name and password, over TLS: %s",
    async (secure) => {
      const { seen, port } = await forwardProxy(secure);
      const scheme = secure ? "https" : "http";
      const run = connect({ HTTPS_PROXY: `${scheme}://culvert:p%40ss%3Aword@localhost:${port}` });
      await attached();
      expect(seen.asked).toEqual([new URL(relayUrl).host]);
      // The relay learns of the connection before the connector does.
      await until(() => run.output.includes('"connected to the relay"'));
      for (const tunnel of seen.tunnels) tunnel.resetAndDestroy();
      await until(() => relay.attachments.length === 2);
      await until(() => run.output.includes("lost the connection to the relay"));
      expect(run.output).not.toMatch(/p@ss|p%40ss|Y3VsdmVydDpwQHNz/);
    },
  );

  it("reports a refusal by the proxy with what to set, and without the password", async () => {
    const { seen, port } = await forwardProxy();
    const run = connect({ HTTPS_PROXY: `http://culvert:canary-secret@localhost:${port}` });
    await until(() => run.output.includes("answered 407: set its name and password in HTTPS_PROXY"));
    expect(seen.refused).toBeGreaterThan(0);
    expect(run.output).not.toContain("canary-secret");
    expect(relay.handshakes).toBe(0);
  });

  it("carries traces through the proxy too, to a collector over TLS", async () => {
    const { seen, port } = await forwardProxy();
    const collector = await new OtlpReceiver(identity).start();
    closing.push(() => collector.close());
    const run = connect({
      HTTPS_PROXY: `http://culvert:p%40ss%3Aword@localhost:${port}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    });
    await attached();
    const call = new Call(relay.current.mux, "http://127.0.0.1:9");
    await until(() => call.closed);
    run.child.kill("SIGTERM");
    await until(() => run.exitCode !== null);
    expect(collector.spans.map(({ attributes }) => attributes["error.type"])).toEqual([
      "UPSTREAM_REFUSED",
      "UPSTREAM_REFUSED",
    ]);
    expect(seen.asked).toEqual([new URL(relayUrl).host, new URL(collector.endpoint).host]);
  });

  it("passes a proxy by for hosts in NO_PROXY", async () => {
    const { seen, port } = await forwardProxy();
    connect({ https_proxy: `http://localhost:${port}`, no_proxy: "127.0.0.1, localhost" });
    await attached();
    expect(seen).toMatchObject({ asked: [], refused: 0 });
  });
});
