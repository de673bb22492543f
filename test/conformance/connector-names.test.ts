import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Connector } from "../../connector/connector.ts";
import { examineRelay } from "../../connector/doctor/relay.ts";
import { Names, type NameFiles } from "../../connector/names/names.ts";
import { nodeClock } from "../../connector/platform/node-clock.ts";
import { relayDialler } from "../../connector/relay/dial-relay.ts";
import { loadConfig } from "../../connector/settings/connector-settings.ts";
import { startConnector } from "../../connector/start-connector.ts";
import { parseProxyUrl } from "../../connector/proxy/proxy.ts";
import { encodeChecks } from "../../shared/protocol/service-checks.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";
import { DnsServer } from "../support/servers/dns-server.ts";
import { startStuckListener } from "../support/servers/stuck-listener.ts";

/** An attempt at the first address must outlast the start of the next attempt. */
const LATE_AND_DEAD = ["127.0.0.1", "127.0.0.2"];

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let dns: DnsServer;
let nameFiles: NameFiles;
/** The DNS server's answer for each name. It does not answer for other names. */
let zone: Record<string, readonly string[]>;

beforeEach(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  zone = {};
  dns = await new DnsServer(({ name }) => (name in zone ? { addresses: zone[name] ?? [] } : null)).start();
  closing.push(() => dns.close());
  const directory = mkdtempSync(join(tmpdir(), "culvert-names-"));
  closing.push(() => rmSync(directory, { recursive: true }));
  nameFiles = { hostsPath: join(directory, "hosts"), resolvConfPath: join(directory, "resolv.conf") };
  writeFileSync(
    nameFiles.resolvConfPath ?? "",
    `nameserver ${dns.address}\nsearch .\noptions timeout:30 attempts:1`,
  );
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

async function startedConnector(env: Record<string, string> = {}): Promise<Connector> {
  const loaded = loadConfig({}, { TUNNEL_TOKEN: relay.token, TUNNEL_ALLOW: "*", ...env }, () => "");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { connector } = startConnector({
    ...{ config: loaded.config, connectorId: "con_test", softwareVersion: "1", tracing: null, nameFiles },
    ...{ log: pino({ level: "silent" }), droppedLogLines: () => 0 },
  });
  closing.push(() => connector.drain(0));
  await until(() => connector.readyConnections === 1);
  return connector;
}

async function api(): Promise<number> {
  const server = createServer((_request, response) => response.end("good")).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function answered(target: string): Promise<string> {
  const call = new Call(relay.current.mux, target);
  await call.over;
  return call.error?.message ?? call.body.toString();
}

describe("names that do not answer", () => {
  it("delay no other service, and no new connection to the relay", async () => {
    const port = await api();
    zone["api.internal"] = ["127.0.0.1"];
    const connector = await startedConnector();
    const hanging = Array.from({ length: 12 }, (_, index) => {
      return new Call(relay.current.mux, `http://hangs-${index}.zone`, { connectTimeoutMs: 20_000 });
    });
    await until(() => dns.questions.length === 24);
    expect(await answered(`http://api.internal:${port}`)).toBe("good");
    relay.current.socket.terminate();
    await until(() => connector.readyConnections === 0);
    await until(() => connector.readyConnections === 1);
    expect(await answered(`http://api.internal:${port}`)).toBe("good");
    expect(hanging.every(({ head }) => head === null)).toBe(true);
  });

  it("delay no health check of another service", async () => {
    const port = await api();
    zone["api.internal"] = ["127.0.0.1"];
    const connector = await startedConnector();
    const check = (service: string, target: string) => ({
      service,
      target,
      intervalSeconds: 1,
      timeoutSeconds: 60,
    });
    const checks = [
      ...Array.from({ length: 12 }, (_, index) => check(`hangs-${index}`, `http://hangs-${index}.zone`)),
      check("good", `http://api.internal:${port}`),
    ];
    const payloads = encodeChecks({ revision: "00000001", json: JSON.stringify(checks) });
    for (const payload of payloads) relay.current.mux.sendSettings(payload);
    await vi.waitFor(
      async () =>
        expect(await connector.metricsText()).toContain('culvert_connector_service_up{service="good"} 1'),
      { timeout: 15_000 },
    );
    // While none of the others has timed out.
    expect(await connector.metricsText()).not.toContain('service_up{service="hangs');
  });

  it("cost their own requests the connect timeout, and the error says what was waited for", async () => {
    await startedConnector();
    const call = new Call(relay.current.mux, "http://hangs.zone", { connectTimeoutMs: 300 });
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_CONNECT_TIMEOUT", notProcessed: true });
    expect(call.error?.message).toBe(
      `no connection to hangs.zone:80 within 300 ms: no answer yet about hangs.zone from DNS server ${dns.address}`,
    );
  });

  it("are distinguished from names that do not exist", async () => {
    zone["empty.zone"] = [];
    await startedConnector();
    const call = new Call(relay.current.mux, "http://empty.zone");
    await call.over;
    expect(call.error).toMatchObject({
      ...{ code: "UPSTREAM_DNS", notProcessed: true },
      message: `empty.zone has no address: the name has no A or AAAA record, according to DNS server ${dns.address}`,
    });
  });
});

describe("an address that answers late beside a dead one", () => {
  async function deadAndLate() {
    const late = await startStuckListener();
    closing.push(() => late.close());
    const dead = await startStuckListener("127.0.0.2", late.port);
    closing.push(() => dead.close());
    setTimeout(() => late.release(), 600);
    return late;
  }

  it("is the upstream's", async () => {
    const { port } = await deadAndLate();
    zone["api.internal"] = LATE_AND_DEAD;
    await startedConnector();
    // That listener never answers, so it is enough that it was asked.
    const open = { connectTimeoutMs: 14_000, responseTimeoutMs: 50 };
    const call = new Call(relay.current.mux, `http://api.internal:${port}`, open);
    await call.over;
    expect(call.error).toMatchObject({ code: "UPSTREAM_RESPONSE_TIMEOUT" });
  });

  it.each(["the relay's", "the proxy's"])("is %s", async (whose) => {
    const late = await deadAndLate();
    const { port } = late;
    zone["relay.internal"] = zone["proxy.internal"] = LATE_AND_DEAD;
    const throughProxy = whose === "the proxy's";
    const address = {
      relayUrl: throughProxy ? "https://elsewhere.internal" : `http://relay.internal:${port}`,
      tokenText: "t",
      identity: null,
      proxy: throughProxy ? parseProxyUrl(`http://proxy.internal:${port}`) : null,
      proxyBypass: () => false,
    };
    const reasons: string[] = [];
    const names = new Names({ clock: nodeClock, ...nameFiles });
    const transport = relayDialler(() => address, { clock: nodeClock, names })({
      ...{ onOpen() {}, onMessage() {}, onText() {}, onDrained() {}, onRefused() {}, onFault() {} },
      onLost: (reason) => reasons.push(reason),
    });
    closing.push(() => transport.terminate());
    await late.received();
    expect(reasons).toEqual([]);
    // Both addresses were found and one was enough, so there was no second look-up.
    expect(dns.questions).toHaveLength(2);
  });
});

it("doctor looks names up as the connector does, and says which server answered what", async () => {
  const loaded = loadConfig(
    {},
    { TUNNEL_TOKEN: relay.token, TUNNEL_RELAY: "https://gone.internal", TUNNEL_ALLOW: "*" },
    () => "",
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  zone["gone.internal"] = [];
  const deps = { clock: nodeClock, names: new Names({ clock: nodeClock, ...nameFiles }) };
  const finding = (await examineRelay(loaded.config, deps)).find(({ check }) => check === "dns");
  expect(finding).toMatchObject({
    verdict: "FAIL",
    detail: expect.stringContaining(`according to DNS server ${dns.address}`),
  });
  zone["gone.internal"] = ["127.0.0.1"];
  const found = await examineRelay(
    { ...loaded.config, relayUrl: "https://gone.internal:1" },
    { clock: nodeClock, names: new Names({ clock: nodeClock, ...nameFiles }) },
  );
  expect(found.find(({ check }) => check === "dns")).toMatchObject({
    detail: "gone.internal is at 127.0.0.1",
  });
});
