/** TCP connections in the relay, with a hand-made connector: what a gateway learns, and what the event of each contains. */
import { abortAllDurableObjects, reset as resetObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TunnelBinding, TunnelDialError, TunnelStreams } from "../../kit/gateway/index.ts";
import { CAPABILITY, OWN_CAPABILITIES } from "../../shared/protocol/capabilities.ts";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { telemetryStub } from "../../worker/env.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { countRequest, noMetrics } from "../../worker/telemetry/metrics/request-metrics.ts";
import { addRequest, noTraffic } from "../../worker/telemetry/traffic/traffic.ts";
import { data, goaway, type HandPeer, head, reset, streams, until } from "../support/peers/hand-peer.ts";
import { call, createTunnel, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, binding, GATEWAY } from "./hand-connector.ts";

let events: RequestEvent[] = [];

beforeEach(() => {
  events = [];
  vi.spyOn(EventOutbox.prototype, "add").mockImplementation((line) => {
    events.push(JSON.parse(line) as RequestEvent);
  });
  vi.spyOn(EventOutbox.prototype, "changed").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await resetObjects();
});

const OTHERS = { project: "others", environment: "production" };
const callers = [GATEWAY, OTHERS].map(({ project, environment }) => ({ project, accessibleBy: environment }));
const SERVICES = {
  version: 1,
  services: [
    {
      ...{ name: "orders-db", endpoint: "tcp://db.internal:5432", startTls: "postgres" },
      ...{ idleTimeoutMs: 60_000, maxConnections: 20, connectTimeoutMs: 5_000, stallTimeoutMs: 70_000 },
      ...{ connectorWaitMs: 0, configurations: callers },
    },
  ],
  networks: [
    {
      ...{ protocol: "tcp", hosts: ["*.db.internal:5432", "[fd00::1]:6379", "xn--bcher-kva.internal:25"] },
      ...{ connectorWaitMs: 0, configurations: callers },
    },
  ],
};

async function readyTunnel(): Promise<CreatedTunnel> {
  const tunnel = await createTunnel();
  await json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: SERVICES }));
  return tunnel;
}

function dial(tunnel: CreatedTunnel, address = "orders-db", caller = GATEWAY): Promise<TunnelStreams> {
  const bound = binding({ tunnel: tunnel.id, ...caller }) as unknown as TunnelBinding;
  const dialled = bound.dial(address);
  // Checked later, or by a test that expects none.
  dialled.catch(() => {});
  return dialled;
}

const failureOf = (dialled: Promise<TunnelStreams>) =>
  dialled.then(
    () => ({ code: "none" }),
    ({ code, status, requestId }: TunnelDialError) => ({ code, status, requestId }),
  );

async function connected(peer: HandPeer, dialled: Promise<TunnelStreams>) {
  const { id } = await peer.takeOpen();
  peer.send(head(id, 200));
  const { readable, writable } = await dialled;
  return { id, reader: readable.getReader(), writer: writable.getWriter() };
}

