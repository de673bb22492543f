import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { AnswerWatch } from "../../shared/mux/watches/answer-watch.ts";
import { STANDSTILL } from "../../shared/mux/watches/standstill.ts";
import { decodeGoaway, decodeReset } from "../../shared/protocol/frame-payloads.ts";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import { tunnelStub } from "../../worker/env.ts";
import { Registry } from "../../worker/index.ts";
import { data, goaway, type HandPeer, head, reset as resetFrame, until } from "../support/peers/hand-peer.ts";
import { call, type CreatedTunnel, json } from "./admin-client.ts";
import {
  attached,
  binding,
  expectAnsweredBy,
  GATEWAY,
  readyTunnel,
  refusalOf,
  request,
  SERVICES,
} from "./hand-connector.ts";

// The answer watch is off: its timer keeps the object awake for seconds after each message, and an eviction would wait for
// it.
beforeEach(() => {
  vi.spyOn(AnswerWatch.prototype, "sent").mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const NOT_PROCESSED = FLAG.NOT_PROCESSED;

function hibernate(tunnel: CreatedTunnel): Promise<void> {
  return evictDurableObject(tunnelStub(env, tunnel.id), { webSockets: "hibernate" });
}

/** Takes the next request from whichever of the connectors gets it. */
async function takeOpen(...peers: HandPeer[]) {
  const holder = () => peers.find(({ inbox }) => inbox.some(({ type }) => type === FRAME.OPEN));
  await until(
    () => holder() !== undefined,
    () => "an OPEN on either connector",
  );
  const peer = holder();
  if (peer === undefined) throw new Error("unreachable");
  const [other = peer] = peers.filter((one) => one !== peer);
  return { peer, other, open: await peer.takeOpen() };
}

async function bodyOf(peer: HandPeer, id: number): Promise<string> {
  let text = "";
  for (;;) {
    const { payload, flags } = await peer.take(FRAME.DATA, id);
    text += new TextDecoder().decode(payload);
    if ((flags & FLAG.END) !== 0) return text;
  }
}

async function expectCut(peer: HandPeer, code: string, closeCode: number): Promise<void> {
  expect(decodeGoaway((await peer.take(FRAME.GOAWAY)).payload).code).toBe(code);
  expect(await peer.untilClosed()).toEqual({ code: closeCode, reason: code });
}

describe("a revoked token", () => {
  it.each(["live", "hibernated"])("cuts its %s connections, and no others", async (state) => {
    const tunnel = await readyTunnel();
    const old = await attached(tunnel, { connectorId: "old" });
    const rotated = await json<CreatedTunnel>(
      call("POST", `/v1/tunnels/${tunnel.id}/tokens`, { body: { overlapSeconds: 3600 } }),
      201,
    );
    const fresh = await attached({ ...tunnel, token: rotated.token }, { connectorId: "fresh" });
    if (state === "hibernated") await hibernate(tunnel);

    expect((await call("DELETE", `/v1/tunnels/${tunnel.id}/tokens/${tunnel.kid}`)).status).toBe(204);
    await expectCut(old, "TOKEN_REVOKED", 4401);

    const answer = request(tunnel);
    if (state === "hibernated") fresh.send({ ...(await fresh.take(FRAME.RESTART)), flags: 0 });
    await expectAnsweredBy(fresh, answer);
  });

  it("aborts what is under way", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const [started, waiting] = [request(tunnel), request(tunnel)];
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "some"));
    const response = await started;
    await peer.takeOpen();
    await call("DELETE", `/v1/tunnels/${tunnel.id}/tokens/${tunnel.kid}`);
    await expect(response.text()).rejects.toThrow("The connector went away");
    expect(await refusalOf(waiting)).toEqual([502, "CONNECTOR_LOST"]);
  });

  it("includes those of a deleted tunnel", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await call("DELETE", `/v1/tunnels/${tunnel.id}`);
    await expectCut(peer, "TUNNEL_DELETED", 4401);
    expect(await refusalOf(request(tunnel))).toEqual([404, "UNKNOWN_TUNNEL"]);
  });
});

