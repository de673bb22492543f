import { reset as resetObjects } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { FRAME } from "../../shared/protocol/frame.ts";
import { MAX_CONNECTIONS_PER_OBJECT } from "../../shared/protocol/limits.ts";
import { data, type HandPeer, head, until } from "../support/peers/hand-peer.ts";
import { connect, type CreatedTunnel } from "./admin-client.ts";
import { attached, binding, expectAnsweredBy, GATEWAY, readyTunnel, request } from "./hand-connector.ts";

afterEach(() => resetObjects());

function attachMany(tunnel: CreatedTunnel, count: number): Promise<HandPeer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, number) => attached(tunnel, { connectorId: `con_${number}` })),
  );
}

function opened(peer: HandPeer): number[] {
  return peer.inbox.filter(({ type }) => type === FRAME.OPEN).map(({ streamId }) => streamId);
}

describe("many connectors", () => {
  it("of which there are 64 share the load evenly", async () => {
    const tunnel = await readyTunnel();
    const peers = await attachMany(tunnel, 64);
    const answers = Array.from({ length: 640 }, () => request(tunnel));
    const total = () => peers.reduce((sum, peer) => sum + opened(peer).length, 0);
    await until(() => total() === 640);
    const shares = peers.map((peer) => opened(peer).length);
    // Of two random connections the better one is used, so each gets about ten.
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...shares)).toBeLessThanOrEqual(15);
    for (const peer of peers) for (const id of opened(peer)) peer.send(head(id, 200), data(id, "", true));
    const statuses = await Promise.all(answers.map(async (answer) => (await answer).status));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it("get shares by the number of streams that they accept", async () => {
    const tunnel = await readyTunnel();
    const [small, large] = await Promise.all([
      attached(tunnel, { connectorId: "small", maxStreams: 100 }),
      attached(tunnel, { connectorId: "large", maxStreams: 300 }),
    ]);
    const answers = Array.from({ length: 200 }, () => request(tunnel));
    await until(() => opened(small).length + opened(large).length === 200);
    expect(Math.abs(opened(small).length - 50)).toBeLessThanOrEqual(1);
    for (const peer of [small, large])
      for (const id of opened(peer)) peer.send(head(id, 200), data(id, "", true));
    await Promise.all(answers);
  });

  it("are refused beyond the limit with a reason, and accepted when there is room again", async () => {
    const tunnel = await readyTunnel();
    // A connection that sends no HELLO keeps no connector out.
    for (let silent = 0; silent < MAX_CONNECTIONS_PER_OBJECT + 5; silent++) {
      const { status, webSocket } = await connect({ authorization: `Bearer ${tunnel.token}` });
      expect(status).toBe(101);
      webSocket?.accept();
    }
    const peers = await attachMany(tunnel, MAX_CONNECTIONS_PER_OBJECT);
    const refusal = await connect({ authorization: `Bearer ${tunnel.token}` });
    expect([refusal.status, (await refusal.json<{ code: string }>()).code]).toEqual([409, "LIMIT_REACHED"]);

    const answer = request(tunnel);
    await until(() => peers.some((peer) => opened(peer).length > 0));
    const serving = peers.find((peer) => opened(peer).length > 0);
    if (serving === undefined) throw new Error("unreachable");
    await expectAnsweredBy(serving, answer);

    peers[0]?.close();
    await until(async () => {
      const { status, webSocket } = await connect({ authorization: `Bearer ${tunnel.token}` });
      webSocket?.accept();
      webSocket?.close(1000);
      return status === 101;
    });
  });
});

describe("connectors of different versions", () => {
  const LONG_PATH = `/${"a".repeat(9_000)}`;
  const old = { connectorId: "old", capabilities: 0 };

  it("get what they accept: a long path goes to the one that accepts it", async () => {
    const tunnel = await readyTunnel();
    const [, newer] = [await attached(tunnel, old), await attached(tunnel, { connectorId: "new" })];
    for (let round = 0; round < 8; round++) {
      await expectAnsweredBy(newer, request(tunnel, LONG_PATH));
    }
  });

  it("carry 16 KiB of path and query beside the endpoint's own path, and its stall limit", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const path = `/${"a".repeat(8_000)}?q=${"%20".repeat(2_700)}`.padEnd(16 * 1024, "z");
    const answer = binding({ tunnel: tunnel.id, ...GATEWAY }).fetch(`http://prefixed-api${path}`);
    const open = await peer.takeOpen();
    expect([open.path === `/v1${path}`, open.stallTimeoutMs]).toEqual([true, 120_000]);
    peer.answer(open.id, "fine");
    expect((await answer).status).toBe(200);
  });

  it("are named as the reason if none accepts it", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel, old);
    const response = await request(tunnel, LONG_PATH);
    expect([response.status, response.headers.get("culvert-error")]).toEqual([414, "URI_TOO_LONG"]);
    expect((await response.json<{ detail: string }>()).detail).toContain("update");
    await expectAnsweredBy(peer, request(tunnel));
  });
});
