import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FLAG, FRAME, type Frame } from "../../shared/protocol/frame.ts";
import {
  type Answer,
  type HandRelay,
  type HandTunnel,
  startHandRelay,
} from "../support/peers/hand-peer-relay.ts";
import {
  data,
  frame,
  goaway,
  type HandPeer,
  head,
  reset,
  streams,
  until,
  window,
  wsClose,
} from "../support/peers/hand-peer.ts";

let relay: HandRelay;
beforeAll(async () => {
  relay = await startHandRelay(80);
}, 60_000);
afterAll(() => relay.stop());

/** One frame of a scripted exchange: expected from the relay, or sent by the connector on stream `id`. */
type Step = { takes: number; end?: true } | { sends: (id: number) => Frame };
const takes = (type: number): Step => ({ takes: type });
/** All DATA frames up to the one that ends the request. */
const TAKES_BODY: Step = { takes: FRAME.DATA, end: true };
const sends = (make: (id: number) => Frame): Step => ({ sends: make });

/** What the gateway gets if the socket is cut after a step (docs/operations.md, "What is sent twice"). */
type Outcome = "lost" | "aborted" | "moved" | "whole";

interface Exchange {
  name: string;
  method: string;
  service: "api" | "default-api" | "retry-api";
  body?: string;
  steps: readonly (readonly [Step, Outcome])[];
}

const GET_STEPS = (before: Outcome): Exchange["steps"] => [
  [takes(FRAME.OPEN), before],
  [sends((id) => head(id, 103, [], FLAG.INFO)), before],
  [sends(() => streams(600)), before],
  [sends((id) => head(id, 200)), "aborted"],
  [sends((id) => data(id, "some ")), "aborted"],
  [sends((id) => data(id, "more")), "aborted"],
  [sends((id) => data(id, "", true)), "whole"],
];
const UPLOAD_STEPS = (before: Outcome): Exchange["steps"] => [
  [takes(FRAME.OPEN), before],
  [TAKES_BODY, before],
  [sends((id) => window(id, 300_000)), before],
  [sends((id) => head(id, 200)), "aborted"],
  [sends((id) => data(id, "done", true)), "whole"],
];
const SMALL = "small body";

const EXCHANGES: Exchange[] = [
  { name: "GET", method: "GET", service: "default-api", steps: GET_STEPS("moved") },
  { name: "GET, opted out", method: "GET", service: "api", steps: GET_STEPS("lost") },
  { name: "POST", method: "POST", service: "default-api", body: SMALL, steps: UPLOAD_STEPS("lost") },
  { name: "PUT", method: "PUT", service: "default-api", body: SMALL, steps: UPLOAD_STEPS("lost") },
  { name: "POST, opted in", method: "POST", service: "retry-api", body: SMALL, steps: UPLOAD_STEPS("lost") },
  { name: "PUT, opted in", method: "PUT", service: "retry-api", body: SMALL, steps: UPLOAD_STEPS("moved") },
  {
    name: "POST that the connector did not process",
    method: "POST",
    service: "api",
    body: SMALL,
    steps: [
      [takes(FRAME.OPEN), "lost"],
      [sends((id) => reset(id, "OVERLOADED", FLAG.NOT_PROCESSED)), "moved"],
    ],
  },
  {
    name: "POST that a draining connector did not take",
    method: "POST",
    service: "api",
    body: SMALL,
    steps: [
      [takes(FRAME.OPEN), "lost"],
      [sends(() => goaway(0, "DRAINING")), "moved"],
    ],
  },
];

async function perform(step: Step, peer: HandPeer, id: number): Promise<void> {
  if ("takes" in step) {
    if (step.takes === FRAME.OPEN) return;
    while (((await peer.take(step.takes, id)).flags & FLAG.END) === 0 && step.end === true);
    return;
  }
  peer.send(step.sends(id));
  // Wait until it has arrived, because bytes that are still in the socket would be lost.
  await peer.settled();
}