describe("a new services file", () => {
  it.each(["live", "hibernated"])("applies to the next request, on the %s connection", async (state) => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    await expectAnsweredBy(peer, request(tunnel));
    if (state === "hibernated") await hibernate(tunnel);
    const put = (services: object[]) =>
      json(
        call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: { version: 1, services } }),
      );
    await put([]);
    expect(await refusalOf(request(tunnel))).toEqual([404, "UNKNOWN_SERVICE"]);
    const [api] = SERVICES.services;
    await put([{ ...api, configurations: [{ project: "other", accessibleBy: "production" }] }]);
    expect(await refusalOf(request(tunnel))).toEqual([403, "ACCESS_DENIED"]);
    await put([{ ...api, endpoint: "https://elsewhere.internal/base" }]);
    const answer = request(tunnel, "/path");
    if (state === "hibernated") peer.send({ ...(await peer.take(FRAME.RESTART)), flags: 0 });
    const open = await peer.takeOpen();
    expect(open).toMatchObject({ target: "https://elsewhere.internal", path: "/base/path" });
    peer.answer(open.id, "fine");
    expect((await answer).status).toBe(200);
  });
});

describe("a connector that comes again", () => {
  it.each(["live", "hibernated"])("replaces its %s predecessor of the same index", async (state) => {
    const tunnel = await readyTunnel();
    const halfOpen = await attached(tunnel, { connectorId: "one", connectionIndex: 0 });
    const sibling = await attached(tunnel, { connectorId: "one", connectionIndex: 1 });
    const stranger = await attached(tunnel, { connectorId: "two", connectionIndex: 0 });
    if (state === "hibernated") await hibernate(tunnel);
    await attached(tunnel, { connectorId: "one", connectionIndex: 0 });
    await expectCut(halfOpen, "REPLACED", 4409);
    expect([sibling.closed, stranger.closed]).toEqual([null, null]);
    const { connectors } = await json<{ connectors: object[] }>(call("GET", `/v1/tunnels/${tunnel.id}`));
    expect(connectors).toHaveLength(2);
  });

  it("fails what its predecessor had begun, unless it may be sent again", async () => {
    const tunnel = await readyTunnel();
    const halfOpen = await attached(tunnel);
    const posted = request(tunnel, "/", { method: "POST" });
    await halfOpen.takeOpen();
    const asked = request(tunnel);
    await halfOpen.takeOpen();
    const fresh = await attached(tunnel);
    expect(await refusalOf(posted)).toEqual([502, "CONNECTOR_LOST"]);
    await expectAnsweredBy(fresh, asked);
    await expectAnsweredBy(fresh, request(tunnel));
  });
});

describe("a draining connector", () => {
  it("finishes accepted requests, and those beyond its last id are moved, POST included", async () => {
    const tunnel = await readyTunnel();
    const leaving = await attached(tunnel, { connectorId: "leaving" });
    const taken = request(tunnel, "/taken");
    const first = await leaving.takeOpen();
    const posted = request(tunnel, "/posted", { method: "POST", body: "the body" });
    const second = await leaving.takeOpen();
    expect(await bodyOf(leaving, second.id)).toBe("the body");
    const staying = await attached(tunnel, { connectorId: "staying" });

    leaving.send(goaway(first.id));
    const moved = await staying.takeOpen();
    expect(moved).toMatchObject({ method: "POST", path: "/posted", requestId: second.requestId });
    expect(await bodyOf(staying, moved.id)).toBe("the body");
    staying.answer(moved.id, "moved");
    expect(await (await posted).text()).toBe("moved");

    for (let count = 0; count < 5; count++) await expectAnsweredBy(staying, request(tunnel));
    leaving.answer(first.id, "taken");
    expect(await (await taken).text()).toBe("taken");
    expect(leaving.inbox.filter(({ type }) => type === FRAME.OPEN)).toEqual([]);
  });

  it("without another one: what it did not accept gets 502, the next request 503", async () => {
    const tunnel = await readyTunnel();
    const leaving = await attached(tunnel);
    const answer = request(tunnel);
    await leaving.takeOpen();
    leaving.send(goaway(0));
    expect(await refusalOf(answer)).toEqual([502, "CONNECTOR_LOST"]);
    expect(await refusalOf(request(tunnel))).toEqual([503, "NO_CONNECTOR"]);
  });
});

