import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { FRAME } from "../../shared/protocol/frame.ts";
import {
  DEFAULT_MAX_STREAMS,
  MAX_STREAMS_PER_OBJECT,
  RESERVED_STREAMS,
} from "../../shared/protocol/limits.ts";
import { decodeOpen } from "../../shared/protocol/head-codec.ts";
import { data, head, type HandPeer, reset as resetFrame, streams } from "../support/peers/hand-peer.ts";
import { call, createTunnel, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, binding } from "./hand-connector.ts";

afterEach(async () => {
  await reset();
});

const A = { project: "project-a", environment: "production" };
const B = { project: "project-b", environment: "production" };
const CALLERS = [A, B].map(({ project, environment }) => ({ project, accessibleBy: environment }));
const service = (name: string) => ({ name, endpoint: "http://x.internal:80", configurations: CALLERS });

async function ready(): Promise<CreatedTunnel> {
  const tunnel = await createTunnel();
  const services = ["of-a", "of-b", "more-of-b"].map(service);
  const body = { version: 1, services };
  await json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body }));
  return tunnel;
}

/**
 * A connector that answers every request. Answers for `/events` never end. Credit returns when an answer ends, even if the
 * gateway aborted it.
 */
function serve(peer: HandPeer, maxStreams: number): () => void {
  let granted = maxStreams;
  let running = true;
  const step = (): void => {
    for (const { type, streamId, payload } of peer.inbox.splice(0)) {
      if (type === FRAME.RESET) peer.send(resetFrame(streamId), streams(++granted));
      if (type !== FRAME.OPEN) continue;
      const isEndless = decodeOpen(payload).path === "/events";
      peer.send(head(streamId, 200), data(streamId, "fine", !isEndless));
      if (!isEndless) peer.send(streams(++granted));
    }
    if (running) setTimeout(step, 1);
  };
  step();
  return () => void (running = false);
}

type Seen = Record<string, number>;

/** The statuses of this many requests at once. `held` collects the answers, so that they stay open. */
async function statuses(count: number, send: () => Promise<Response>, held: Response[] = []): Promise<Seen> {
  const seen: Seen = {};
  const answers = await Promise.all(Array.from({ length: count }, send));
  for (const answer of answers) {
    const what = answer.headers.get("culvert-error") ?? String(answer.status);
    seen[what] = (seen[what] ?? 0) + 1;
    if (answer.status === 200) held.push(answer);
    if (answer.status !== 200) await answer.body?.cancel();
  }
  return seen;
}

function sender(tunnel: CreatedTunnel, caller: typeof A, url: string): () => Promise<Response> {
  return () => binding({ tunnel: tunnel.id, ...caller }).fetch(url);
}

describe("a share for each", () => {
  it("520 open event streams of one project cost neither another project nor its own other services a request", async () => {
    const tunnel = await ready();
    const stop = serve(await attached(tunnel, { maxStreams: 512 }), 512);
    const events: Response[] = [];
    expect(await statuses(520, sender(tunnel, B, "http://of-b/events"), events)).toEqual({
      200: 512 - RESERVED_STREAMS,
      OVERLOADED: 8 + RESERVED_STREAMS,
    });
    for (let round = 0; round < 5; round++) {
      expect(await statuses(60, sender(tunnel, A, "http://of-a/x"))).toEqual({ 200: 60 });
      expect(await statuses(20, sender(tunnel, A, "http://of-b/x"))).toEqual({ 200: 20 });
      expect(await statuses(5, sender(tunnel, B, "http://more-of-b/x"))).toEqual({ 200: 5 });
    }
    expect(await statuses(1, sender(tunnel, B, "http://of-b/x"))).toEqual({ OVERLOADED: 1 });

    // A place that becomes free goes to a caller below its share, although the other caller waits for it too.
    const more: Response[] = [];
    const ofA = statuses(100, sender(tunnel, A, "http://of-a/events"), more);
    for (const answer of events.splice(0, 100)) await answer.body?.cancel();
    expect(await statuses(20, sender(tunnel, B, "http://of-b/events"))).toEqual({ OVERLOADED: 20 });
    expect(await ofA).toEqual({ 200: 100 });
    for (const answer of [...events, ...more]) await answer.body?.cancel();
    stop();
  });

  it("applies to the object's own limit too", async () => {
    const tunnel = await ready();
    const stops = await Promise.all(
      ["one", "two", "three"].map(async (connectorId) =>
        serve(await attached(tunnel, { connectorId, maxStreams: DEFAULT_MAX_STREAMS }), DEFAULT_MAX_STREAMS),
      ),
    );
    const events: Response[] = [];
    expect(await statuses(MAX_STREAMS_PER_OBJECT, sender(tunnel, B, "http://of-b/events"), events)).toEqual({
      200: MAX_STREAMS_PER_OBJECT - RESERVED_STREAMS,
      OVERLOADED: RESERVED_STREAMS,
    });
    expect(await statuses(60, sender(tunnel, A, "http://of-a/x"))).toEqual({ 200: 60 });
    for (const answer of events) await answer.body?.cancel();
    for (const stop of stops) stop();
  });
});