async function theEvent(): Promise<RequestEvent> {
  await until(
    () => events.length > 0,
    () => "an event",
  );
  const [event, ...more] = events.splice(0);
  expect(more).toEqual([]);
  if (event === undefined) throw new Error("unreachable");
  return event;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = ({ value }: { value?: Uint8Array | undefined }) => new TextDecoder().decode(value);

describe("a TCP connection", () => {
  it("tells the connector its caller and the service's rules, and is one event with its bytes", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const dialled = dial(tunnel);
    const open = await peer.takeOpen();
    expect(open).toMatchObject({
      ...{ kind: "tcp", target: "tcp://db.internal:5432", service: "orders-db", method: "CONNECT", path: "" },
      ...{ ...GATEWAY, startTls: "postgres", idleTimeoutMs: 60_000, maxConnections: 20 },
      ...{ connectTimeoutMs: 5_000, stallTimeoutMs: 70_000, end: false },
    });
    peer.send(head(open.id, 200));
    const { readable, writable } = await dialled;
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    await writer.write(bytes("hello"));
    expect((await peer.take(FRAME.DATA, open.id)).payload).toEqual(bytes("hello"));
    await writer.close();
    expect((await peer.take(FRAME.DATA, open.id)).flags & FLAG.END).toBe(FLAG.END);
    peer.send(data(open.id, "good"), data(open.id, "bye", true));
    expect(text(await reader.read()) + text(await reader.read())).toBe("goodbye");
    expect((await reader.read()).done).toBe(true);
    expect(await theEvent()).toEqual({
      ...{ event: "request", version: 1, time: expect.any(String), requestId: open.requestId },
      ...{ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), tunnel: tunnel.id, ...GATEWAY },
      ...{ service: "orders-db", kind: "tcp", method: "CONNECT", path: "", status: 200 },
      ...{ outcome: "answered", code: null, connector: "hand", attempts: 1, endedBy: "gateway" },
      ...{ requestBytes: 5, responseBytes: 7 },
      ...{ durationMs: expect.any(Number), relayMs: expect.any(Number), tunnelMs: expect.any(Number) },
      ...{ upstreamMs: expect.any(Number), bodyMs: expect.any(Number) },
    });
  });

  it("says which side ended it", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const { id, reader, writer } = await connected(peer, dial(tunnel));
    peer.send(data(id, "", true));
    expect((await reader.read()).done).toBe(true);
    await writer.close();
    expect(await theEvent()).toMatchObject({ outcome: "answered", endedBy: "upstream" });
  });

  it("that is cut rejects the reader and the writer, after the bytes that came, and its event says why", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const { id, reader, writer } = await connected(peer, dial(tunnel));
    peer.send(data(id, "half of"));
    expect(text(await reader.read())).toBe("half of");
    peer.send(reset(id, "BODY_ABORTED", 0, "db.internal:5432: read ECONNRESET"));
    await expect(reader.read()).rejects.toBeInstanceOf(Error);
    await expect(writer.write(bytes("x"))).rejects.toBeInstanceOf(Error);
    expect(await theEvent()).toMatchObject({
      ...{ outcome: "aborted", code: "UPSTREAM_PROTOCOL", endedBy: "upstream", responseBytes: 7 },
      detail: expect.stringContaining("ECONNRESET"),
    });
  });

  it.each([
    ["silence", "UPSTREAM_RESPONSE_TIMEOUT", "UPSTREAM_RESPONSE_TIMEOUT", "upstream"],
    ["the grace period's end", "DRAINING", "CONNECTOR_LOST", "tunnel"],
  ] as const)("that %s ends is never a clean end", async (_what, code, told, endedBy) => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const { id, reader } = await connected(peer, dial(tunnel));
    peer.send(reset(id, code, 0, "because"));
    await expect(reader.read()).rejects.toBeInstanceOf(Error);
    expect(await theEvent()).toMatchObject({ outcome: "aborted", code: told, endedBy });
  });

  it.each([
    ["its connector is lost", async (peer: HandPeer) => peer.close(1011, "gone")],
    ["its object is reset", () => abortAllDurableObjects()],
  ])("is never a clean end if %s, and the next one succeeds", async (_what, breakIt) => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const { id, reader, writer } = await connected(peer, dial(tunnel));
    peer.send(data(id, "half of"));
    expect(text(await reader.read())).toBe("half of");
    await breakIt(peer);
    await expect(reader.read()).rejects.toBeInstanceOf(Error);
    await expect(writer.write(bytes("x")).then(() => writer.close())).rejects.toBeInstanceOf(Error);
    const again = await attached(tunnel);
    const next = await connected(again, dial(tunnel));
    await next.writer.abort();
    expect((await again.take(FRAME.RESET, next.id)).type).toBe(FRAME.RESET);
  });

  it("goes to another connector before its head, but not after it", async () => {
    const tunnel = await readyTunnel();
    const first = await attached(tunnel, { connectorId: "first" });
    const dialled = dial(tunnel);
    const { id } = await first.takeOpen();
    const second = await attached(tunnel, { connectorId: "second" });
    first.send(goaway(0), reset(id, "DRAINING", FLAG.NOT_PROCESSED));
    const { id: other, reader } = await connected(second, dialled);
    second.send(reset(other, "DRAINING"));
    await expect(reader.read()).rejects.toBeInstanceOf(Error);
    expect(await theEvent()).toMatchObject({ connector: "second", attempts: 2 });
  });

  it("is not sent to a connector that does not know the kind", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel, { capabilities: OWN_CAPABILITIES & ~CAPABILITY.TCP });
    expect(await failureOf(dial(tunnel))).toMatchObject({ code: "BAD_REQUEST" });
    expect(peer.streamFrames).toEqual([]);
  });
});