describe("a request that was not processed", () => {
  const three = (tunnel: CreatedTunnel) =>
    Promise.all(["a", "b", "c"].map((connectorId) => attached(tunnel, { connectorId })));

  it.each(["OVERLOADED", "DRAINING", "UPSTREAM_REFUSED"] as const)(
    "is moved while there is a connector that was not asked: %s",
    async (code) => {
      const tunnel = await readyTunnel();
      const peers = await three(tunnel);
      for (const lastAnswers of [true, false]) {
        const answer = request(tunnel, "/", { method: "POST", body: "x" });
        const asked = new Set<HandPeer>();
        for (const last of [false, false, true]) {
          const { peer, open } = await takeOpen(...peers);
          asked.add(peer);
          expect(await bodyOf(peer, open.id)).toBe("x");
          if (last && lastAnswers) peer.answer(open.id, "fine");
          else peer.send(resetFrame(open.id, code, NOT_PROCESSED));
        }
        expect(asked.size).toBe(3);
        const expected = { OVERLOADED: 503, DRAINING: 502, UPSTREAM_REFUSED: 502 }[code];
        expect((await answer).status).toBe(lastAnswers ? 200 : expected);
      }
      expect(peers.flatMap(({ inbox }) => inbox).filter(({ type }) => type === FRAME.OPEN)).toEqual([]);
    },
  );

  it("does not use the other connections of a connector that cannot reach the upstream", async () => {
    const tunnel = await readyTunnel();
    const same = [await attached(tunnel), await attached(tunnel, { connectionIndex: 1 })];
    const answer = request(tunnel);
    const { peer, other, open } = await takeOpen(...same);
    peer.send(resetFrame(open.id, "UPSTREAM_REFUSED", NOT_PROCESSED));
    expect(await refusalOf(answer)).toEqual([502, "UPSTREAM_REFUSED"]);
    await other.settled();
    expect(other.streamFrames).toEqual([]);
  });

  it.each([
    ["its RESET does not say so", 0, "x"],
    ["more than 64 KiB of its body were read", NOT_PROCESSED, "x".repeat(200 * 1024)],
  ])("is not moved if %s", async (_, flags, body) => {
    const tunnel = await readyTunnel();
    const [one, two] = [await attached(tunnel), await attached(tunnel, { connectorId: "other" })];
    const answer = request(tunnel, "/", { method: "POST", body });
    const { peer, other, open } = await takeOpen(one, two);
    let receivedBytes = 0;
    while (receivedBytes < Math.min(body.length, 65 * 1024))
      receivedBytes += (await peer.take(FRAME.DATA, open.id)).payload.byteLength;
    peer.send(resetFrame(open.id, "UPSTREAM_REFUSED", flags));
    expect(await refusalOf(answer)).toEqual([502, "UPSTREAM_REFUSED"]);
    await other.settled();
    expect(other.streamFrames).toEqual([]);
  });

  it("loses nothing of a body that was half read", async () => {
    const tunnel = await readyTunnel();
    const [one, two] = [await attached(tunnel), await attached(tunnel, { connectorId: "other" })];
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = request(tunnel, "/", { method: "POST", body: readable });
    const { peer, other, open } = await takeOpen(one, two);
    await writer.write(new TextEncoder().encode("first "));
    await peer.take(FRAME.DATA, open.id);
    peer.send(resetFrame(open.id, "DRAINING", NOT_PROCESSED));
    const moved = await other.takeOpen();
    await writer.write(new TextEncoder().encode("last"));
    await writer.close();
    expect(await bodyOf(other, moved.id)).toBe("first last");
    other.answer(moved.id, "all");
    expect(await (await answer).text()).toBe("all");
  });

  it("is not sent without its beginning if that became too long to keep while it waited", async () => {
    const tunnel = await readyTunnel();
    const leaving = await attached(tunnel);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = request(tunnel, "/", { method: "POST", body: readable });
    const { id } = await leaving.takeOpen();
    await writer.write(new Uint8Array(40_000));
    await leaving.take(FRAME.DATA, id);
    leaving.send(goaway(0));
    // There is no other connector yet, so the request waits for one while its body goes on.
    void writer.write(new Uint8Array(40_000)).catch(() => {});
    await leaving.settled();
    const arriving = await attached(tunnel, { connectorId: "other" });
    expect((await refusalOf(answer))[0]).toBe(502);
    await arriving.settled();
    expect(arriving.streamFrames).toEqual([]);
  });

  it("is moved within a budget: a tunnel where everything fails is not asked twice as much", async () => {
    const tunnel = await readyTunnel();
    const peers = [await attached(tunnel), await attached(tunnel, { connectorId: "other" })];
    let opened = 0;
    for (let count = 0; count < 40; count++) {
      let answered = false;
      const answer = refusalOf(request(tunnel)).finally(() => (answered = true));
      while (!answered) {
        for (const peer of peers) {
          for (const { streamId } of peer.inbox.splice(0).filter(({ type }) => type === FRAME.OPEN)) {
            opened++;
            peer.send(resetFrame(streamId, "UPSTREAM_REFUSED", NOT_PROCESSED));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(await answer).toEqual([502, "UPSTREAM_REFUSED"]);
    }
    // Twenty are saved up, and each request adds a fifth of a retry.
    expect(opened - 40).toBeGreaterThanOrEqual(20);
    expect(opened - 40).toBeLessThanOrEqual(28);
  });
});

describe("a request whose connector is lost", () => {
  const lose = async (method: string, service: string) => {
    const tunnel = await readyTunnel();
    const [one, two] = [await attached(tunnel), await attached(tunnel, { connectorId: "other" })];
    const answer = binding({ tunnel: tunnel.id, ...GATEWAY }).fetch(`http://${service}/`, { method });
    const { peer, other } = await takeOpen(one, two);
    peer.close(1001);
    return { answer, other, tunnel };
  };

  it.each([
    ["GET", "api"],
    ["HEAD", "api"],
    ["OPTIONS", "api"],
    ["QUERY", "api"],
    ["GET", "retry-api"],
    ["QUERY", "retry-api"],
    ["PUT", "retry-api"],
    ["DELETE", "retry-api"],
  ])("is sent again: %s of %s", async (method, service) => {
    const { answer, other } = await lose(method, service);
    other.answer((await other.takeOpen()).id, "fine");
    expect((await answer).status).toBe(200);
  });

  it("is sent again once", async () => {
    const { answer, other, tunnel } = await lose("GET", "api");
    const third = await attached(tunnel, { connectorId: "third" });
    await other.takeOpen();
    other.close(1001);
    expect(await refusalOf(answer)).toEqual([502, "CONNECTOR_LOST"]);
    await third.settled();
    expect(third.streamFrames).toEqual([]);
  });

  it.each([
    ["POST", "retry-api"],
    ["PATCH", "retry-api"],
    ["POST", "api"],
    ["PUT", "api"],
    ["DELETE", "api"],
    ["GET", "once-api"],
    ["PUT", "once-api"],
  ])("is not sent again: %s of %s", async (method, service) => {
    const { answer, other } = await lose(method, service);
    expect(await refusalOf(answer)).toEqual([502, "CONNECTOR_LOST"]);
    await other.settled();
    expect(other.streamFrames).toEqual([]);
  });
});

describe("a request while the connector is away", () => {
  const away = async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    peer.close(1001);
    await peer.untilClosed();
    const gateway = binding({ tunnel: tunnel.id, ...GATEWAY });
    return { tunnel, send: (init: RequestInit = {}) => gateway.fetch("http://patient-api/", init) };
  };

  it("waits for it if the service says so", async () => {
    const { tunnel, send } = await away();
    const answer = send({ method: "POST", body: "x" });
    await expectAnsweredBy(await attached(tunnel), answer);
  });

  it("is not sent when the gateway gave up meanwhile", async () => {
    const { tunnel, send } = await away();
    const cancelling = new AbortController();
    const answer = send({ signal: cancelling.signal });
    setTimeout(() => cancelling.abort(), 50);
    await expect(answer).rejects.toThrow("abort");
    const peer = await attached(tunnel);
    await expectAnsweredBy(peer, request(tunnel));
    expect(peer.streamFrames).toEqual([]);
  });
});

describe("a gateway that gives up", () => {
  it("before the head resets the stream", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const cancelling = new AbortController();
    const answer = request(tunnel, "/", { signal: cancelling.signal });
    const { id } = await peer.takeOpen();
    cancelling.abort();
    await expect(answer).rejects.toThrow("abort");
    expect(decodeReset((await peer.take(FRAME.RESET, id)).payload).code).toBe("CANCEL");
  });

  it.each([[[]], [[["content-length", "100"]]]])("in mid-body resets the stream: head %j", async (fields) => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = request(tunnel);
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, fields as [string, string][]), data(id, "some"));
    await (await answer).body?.cancel();
    // For a body of known length, this is noticed at the next write.
    peer.send(data(id, "more"));
    expect(decodeReset((await peer.take(FRAME.RESET, id)).payload).code).toBe("CANCEL");
  });
});

