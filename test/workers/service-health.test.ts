import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { FRAME } from "../../shared/protocol/frame.ts";
import { decodeSettings, encodeSettingList, HEALTH_SETTING } from "../../shared/protocol/handshake.ts";
import {
  CheckListReader,
  type CheckListText,
  type CheckOutcome,
  encodeHealth,
  healthReport,
} from "../../shared/protocol/service-checks.ts";
import { tunnelStub } from "../../worker/env.ts";
import { frame, type HandPeer, until } from "../support/peers/hand-peer.ts";
import { call, createTunnel, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, expectAnsweredBy, GATEWAY, request } from "./hand-connector.ts";

// The answer watch is off: its timer keeps the object awake for seconds after each message, and an eviction would wait for
// it.
beforeEach(() => {
  vi.spyOn(AnswerWatch.prototype, "sent").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const configurations = [{ project: GATEWAY.project, accessibleBy: GATEWAY.environment }];
const endpoint = "http://payments.internal:8080";
const API = { name: "api", endpoint, configurations };
const SERVICES = [API, { name: "other-api", endpoint, configurations }];

async function putServices(tunnel: CreatedTunnel, services: readonly object[]): Promise<void> {
  const body = { version: 1, services };
  await json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body }));
}

async function readyTunnel(): Promise<CreatedTunnel> {
  const tunnel = await createTunnel();
  await putServices(tunnel, SERVICES);
  return tunnel;
}

async function takeChecks(peer: HandPeer): Promise<CheckListText & { services: string[] }> {
  const list = new CheckListReader().read(decodeSettings((await peer.take(FRAME.SETTINGS)).payload));
  if (list === null) throw new Error("no whole list");
  const checks = JSON.parse(list.json) as { service: string }[];
  return { ...list, services: checks.map(({ service }) => service) };
}

/** A connector that was told what to check, and reports its state. */
async function reporting(
  tunnel: CreatedTunnel,
  connectorId: string,
  ...outcomes: CheckOutcome[]
): Promise<HandPeer & { revision: string }> {
  const peer = await attached(tunnel, { connectorId });
  const { revision } = await takeChecks(peer);
  await report(peer, revision, ...outcomes);
  return Object.assign(peer, { revision });
}

/** Resolves when the object has processed the report. */
async function report(peer: HandPeer, revision: string, ...outcomes: CheckOutcome[]): Promise<void> {
  peer.send(frame(FRAME.SETTINGS, encodeHealth(healthReport(revision, outcomes))));
  await peer.settled();
}

/** Which connector gets each of this many requests. */
async function servedBy(
  tunnel: CreatedTunnel,
  count: number,
  peers: Record<string, HandPeer>,
): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const answer = request(tunnel);
    let opened: [string, HandPeer] | undefined;
    await until(() => {
      opened = Object.entries(peers).find(([, { inbox }]) => inbox.some(({ type }) => type === FRAME.OPEN));
      return opened !== undefined;
    });
    if (opened === undefined) throw new Error("unreachable");
    names.add(opened[0]);
    await expectAnsweredBy(opened[1], answer);
  }
  return [...names].sort();
}

interface Described {
  connectors: { id: string; health: { passing: number; pending: number; failing: unknown[] } }[];
}

const healthOf = async (tunnel: CreatedTunnel) => {
  const { connectors } = await json<Described>(call("GET", `/v1/tunnels/${tunnel.id}`));
  return Object.fromEntries(connectors.map(({ id, health }) => [id, health]));
};

describe("what a connector is told to check", () => {
  it("comes after WELCOME, and again when the services change, and not when something else does", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const first = await takeChecks(peer);
    expect(first.services).toEqual(["api", "other-api"]);
    await json(call("POST", `/v1/tunnels/${tunnel.id}/tokens`, { body: {} }), 201);
    await putServices(tunnel, [{ ...API, healthCheck: { path: "/healthz" } }]);
    const second = await takeChecks(peer);
    expect(JSON.parse(second.json)).toEqual([
      { service: "api", target: "http://payments.internal:8080", path: "/healthz" },
    ]);
    expect(second.revision).not.toBe(first.revision);
    expect(peer.inbox).toEqual([]);
  });

  it("is an empty list if no service is to be checked, which replaces an older list", async () => {
    const tunnel = await readyTunnel();
    const services = SERVICES.map((service) => ({ ...service, healthCheck: false }));
    await putServices(tunnel, services);
    expect((await takeChecks(await attached(tunnel))).services).toEqual([]);
  });

  it("reaches a connector whose object slept through the change, after the new epoch", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await takeChecks(peer);
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    const services = SERVICES.slice(1);
    await putServices(tunnel, services);
    await until(() => peer.inbox.length === 2);
    expect(peer.inbox.map(({ type }) => type)).toEqual([FRAME.RESTART, FRAME.SETTINGS]);
    expect((await takeChecks(peer)).services).toEqual(["other-api"]);
  });
});