describe("an address", () => {
  const LEADS_TO = {
    "ORDERS-DB": "tcp://db.internal:5432",
    "orders-db:5432": "tcp://db.internal:5432",
    "A.B.DB.internal:5432": "tcp://a.b.db.internal:5432",
    "[FD00:0:0::1]:6379": "tcp://[fd00::1]:6379",
    "xn--bcher-kva.internal:25": "tcp://xn--bcher-kva.internal:25",
  };
  const UNKNOWN = [
    ...["orders-db:5433", "orders-db.", "a.db.internal.:5432", "db.internal:5432", "a.db.internal"],
    ...["a.db.internal:5433", "a.db.internal:0", "127.0.0.1:5432", "0x7f.1:5432", "[::ffff:127.0.0.1]:5432"],
  ];
  const NO_ADDRESS = [
    ...["fd00::1:6379", "[fd00::1%25eth0]:6379", "bücher.internal:25", "ｏrders-db", "orders-db "],
    ...["orders-db:5432\r\nx", "orders-db:+5432", "orders-db:54x2", "tcp://orders-db", "orders-db#x", ""],
    ...["x".repeat(10_000), null, 5432, { toString: () => "orders-db" }],
  ];

  it("leads to a service by its name and port, else to a host that a rule allows, however it is spelt", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    for (const [address, target] of Object.entries(LEADS_TO)) {
      const dialled = dial(tunnel, address);
      const open = await peer.takeOpen();
      expect([address, open.target]).toEqual([address, target]);
      peer.send(reset(open.id, "UPSTREAM_REFUSED", FLAG.NOT_PROCESSED));
      expect(await failureOf(dialled)).toMatchObject({ code: "UPSTREAM_REFUSED", status: 502 });
    }
  });

  it("that no rule allows, or that is invalid, reaches no connector", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const codeOf = async (address: unknown) => (await failureOf(dial(tunnel, address as string))).code;
    const refused = (addresses: readonly unknown[]) =>
      Promise.all(addresses.map(async (address) => [address, await codeOf(address)]));
    expect(await refused(UNKNOWN)).toEqual(UNKNOWN.map((address) => [address, "UNKNOWN_SERVICE"]));
    expect(await refused(NO_ADDRESS)).toEqual(NO_ADDRESS.map((address) => [address, "BAD_REQUEST"]));
    await peer.settled();
    expect(peer.streamFrames).toEqual([]);
  });
});

it("one caller's many connections leave room for another's", async () => {
  const tunnel = await readyTunnel();
  const peer = await attached(tunnel, { maxStreams: 40 });
  peer.send(streams(40));
  const greedy = Array.from({ length: 60 }, () => dial(tunnel));
  const settled = greedy.map((one) => failureOf(one));
  const held: number[] = [];
  const stop = setInterval(() => {
    for (const { type, streamId } of peer.inbox.splice(0)) {
      if (type !== FRAME.OPEN) continue;
      held.push(streamId);
      peer.send(head(streamId, 200));
    }
  }, 1);
  try {
    const outcomes = (await Promise.all(settled)).map(({ code }) => code);
    expect(new Set(outcomes)).toEqual(new Set(["none", "OVERLOADED"]));
    expect(held.length).toBeLessThan(40);
    expect(await failureOf(dial(tunnel, "orders-db", OTHERS))).toEqual({ code: "none" });
  } finally {
    clearInterval(stop);
  }
});

describe("what is told of TCP connections", () => {
  it("counts in metrics and traffic, without a latency", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const { id, reader } = await connected(peer, dial(tunnel));
    peer.send(data(id, "half of"), reset(id, "BODY_ABORTED"));
    await reader.read().catch(() => {});
    const event = await theEvent();
    const [metrics, traffic] = [noMetrics(), noTraffic()];
    countRequest(metrics, event);
    addRequest(traffic, event);
    const [counted] = metrics.services.values();
    expect([...(counted?.results ?? [])]).toEqual([["aborted UPSTREAM_PROTOCOL 2xx", 1]]);
    expect(counted?.durations.every((count) => count === 0)).toBe(true);
    expect(traffic).toMatchObject({ requests: 1, errors: 1, latencies: new Map() });
  });

  it("is found by its kind's method and its service", async () => {
    const tunnel = await readyTunnel();
    expect(await failureOf(dial(tunnel))).toMatchObject({ code: "NO_CONNECTOR" });
    const event = await theEvent();
    await telemetryStub(env, tunnel.id).take({
      ...{ sender: "s", sequence: 1, lines: JSON.stringify(event), count: 1, lost: 0 },
      ...{ destinationsRevision: 0, connectors: 0 },
    });
    const query = new URLSearchParams({ method: "connect", service: "orders-db", code: "NO_CONNECTOR" });
    const found = await json<{ items: RequestEvent[] }>(
      call("GET", `/v1/tunnels/${tunnel.id}/requests?${query.toString()}`),
    );
    expect(found.items).toMatchObject([{ requestId: event.requestId, kind: "tcp", path: "" }]);
  });
});
