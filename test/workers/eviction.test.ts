import { abortAllDurableObjects, evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { EventOutbox } from "../../worker/events/event-outbox.ts";
import { FRAME } from "../../shared/protocol/frame.ts";
import { readU32 } from "../../shared/protocol/integers.ts";
import { tunnelStub } from "../../worker/env.ts";
import {
  data,
  frame,
  goaway,
  type HandPeer,
  head,
  reset as resetFrame,
  streams,
  until,
} from "../support/peers/hand-peer.ts";
import { call, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, expectAnsweredBy, readyTunnel, refusalOf, request } from "./hand-connector.ts";

// The answer watch is off: its timer keeps the object awake for seconds after each message, and an eviction would wait for
// it.
beforeEach(() => {
  vi.spyOn(AnswerWatch.prototype, "sent").mockReturnValue(undefined);
  vi.spyOn(EventOutbox.prototype, "add").mockReturnValue(undefined);
  vi.spyOn(EventOutbox.prototype, "changed").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** Evicts the object from memory. The connectors' sockets stay. */
function hibernate(tunnel: CreatedTunnel): Promise<void> {
  return evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
}

/** The connector gets the new epoch and echoes it. */
async function echoRestart(peer: HandPeer, epoch: number): Promise<void> {
  const { payload } = await peer.take(FRAME.RESTART);
  expect(readU32(payload, 0)).toBe(epoch);
  peer.send(frame(FRAME.RESTART, payload));
}

describe("an eviction that keeps the sockets", () => {
  it("loses nothing: a new epoch is announced before anything else, and the next request succeeds", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await expectAnsweredBy(peer, request(tunnel));
    await hibernate(tunnel);
    peer.inbox.length = 0;

    const answer = request(tunnel, "/after");
    await until(() => peer.inbox.length > 0);
    expect(peer.inbox[0]?.type).toBe(FRAME.RESTART);
    await echoRestart(peer, 1);
    const open = await peer.takeOpen();
    expect(open).toMatchObject({ id: 1, path: "/after" });
    peer.answer(open.id, "fine");
    expect(await (await answer).text()).toBe("fine");
    await expectAnsweredBy(peer, request(tunnel));
    expect(peer.closed).toBe(null);
  });

  it("happens again and again, each with its own epoch", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    for (const epoch of [1, 2, 3]) {
      await hibernate(tunnel);
      const answer = request(tunnel);
      await echoRestart(peer, epoch);
      await expectAnsweredBy(peer, answer);
    }
  });

  it("twice with nothing in between announces one epoch", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await hibernate(tunnel);
    await json(call("GET", `/v1/tunnels/${tunnel.id}`));
    await hibernate(tunnel);
    const answer = request(tunnel);
    await echoRestart(peer, 1);
    await expectAnsweredBy(peer, answer);
  });

  it("before the connector has echoed announces another epoch, and the old echo counts for nothing", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await hibernate(tunnel);
    peer.send(streams(600));
    const { payload } = await peer.take(FRAME.RESTART);
    await hibernate(tunnel);
    peer.send(frame(FRAME.RESTART, payload));
    const answer = request(tunnel);
    const { payload: second } = await peer.take(FRAME.RESTART);
    expect(readU32(second, 0)).toBe(2);
    const { id } = await peer.takeOpen();
    // Frames of an epoch that nobody remembers are not even a violation.
    peer.send(frame(FRAME.RESTART, payload), data(id, "stale", true));
    peer.send(frame(FRAME.RESTART, second));
    peer.answer(id, "fine");
    expect(await (await answer).text()).toBe("fine");
  });

  it("ignores frames of the old epoch until the connector has echoed", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await expectAnsweredBy(peer, request(tunnel));
    await hibernate(tunnel);
    const answer = request(tunnel);
    await peer.take(FRAME.RESTART);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 500), data(id, "of the old stream", true));
    peer.send(data(99, "x"), resetFrame(7), streams(1), goaway(0), data(id, new Uint8Array(1)));
    peer.send(frame(FRAME.RESTART, Uint8Array.of(0, 0, 0, 1)));
    peer.answer(id, "fine");
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([200, "fine"]);
  });

  it("wakes on the connector's first frame and announces the epoch by itself", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await hibernate(tunnel);
    peer.send(goaway(0));
    await echoRestart(peer, 1);
    await expectAnsweredBy(peer, request(tunnel));
  });

  it("does not wake for a keepalive, which is answered anyway", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await hibernate(tunnel);
    peer.sendRaw("p");
    await until(() => peer.texts.length > 0);
    expect(peer.texts).toEqual(["q"]);
    // Only an object that runs can be evicted.
    await expect(hibernate(tunnel)).rejects.toThrow("not currently running");
  });

  it("keeps what is known about the connector", async () => {
    const tunnel = await readyTunnel();
    await attached(tunnel, { connectorId: "kept", softwareVersion: "9.9.9" });
    const before = await json<{ connectors: object[] }>(call("GET", `/v1/tunnels/${tunnel.id}`));
    expect(before).toMatchObject({ status: "degraded", connectors: [{ id: "kept" }] });
    await hibernate(tunnel);
    expect(await json(call("GET", `/v1/tunnels/${tunnel.id}`))).toEqual(before);
  });

  it("leaves no connector if it went away meanwhile", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await hibernate(tunnel);
    peer.close();
    await until(async () => (await refusalOf(request(tunnel)))[1] === "NO_CONNECTOR");
    expect(await json(call("GET", `/v1/tunnels/${tunnel.id}`))).toMatchObject({ status: "down" });
  });
});

describe("an eviction that closes the sockets", () => {
  const evict = (tunnel: CreatedTunnel) =>
    evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "close" });

  it("waits for the request under way, and the next succeeds after the connector is back", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    const evicted = evict(tunnel);
    peer.answer(id, "fine");
    expect(await (await answer).text()).toBe("fine");
    await evicted;
    await peer.untilClosed();
    expect(await refusalOf(request(tunnel))).toEqual([503, "NO_CONNECTOR"]);
    await expectAnsweredBy(await attached(tunnel), request(tunnel));
  });
});

describe("an abort of the object", () => {
  it("before the head: 502, and the next request succeeds after the connector is back", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = request(tunnel);
    await peer.takeOpen();
    await abortAllDurableObjects();
    expect(await refusalOf(answer)).toEqual([502, "RELAY_RESTART"]);
    await expectAnsweredBy(await attached(tunnel), request(tunnel));
  });

  it("in mid-body: the body aborts, and the next request succeeds after the connector is back", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "some"));
    const response = await answer;
    expect(response.status).toBe(200);
    await abortAllDurableObjects();
    await expect(response.text()).rejects.toThrow("abortAllDurableObjects");
    await expectAnsweredBy(await attached(tunnel), request(tunnel));
  });
});

it("closes sockets whose attachments this code cannot read, and goes on with the others", async () => {
  const tunnel = await readyTunnel();
  const alien = await attached(tunnel, { connectorId: "alien" });
  await runInDurableObject(tunnelStub(env, tunnel.id), (_, state) => {
    for (const socket of state.getWebSockets())
      socket.serializeAttachment({ version: 99, role: "connector" });
  });
  const known = await attached(tunnel, { connectorId: "known" });
  await evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
  const answer = request(tunnel);
  const { payload } = await known.take(FRAME.RESTART);
  known.send(frame(FRAME.RESTART, payload));
  await expectAnsweredBy(known, answer);
  await until(() => alien.closed !== null);
  expect(alien.closed?.code).toBe(1012);
});