describe("a service's requests", () => {
  it("go to no connector whose check fails while another's does not", async () => {
    const tunnel = await readyTunnel();
    const failing = await reporting(tunnel, "failing", "UPSTREAM_REFUSED", "PASSING");
    const passing = await reporting(tunnel, "passing", "PASSING", "UPSTREAM_DNS");
    expect(await servedBy(tunnel, 12, { failing, passing })).toEqual(["passing"]);
    await report(failing, failing.revision, "PASSING", "PASSING");
    expect(await servedBy(tunnel, 40, { failing, passing })).toEqual(["failing", "passing"]);
  });

  it("go to a connector that has not checked yet rather than to one whose check fails", async () => {
    const tunnel = await readyTunnel();
    const failing = await reporting(tunnel, "failing", "UPSTREAM_REFUSED", "PASSING");
    const pending = await attached(tunnel, { connectorId: "pending" });
    expect(await servedBy(tunnel, 12, { failing, pending })).toEqual(["pending"]);
  });

  it("go to all if every check fails: the request will show", async () => {
    const tunnel = await readyTunnel();
    const one = await reporting(tunnel, "one", "UPSTREAM_REFUSED", "PASSING");
    const two = await reporting(tunnel, "two", "UNHEALTHY_STATUS", "PASSING");
    expect(await servedBy(tunnel, 40, { one, two })).toEqual(["one", "two"]);
  });

  it("go to the same connectors after the object has lost its memory, without another report", async () => {
    const tunnel = await readyTunnel();
    const failing = await reporting(tunnel, "failing", "UPSTREAM_REFUSED", "PASSING");
    const passing = await reporting(tunnel, "passing", "PASSING", "PASSING");
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    const answer = request(tunnel);
    const { payload } = await passing.take(FRAME.RESTART);
    passing.send(frame(FRAME.RESTART, payload));
    await expectAnsweredBy(passing, answer);
    expect(await servedBy(tunnel, 12, { failing, passing })).toEqual(["passing"]);
    expect((await healthOf(tunnel))["failing"]?.failing).toHaveLength(1);
  });

  it("follow a report that woke the object, without a new epoch", async () => {
    const tunnel = await readyTunnel();
    const one = await reporting(tunnel, "one", "PASSING", "PASSING");
    await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
    one.send(frame(FRAME.SETTINGS, encodeHealth(healthReport(one.revision, ["UPSTREAM_TLS", "PASSING"]))));
    await until(async () => (await healthOf(tunnel))["one"]?.failing.length === 1);
    expect(one.inbox).toEqual([]);
  });

  it("ignore a report about services that have changed since", async () => {
    const tunnel = await readyTunnel();
    const one = await reporting(tunnel, "one", "UPSTREAM_REFUSED", "PASSING");
    const services = SERVICES.map((service) => ({ ...service, endpoint: "http://moved.internal" }));
    await putServices(tunnel, services);
    expect((await healthOf(tunnel))["one"]).toEqual({ passing: 0, pending: 2, failing: [] });
    await report(one, one.revision, "UPSTREAM_REFUSED", "UPSTREAM_REFUSED");
    expect((await healthOf(tunnel))["one"]?.failing).toEqual([]);
  });
});

describe("describing a tunnel", () => {
  it("shows what each connector reaches, and why not", async () => {
    const tunnel = await readyTunnel();
    await reporting(tunnel, "one", "UNHEALTHY_STATUS", "PASSING");
    await attached(tunnel, { connectorId: "two" });
    expect(await healthOf(tunnel)).toEqual({
      one: { passing: 1, pending: 0, failing: [{ service: "api", reason: "UNHEALTHY_STATUS" }] },
      two: { passing: 0, pending: 2, failing: [] },
    });
  });

  it("survives a malformed report: that connection ends, the others do not", async () => {
    const tunnel = await readyTunnel();
    const other = await attached(tunnel, { connectorId: "other" });
    const hostile = await attached(tunnel, { connectorId: "hostile" });
    hostile.send(
      frame(FRAME.SETTINGS, encodeSettingList([{ id: HEALTH_SETTING, bytes: new Uint8Array(3) }])),
    );
    expect((await hostile.untilClosed()).code).toBe(4400);
    await expectAnsweredBy(other, request(tunnel));
  });
});