describe("a connector that takes nothing", () => {
  it.each([
    ["as long as it set for that", { stallTimeoutMs: 60_000 }],
    ["a minute, where it knows of no limits", { capabilities: 0 }],
  ])("for %s ends the stream; one that gives no credit at all, the connection", async (_, limits) => {
    const upload = { method: "POST", body: "x".repeat(4096) };
    const [one, all] = [await readyTunnel(), await readyTunnel()];
    const stingy = await attached(one, { streamWindowBytes: 1024, ...limits });
    const shut = await attached(all, { connectionWindowBytes: 1024 });
    const answers = [refusalOf(request(one, "/", upload)), refusalOf(request(all, "/", upload))];
    const { id } = await stingy.takeOpen();
    await stingy.take(FRAME.DATA, id);
    await shut.take(FRAME.DATA);

    const nowMs = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => nowMs + 61_000);
    const before = { ...STANDSTILL };
    onTestFinished(() => void Object.assign(STANDSTILL, before));
    Object.assign(STANDSTILL, { lateMs: Infinity, stepMs: Infinity });
    expect(await Promise.all(answers)).toEqual([
      [504, "UPSTREAM_RESPONSE_TIMEOUT"],
      [502, "CONNECTOR_LOST"],
    ]);
    vi.restoreAllMocks();
    expect(decodeReset((await stingy.take(FRAME.RESET, id)).payload).code).toBe("STALLED");
    await expectCut(shut, "STALLED", 4400);
    stingy.send(resetFrame(id));
    await expectAnsweredBy(stingy, request(one));
  });
});

describe("a Registry that is away", () => {
  it("does not affect a tunnel that has its copy, even after an eviction", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    vi.spyOn(Registry.prototype, "tunnelConfig").mockRejectedValue(new Error("the Registry is away"));
    await expectAnsweredBy(peer, request(tunnel));
    await hibernate(tunnel);
    const answer = request(tunnel);
    peer.send({ ...(await peer.take(FRAME.RESTART)), flags: 0 });
    await expectAnsweredBy(peer, answer);
  });

  it("leaves a tunnel without a copy with 503, and the next request asks again", async () => {
    vi.spyOn(Registry.prototype, "lookUp").mockImplementation(() => []);
    const asked = vi
      .spyOn(Registry.prototype, "tunnelConfig")
      .mockRejectedValueOnce(new Error("the Registry is away"));
    const unknown = { id: "tnl_aaaaaaaaaaaaaaaaaaaa" } as CreatedTunnel;
    expect(await refusalOf(request(unknown))).toEqual([503, "OVERLOADED"]);
    expect(await refusalOf(request(unknown))).toEqual([404, "UNKNOWN_TUNNEL"]);
    expect(await refusalOf(request(unknown))).toEqual([404, "UNKNOWN_TUNNEL"]);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