/** Plays the script through step `last`, then cuts the connection. */
async function outcomeAfter(
  exchange: Exchange,
  last: number,
): Promise<{ answer: Answer; seenByOther: boolean }> {
  const tunnel: HandTunnel = relay.tunnel();
  const peer = await tunnel.connect();
  const { method, service, body } = exchange;
  const call = tunnel.call("/", { method, service, ...(body === undefined ? {} : { body }) });
  const { id } = await peer.takeOpen();
  const other = await tunnel.connect({ connectorId: "other" });
  for (const [step] of exchange.steps.slice(0, last + 1)) await perform(step, peer, id);
  tunnel.cut(peer);
  let answered = false;
  void call.then(() => (answered = true));
  await until(() => answered || other.inbox.some(({ type }) => type === FRAME.OPEN));
  const seenByOther = other.inbox.some(({ type }) => type === FRAME.OPEN);
  if (seenByOther) {
    const moved = await other.takeOpen();
    let sent = "";
    while (body !== undefined && sent.length < body.length)
      sent += Buffer.from((await other.take(FRAME.DATA, moved.id)).payload).toString();
    expect([moved.method, sent]).toEqual([method, body ?? ""]);
    other.answer(moved.id, "from the other");
  }
  return { answer: await call, seenByOther };
}

const EXPECTED: Record<Outcome, { answer: Partial<Answer>; seenByOther: boolean }> = {
  lost: { answer: { status: 502, error: "CONNECTOR_LOST", aborted: false }, seenByOther: false },
  aborted: { answer: { aborted: true, error: null }, seenByOther: false },
  moved: { answer: { status: 200, body: "from the other", aborted: false }, seenByOther: true },
  whole: { answer: { status: 200, error: null, aborted: false }, seenByOther: false },
};

describe.concurrent("the socket of a connector, cut after each frame of", () => {
  it.each(EXCHANGES)("$name", async (exchange) => {
    for (const [last, [step, outcome]] of exchange.steps.entries()) {
      const seen = await outcomeAfter(exchange, last);
      const after = "takes" in step ? `frame ${step.takes} taken` : `step ${last} sent`;
      expect(seen, after).toMatchObject(EXPECTED[outcome]);
    }
  });

  it("a WebSocket", async () => {
    const text = (id: number, content: string, flags: number = FLAG.TEXT) =>
      frame(FRAME.WSMSG, Buffer.from(content), id, flags);
    const steps: Step[] = [
      takes(FRAME.OPEN),
      sends((id) => head(id, 101)),
      sends((id) => text(id, "one")),
      takes(FRAME.WSMSG),
      sends((id) => text(id, "two, ", FLAG.TEXT | FLAG.MORE)),
      sends((id) => text(id, "and three")),
      sends((id) => wsClose(id, 4001, "bye")),
    ];
    const whole = ["one", "two, and three"];
    const heard: { messages: string[]; code: number | null }[] = [];
    for (let last = 0; last < steps.length; last++) {
      const tunnel = relay.tunnel();
      const peer = await tunnel.connect();
      const socket = tunnel.webSocket("/socket");
      const seen: { messages: string[]; code: number | null } = { messages: [], code: null };
      heard.push(seen);
      socket.on("message", (bytes: Buffer) => seen.messages.push(bytes.toString()));
      socket.on("open", () => socket.send("hello"));
      // It was refused before it opened, or closed afterwards.
      const refused = once(socket, "unexpected-response").then(([, response]) => {
        expect((response as { headers: Record<string, string> }).headers["culvert-error"]).toBe(
          "CONNECTOR_LOST",
        );
        socket.terminate();
      });
      refused.catch(() => {});
      const closed = new Promise<void>((resolve) => {
        socket.on("close", (code) => {
          seen.code = code === 1006 ? null : code;
          resolve();
        });
      });
      const { id } = await peer.takeOpen();
      for (const step of steps.slice(0, last + 1)) await perform(step, peer, id);
      tunnel.cut(peer);
      await Promise.race([closed, refused]);
    }
    expect(heard).toEqual([
      { messages: [], code: null },
      { messages: [], code: 1011 },
      { messages: ["one"], code: 1011 },
      { messages: ["one"], code: 1011 },
      // Half a message is not a message.
      { messages: ["one"], code: 1011 },
      { messages: whole, code: 1011 },
      { messages: whole, code: 4001 },
    ]);
  });
});
