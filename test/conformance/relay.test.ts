import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { ErrorCode } from "../../shared/protocol/error-code.ts";
import { encodeMessage } from "../../shared/protocol/frame-codec.ts";
import {
  decodeClose,
  decodeGoaway,
  decodeOffset,
  decodeReset,
} from "../../shared/protocol/frame-payloads.ts";
import { FLAG, FRAME, type Frame } from "../../shared/protocol/frame.ts";
import { encodeHello } from "../../shared/protocol/handshake.ts";
import { encodeOpen, encodeTrailers } from "../../shared/protocol/head-codec.ts";
import type { Field } from "../../shared/protocol/head.ts";
import {
  CONNECTION_CREDIT_STEP_BYTES,
  CONNECTION_WINDOW_BYTES,
  LARGE_DATA_BYTES,
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_WEBSOCKET_MESSAGE_BYTES,
  RELAY_STREAM_WINDOW_BYTES,
} from "../../shared/protocol/limits.ts";
import {
  type Answer,
  type HandRelay,
  type HandTunnel,
  read,
  startHandRelay,
} from "../support/peers/hand-peer-relay.ts";
import {
  concat,
  data,
  frame,
  goaway,
  type HandPeer,
  head,
  HELLO,
  type RawEntry,
  rawHead,
  reset,
  streams,
  until,
  window,
  wsClose,
} from "../support/peers/hand-peer.ts";

/** One relay for all cases. Each case has its own tunnel and connector. */
let relay: HandRelay;
beforeAll(async () => {
  relay = await startHandRelay(200);
}, 60_000);
afterAll(() => relay.stop());

const PING = frame(FRAME.PING, new Uint8Array(8));
const EXTENSION = 0x40;

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A SETTINGS payload with this many unknown settings. */
function settings(count: number): Uint8Array {
  return Uint8Array.from(times(count, (index) => [0x10, index, 0, 0]).flat());
}

async function expectAnswer(call: Promise<Answer>, expected: Partial<Answer>): Promise<void> {
  expect(await call).toMatchObject({ aborted: false, error: null, ...expected });
}

/** Expects that the gateway can use the tunnel through this connector. */
async function expectWorks(tunnel: HandTunnel, peer: HandPeer): Promise<void> {
  const call = tunnel.call("/works");
  peer.answer((await peer.takeOpen()).id, "fine");
  await expectAnswer(call, { status: 200, body: "fine" });
}

async function expectGoaway(peer: HandPeer, code: ErrorCode, closeCode: number): Promise<void> {
  expect(decodeGoaway((await peer.take(FRAME.GOAWAY)).payload)).toMatchObject({ code, lastStreamId: 0 });
  expect(await peer.untilClosed()).toEqual({ code: closeCode, reason: code });
}

const BROKEN: Partial<Answer> = { status: 502, error: "UPSTREAM_PROTOCOL" };
/** With or without a head. For the client, both are a connection that ends. */
const ABORTED: Partial<Answer> = { aborted: true };
const LOST: Partial<Answer> = { status: 502, error: "CONNECTOR_LOST" };

/** The gateway waits for the answer on stream `id`. Stream `overId` has ended. */
type Break = (peer: HandPeer, id: number, overId: number) => void;
interface EndsConnection {
  row: string;
  breaks: Break;
  code?: ErrorCode;
  /** The expected answer to the request that was waiting. */
  waiting?: Partial<Answer>;
}

const sends =
  (...frames: Frame[]): Break =>
  (peer) =>
    peer.send(...frames);
const sendsRaw =
  (...messages: (Uint8Array | string)[]): Break =>
  (peer) => {
    for (const message of messages) peer.sendRaw(message);
  };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const ENDS_CONNECTION: EndsConnection[] = [
  { row: "empty message", breaks: sendsRaw(bytes()) },
  { row: "message of 8 bytes", breaks: sendsRaw(new Uint8Array(8)) },
  {
    row: "length beyond the message",
    breaks: sendsRaw(bytes(0, 0, 9, FRAME.PING, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)),
  },
  { row: "trailing bytes", breaks: sendsRaw(concat(encodeMessage([PING]), bytes(1))) },
  {
    row: "frame split over two messages",
    breaks: sendsRaw(encodeMessage([PING]).slice(0, 12), encodeMessage([PING]).slice(12)),
  },
  {
    row: "message over 1 MiB",
    breaks: sends(frame(EXTENSION, new Uint8Array(MAX_MESSAGE_BYTES - 8))),
  },
  { row: "unknown type under 0x40", breaks: sends(frame(0x3f)) },
  { row: "type 0", breaks: sends(frame(0)) },
  { row: "top bit of the stream id", breaks: sends(frame(EXTENSION, bytes(), 0x8000_0001)) },
  { row: "text other than p", breaks: sendsRaw("pp") },
  { row: "binary p", breaks: sendsRaw(bytes(0x70)) },
  { row: "second HELLO", breaks: sends(frame(FRAME.HELLO, encodeHello(HELLO))) },
  { row: "WELCOME from the connector", breaks: sends(frame(FRAME.WELCOME)) },
  { row: "RESTART from the connector unasked", breaks: sends(frame(FRAME.RESTART, bytes(0, 0, 0, 1))) },
  { row: "setting that overruns", breaks: sends(frame(FRAME.SETTINGS, bytes(0, 1, 0, 5, 1))) },
  { row: "setting cut in its header", breaks: sends(frame(FRAME.SETTINGS, bytes(0, 1, 0))) },
  { row: "33 settings", breaks: sends(frame(FRAME.SETTINGS, settings(33))) },
  { row: "PING of 7 bytes", breaks: sends(frame(FRAME.PING, new Uint8Array(7))) },
  { row: "PING flood", code: "CALM", breaks: sends(...times(150, () => PING)) },
  { row: "last id of GOAWAY grows", breaks: (peer, id) => peer.send(goaway(id), goaway(id + 2)) },
  {
    row: "OPEN from the connector",
    breaks: sends(
      frame(
        FRAME.OPEN,
        encodeOpen({
          kind: "http",
          target: "http://x",
          service: "x",
          method: "GET",
          path: "/",
          project: "p",
          environment: "e",
          requestId: "r",
          fields: [],
        }),
        101,
      ),
    ),
  },
  { row: "even id", breaks: sends(data(2, "x")) },
  { row: "stream frame on stream 0", breaks: sends(data(0, "x")) },
  { row: "STREAMS decreases", breaks: sends(streams(HELLO.maxStreams + 1), streams(HELLO.maxStreams)) },
  { row: "DATA on an idle id", breaks: (peer, id) => peer.send(data(id + 2, "x")) },
  { row: "HEAD on an idle id", breaks: (peer, id) => peer.send(head(id + 2, 200)) },
  { row: "RESET on an idle id", breaks: (peer, id) => peer.send(reset(id + 2)) },
  {
    row: "1,100 RESETs in a second",
    code: "CALM",
    breaks: (peer, _, overId) => peer.send(...times(1100, () => reset(overId))),
  },
  {
    row: "WINDOW above 2^53-1",
    code: "FLOW_CONTROL",
    breaks: (peer, id) => peer.send(frame(FRAME.WINDOW, bytes(0, 0x20, 0, 0, 0, 0, 0, 0), id)),
  },
  {
    row: "connection WINDOW beyond all that was sent",
    code: "FLOW_CONTROL",
    breaks: sends(window(0, 2 ** 40)),
  },
  { row: "WINDOW on an idle id", breaks: (peer, id) => peer.send(window(id + 2, 1)) },
  {
    row: "WINDOW flood",
    code: "CALM",
    breaks: (peer, id) => peer.send(...times(8000, () => window(id, 1))),
  },
  {
    row: "flood of empty DATA",
    code: "CALM",
    breaks: (peer, id) => peer.send(head(id, 200), ...times(200, () => data(id, ""))),
    waiting: ABORTED,
  },
  {
    row: "flood of frames for a stream that is over",
    code: "CALM",
    breaks: (peer, _, overId) => peer.send(...times(200, () => data(overId, "x"))),
  },
  {
    row: "lengths beyond the blob",
    breaks: (peer, id) => peer.send(rawHead(id, 200, [["x-a", "value", { value: 6 }]])),
  },
  {
    row: "lengths short of the blob",
    breaks: (peer, id) => peer.send(rawHead(id, 200, [["x-a", "value", { value: 4 }]])),
  },
  {
    row: "count beyond the frame",
    breaks: (peer, id) => peer.send(frame(FRAME.HEAD, bytes(0, 200, 0, 9, 0, 0), id)),
  },
  { row: "unknown static id", breaks: (peer, id) => peer.send(rawHead(id, 200, [[0x7ffe, "x"]])) },
  {
    row: "invalid UTF-8",
    breaks: (peer, id) => peer.send(rawHead(id, 200, [["a", "x"]], { blob: bytes(0x61, 0xff) })),
  },
  {
    row: "overlong UTF-8",
    breaks: (peer, id) => peer.send(rawHead(id, 200, [["a", "x"]], { blob: bytes(0x61, 0xc0, 0x8d) })),
  },
  {
    row: "surrogate as UTF-8",
    breaks: (peer, id) => peer.send(rawHead(id, 200, [["a", "x"]], { blob: bytes(0x61, 0xed, 0xa0, 0x80) })),
  },
  {
    row: "WSCLOSE with a reason of 124 bytes",
    breaks: (peer, id) => peer.send(wsClose(id, 1000, "x".repeat(124))),
  },
];

describe.concurrent("a violation of the connection", () => {
  it.each(ENDS_CONNECTION)(
    "$row: ends it, and no other",
    async ({ breaks, code = "PROTOCOL_ERROR", waiting = LOST }) => {
      const tunnel = relay.tunnel();
      const bad = await tunnel.connect();
      const over = tunnel.call("/over");
      const { id: overId } = await bad.takeOpen();
      bad.answer(overId, "over");
      await over;
      const call = tunnel.call("/waits");
      const { id } = await bad.takeOpen();
      const good = await tunnel.connect({ connectorId: "good" });

      breaks(bad, id, overId);

      await expectGoaway(bad, code, 4400);
      await expectAnswer(call, waiting);
      await expectWorks(tunnel, good);
    },
  );

  it.each<{ row: string; first: Frame[] }>([
    { row: "first frame not HELLO", first: [PING] },
    { row: "stream frame first", first: [data(1, "x")] },
    { row: "HELLO that overruns", first: [frame(FRAME.HELLO, bytes(0, 1, 0xff, 0xff, 1))] },
    { row: "HELLO without its settings", first: [frame(FRAME.HELLO)] },
    { row: "HELLO of 33 settings", first: [frame(FRAME.HELLO, settings(33))] },
    {
      row: "HELLO with an endless window",
      first: [frame(FRAME.HELLO, encodeHello({ ...HELLO, streamWindowBytes: 0xffff_ffff }))],
    },
  ])("$row: ends it, and no other", async ({ first }) => {
    const tunnel = relay.tunnel();
    const [bad, good] = [await tunnel.attach(), await tunnel.connect()];
    bad.send(...first);
    await expectGoaway(bad, "PROTOCOL_ERROR", 4400);
    await expectWorks(tunnel, good);
  });

  it("no HELLO in five seconds: closes with 4408", async () => {
    const tunnel = relay.tunnel();
    const [silent, good] = [await tunnel.attach(), await tunnel.connect()];
    await expectGoaway(silent, "PROTOCOL_ERROR", 4408);
    await expectWorks(tunnel, good);
  });

  it("no common version: 426 that lists what is spoken", async () => {
    const response = await fetch(`${relay.url}/v1/connect`, {
      headers: { "sec-websocket-protocol": "culvert.v9", authorization: `Bearer ${relay.tunnel().token}` },
    });
    expect(response.status).toBe(426);
    expect(response.headers.get("sec-websocket-protocol")).toBe("culvert.v1");
  });
});

interface EndsStream {
  row: string;
  code?: ErrorCode;
  /** Default: GET. With "upload" the request's body never ends. */
  method?: "HEAD" | "upload";
  breaks: Break;
  answer?: Partial<Answer>;
}

const badHead = (...entries: RawEntry[]): Pick<EndsStream, "breaks"> => ({
  breaks: (peer, id) => peer.send(rawHead(id, 200, entries), data(id, "body", true)),
});
/** While the request's own half is open, the stream has not ended. */
const badStatus = (status: number): Pick<EndsStream, "breaks"> => ({
  breaks: (peer, id) => peer.send(rawHead(id, status)),
});

const ENDS_STREAM: EndsStream[] = [
  {
    row: "DATA after END",
    method: "upload",
    breaks: (peer, id) => peer.send(head(id, 200), data(id, "all", true), data(id, "more")),
    answer: ABORTED,
  },
  { row: "DATA before HEAD", breaks: (peer, id) => peer.send(data(id, "x")) },
  {
    row: "TRAILERS before HEAD",
    breaks: (peer, id) => peer.send(frame(FRAME.TRAILERS, encodeTrailers([]), id)),
  },
  {
    row: "second final HEAD",
    breaks: (peer, id) => peer.send(head(id, 200), data(id, "x"), head(id, 200)),
    answer: ABORTED,
  },
  {
    row: "HEAD INFO with END",
    breaks: (peer, id) => peer.send(head(id, 103, [], FLAG.INFO | FLAG.END)),
  },
  { row: "HEAD INFO of a final status", breaks: (peer, id) => peer.send(head(id, 200, [], FLAG.INFO)) },
  { row: "informational status without INFO", breaks: (peer, id) => peer.send(head(id, 103)) },
  { row: "101 on kind http", breaks: (peer, id) => peer.send(head(id, 101)) },
  {
    row: "WSMSG on kind http",
    breaks: (peer, id) => peer.send(head(id, 200), frame(FRAME.WSMSG, bytes(1), id)),
    answer: ABORTED,
  },
  {
    row: "DATA over the stream's window",
    code: "FLOW_CONTROL",
    breaks: (peer, id) =>
      peer.send(head(id, 200), ...times(3, () => data(id, new Uint8Array(MAX_DATA_BYTES)))),
    answer: ABORTED,
  },
  { row: "empty name", ...badHead(["", "x"]) },
  { row: "space in a name", ...badHead(["x a", "x"]) },
  { row: "colon in a name", ...badHead(["x:a", "x"]) },
  { row: "upper case in a name", ...badHead(["X-A", "x"]) },
  { row: "non-ASCII in a name", ...badHead(["x-é", "x"]) },
  { row: "CR in a value", ...badHead(["x-a", "a\rb"]) },
  { row: "LF in a value", ...badHead(["x-a", "a\nset-cookie: b"]) },
  { row: "NUL in a value", ...badHead(["x-a", "a\0b"]) },
  { row: "Content-Length 5, 5", ...badHead(["content-length", "5, 5"]) },
  { row: "Content-Length +5", ...badHead(["content-length", "+5"]) },
  { row: "empty Content-Length", ...badHead(["content-length", ""]) },
  { row: "two Content-Lengths", ...badHead(["content-length", "4"], ["content-length", "5"]) },
  { row: "Transfer-Encoding on the wire", ...badHead(["transfer-encoding", "chunked"]) },
  { row: "Connection on the wire", ...badHead(["connection", "close"]) },
  {
    row: "more than Content-Length",
    code: "UPSTREAM_PROTOCOL",
    breaks: (peer, id) => peer.send(head(id, 200, [["content-length", "3"]]), data(id, "four")),
    answer: ABORTED,
  },
  { row: "257 fields", ...badHead(...times(257, (index): RawEntry => [`x-${index}`, "v"])) },
  { row: "33 KiB of fields", ...badHead(["x-a", "v".repeat(33 * 1024)]) },
  { row: "status 0", ...badStatus(0) },
  { row: "status 99", ...badStatus(99) },
  { row: "status 199", ...badStatus(199) },
  { row: "status 600", ...badStatus(600) },
  { row: "status 999", ...badStatus(999) },
  {
    row: "body in answer to HEAD",
    method: "HEAD",
    breaks: (peer, id) => peer.send(head(id, 200), data(id, "x")),
    answer: { status: 200, body: "" },
  },
  {
    row: "body after a HEAD with END",
    method: "upload",
    breaks: (peer, id) => peer.send(head(id, 200, [], FLAG.END), data(id, "x")),
    answer: ABORTED,
  },
  {
    row: "Transfer-Encoding in trailers",
    breaks: (peer, id) => {
      const { payload } = rawHead(id, 0, [["transfer-encoding", "chunked"]]);
      peer.send(head(id, 200), data(id, "x"), frame(FRAME.TRAILERS, payload.slice(2), id));
    },
    answer: ABORTED,
  },
];

function endlessUpload(): RequestInit {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("some")),
  });
  return { method: "POST", body, duplex: "half" };
}

describe.concurrent("a violation of one stream", () => {
  it.each(ENDS_STREAM)(
    "$row: resets it, and no other",
    async ({ code = "STREAM_ERROR", method, breaks, answer = BROKEN }) => {
      const tunnel = relay.tunnel();
      const peer = await tunnel.connect();
      const victim = tunnel.call(
        "/victim",
        method === "upload" ? endlessUpload() : { method: method ?? "GET" },
      );
      const { id } = await peer.takeOpen();
      const other = tunnel.call("/other");
      const { id: otherId } = await peer.takeOpen();

      breaks(peer, id, otherId);

      const { payload } = await peer.take(FRAME.RESET, id);
      expect(decodeReset(payload).code).toBe(code);
      peer.send(reset(id));
      expect(await victim).toMatchObject({ aborted: false, ...answer });
      peer.answer(otherId, "untouched");
      await expectAnswer(other, { status: 200, body: "untouched" });
      await expectWorks(tunnel, peer);
    },
  );
});

describe.concurrent("what is tolerated", () => {
  it("an unknown type from 0x40 on is skipped, wherever it is", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.call("/");
    const { id } = await peer.takeOpen();
    peer.send(
      frame(EXTENSION, bytes(1, 2, 3)),
      head(id, 200),
      frame(0x7f, bytes(1), id),
      data(id, "a"),
      frame(0xff, bytes(), 1001),
      data(id, "b", true),
    );
    await expectAnswer(call, { status: 200, body: "ab" });
  });

  it("unknown flags are ignored", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.call("/");
    const { id } = await peer.takeOpen();
    const flagged = (plain: Frame, extra: number): Frame => ({ ...plain, flags: plain.flags | extra });
    peer.send(
      flagged(head(id, 200), 0xfc),
      flagged(data(id, "a"), 0xfe),
      flagged(data(id, "b", true), 0xfe),
      frame(FRAME.SETTINGS, settings(32), 0, 0xff),
    );
    await expectAnswer(call, { status: 200, body: "ab" });
    await expectWorks(tunnel, peer);
  });

  it("the text p is answered q", async () => {
    const peer = await relay.tunnel().connect();
    peer.sendRaw("p");
    await until(() => peer.texts.length > 0);
    expect(peer.texts).toEqual(["q"]);
  });

  it("DATA of a stream just reset is ignored, and its connection credit returns", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.probe({ path: "/", cancel: { when: "mid-download", afterBytes: 1 } });
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "x"));
    expect((await call).bodyBytes).toBe(1);
    expect(decodeReset((await peer.take(FRAME.RESET, id)).payload).code).toBe("CANCEL");

    const count = CONNECTION_CREDIT_STEP_BYTES / MAX_DATA_BYTES;
    peer.send(...times(count, () => data(id, new Uint8Array(MAX_DATA_BYTES))));
    const { payload } = await peer.take(FRAME.WINDOW, 0);
    // All at once, or one frame's worth before the rest.
    expect(decodeOffset(payload)).toBeGreaterThan(CONNECTION_WINDOW_BYTES);
    peer.send(reset(id));
    await expectWorks(tunnel, peer);
  });

  it("a few frames for a stream that is over are ignored", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    await expectWorks(tunnel, peer);
    peer.send(
      data(1, "late"),
      data(1, "", true),
      head(1, 200),
      reset(1),
      window(1, 1),
      frame(FRAME.STOP, bytes(), 1),
    );
    await expectWorks(tunnel, peer);
  });

  it("a WINDOW that decreases takes no credit back", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect({ streamWindowBytes: 4096 });
    const call = tunnel.call("/", { method: "POST", body: new Uint8Array(10_000) });
    const { id } = await peer.takeOpen();
    const received = () =>
      peer.inbox.reduce((sum, { type, payload }) => sum + (type === FRAME.DATA ? payload.byteLength : 0), 0);
    await until(() => received() === 4096);
    peer.send(window(id, 8192), window(id, 100), window(0, 100));
    await until(() => received() === 8192);
    await peer.settled();
    expect(received()).toBe(8192);
    peer.send(window(id, 20_000));
    await until(() => received() === 10_000);
    peer.answer(id, "all");
    await expectAnswer(call, { status: 200, body: "all" });
  });

  it.each([204, 205, 304])(
    "%i with a body: the gateway gets no body, and nothing is thrown",
    async (status) => {
      const tunnel = relay.tunnel();
      const peer = await tunnel.connect();
      for (const end of [true, false]) {
        const call = tunnel.call("/");
        const { id } = await peer.takeOpen();
        peer.send(head(id, status), data(id, "surprise", end));
        await expectAnswer(call, { status, body: "" });
      }
      await expectWorks(tunnel, peer);
    },
  );

  it("line ends in the status text are dropped", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const raw = tunnel.raw((path) => `GET ${path("/")} HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n`);
    const { id } = await peer.takeOpen();
    peer.send(rawHead(id, 200, [[10, "Fine\r\nset-cookie: evil=1\0"]]), data(id, "x", true));
    expect((await raw).split("\r\n")[0]).toBe("HTTP/1.1 200 Fineset-cookie: evil=1");
  });

  it("a forbidden trailer field reaches nobody", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.call("/");
    const { id } = await peer.takeOpen();
    const trailers = encodeTrailers([
      ["set-cookie", "evil=1"],
      ["x-sum", "1"],
    ]);
    peer.send(head(id, 200), data(id, "x"), frame(FRAME.TRAILERS, trailers, id));
    const answer = await call;
    expect(answer).toMatchObject({ status: 200, body: "x", aborted: false });
    expect(answer.headers.get("set-cookie")).toBe(null);
  });
});

describe.concurrent("what the relay itself guarantees", () => {
  it("ids of streams are odd and increase; opened and cancelled streams use up credit until it is granted", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect({ maxStreams: 8 });
    const ids: number[] = [];
    for (let opened = 0; opened < 8; opened++) {
      const call = tunnel.probe({ path: "/", cancel: { when: "before-head", afterMs: 20 } });
      const { id } = await peer.takeOpen();
      ids.push(id);
      expect((await call).threw).not.toBe(null);
      await peer.take(FRAME.RESET, id);
      peer.send(reset(id));
    }
    expect(ids).toEqual([1, 3, 5, 7, 9, 11, 13, 15]);
    await peer.settled();
    await expectAnswer(tunnel.call("/"), { status: 503, error: "OVERLOADED" });
    expect(peer.inbox.filter(({ type }) => type === FRAME.OPEN)).toEqual([]);
    peer.send(streams(9));
    await peer.settled();
    await expectWorks(tunnel, peer);
  });

  it("less than Content-Length aborts the body", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.call("/");
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, [["content-length", "10"]]), data(id, "four"));
    await peer.settled();
    peer.send(data(id, "", true));
    await expectAnswer(call, { status: 200, aborted: true });
    await expectWorks(tunnel, peer);
  });

  it("a whole body of the wrong length is an answer", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.call("/");
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, [["content-length", "10"]]), data(id, "four", true));
    await expectAnswer(call, BROKEN);
  });

  it("a response that ends before its request: every byte of both arrives", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    let finish = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("first "));
        finish = () => {
          controller.enqueue(new TextEncoder().encode("last"));
          controller.close();
        };
      },
    });
    const response = tunnel.request("/", { method: "POST", body, duplex: "half" });
    const { id } = await peer.takeOpen();
    await peer.take(FRAME.DATA, id);
    peer.send(head(id, 200), data(id, "early "));
    const early = await response;
    peer.send(data(id, "answer"));
    finish();
    let received = "";
    for (let ended = false; !ended;) {
      const { payload, flags } = await peer.take(FRAME.DATA, id);
      received += Buffer.from(payload).toString();
      ended = (flags & FLAG.END) !== 0;
    }
    expect(received).toBe("last");
    peer.send(data(id, "", true));
    expect((await read(early)).body).toBe("early answer");
    await expectWorks(tunnel, peer);
  });
});

/** Runs after the other cases, so that their memory is not counted. */
describe("memory", () => {
  it("2,000 one-byte DATA in padded messages cost no more than their bytes", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const call = tunnel.request("/");
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200), data(id, "x"));
    const response = await call;
    const filledBytes = await fillUnread(peer, id, 1);
    const padding = frame(EXTENSION, new Uint8Array(160 * 1024));
    const beforeBytes = await residentBytes(relay.pid);
    for (let sent = 0; sent < 2_000; sent++) {
      peer.send(data(id, "x"), padding);
      if (sent % 100 === 0) await peer.settled();
    }
    await peer.settled();
    // If the slices were views, they would pin 320 MiB. Less than that is garbage that a busy machine has not collected
    // yet.
    const grownBytes = (await residentBytes(relay.pid)) - beforeBytes;
    expect(grownBytes).toBeLessThan(290 * 1024 * 1024);
    peer.send(data(id, "", true));
    expect((await response.bytes()).byteLength).toBe(filledBytes + 2_000);
  });
});

/** Sends until nobody accepts more, except the last 2 KiB of the window. What comes after that waits in the relay. */
async function fillUnread(peer: HandPeer, id: number, alreadySentBytes: number): Promise<number> {
  const chunk = new Uint8Array(2 * 1024);
  let sentBytes = alreadySentBytes;
  let limitBytes = RELAY_STREAM_WINDOW_BYTES;
  for (let quietSinceMs = Date.now(); Date.now() - quietSinceMs < 500;) {
    const grants = peer.inbox.filter(({ type, streamId }) => type === FRAME.WINDOW && streamId === id);
    limitBytes = Math.max(limitBytes, ...grants.map(({ payload }) => decodeOffset(payload)));
    if (limitBytes - sentBytes >= 2 * chunk.byteLength) {
      peer.send(data(id, chunk));
      sentBytes += chunk.byteLength;
      quietSinceMs = Date.now();
    } else {
      await peer.settled();
      // PINGs have an abuse budget.
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  return sentBytes;
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Sends a client's request as raw bytes, as far as the gateway's runtime accepts them. */
async function sendRaw(
  tunnel: HandTunnel,
  request: { method?: string; path?: string; headers?: string; body?: string },
): Promise<string> {
  const { method = "GET", path = "/", headers = "", body = "" } = request;
  return tunnel.raw(
    (full) => `${method} ${full(path)} HTTP/1.1\r\nhost: g\r\nconnection: close\r\n${headers}\r\n${body}`,
  );
}

describe.concurrent("a request that cannot be carried", () => {
  it.each([
    { row: "empty name", headers: ": x\r\n" },
    { row: "space in a name", headers: "x a: x\r\n" },
    { row: "NUL in a value", headers: "x-a: a\0b\r\n" },
    { row: "bare CR in a value", headers: "x-a: a\rb\r\n" },
    { row: "Content-Length 5, 5", method: "POST", headers: "content-length: 5, 5\r\n", body: "hello" },
    { row: "Content-Length +5", method: "POST", headers: "content-length: +5\r\n", body: "hello" },
    { row: "empty Content-Length", method: "POST", headers: "content-length: \r\n", body: "hello" },
    {
      row: "two Content-Lengths",
      method: "POST",
      headers: "content-length: 5\r\ncontent-length: 6\r\n",
      body: "hello",
    },
    { row: "257 fields", headers: times(257, (index) => `x-${index}: v\r\n`).join(""), status: 431 },
    { row: "33 KiB of fields", headers: `x-a: ${"v".repeat(33 * 1024)}\r\n`, status: 431 },
    { row: "a path over 16 KiB", path: `/${"p".repeat(16 * 1024)}`, status: 414 },
    { row: "method CONNECT", method: "CONNECT", status: 500 },
    { row: "method TRACE", method: "TRACE" },
    { row: "method GE T", method: "GE T" },
  ])("$row: is refused, and no connector hears of it", async ({ status = 400, ...request }) => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const answer = await sendRaw(tunnel, request);
    expect(Number(answer.split(" ")[1])).toBe(status);
    await peer.settled();
    expect(peer.streamFrames).toEqual([]);
  });
});

describe.concurrent("a request as it leaves", () => {
  async function opened(request: Parameters<typeof sendRaw>[1]) {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const answer = sendRaw(tunnel, request);
    const open = await peer.takeOpen();
    peer.answer(open.id, "fine");
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    return open;
  }
  const valuesOf = (fields: readonly Field[], wanted: string): string[] =>
    fields.filter(([name]) => name === wanted).map(([, value]) => value);

  it("U+010D U+010A in a value stay unchanged", async () => {
    const { fields } = await opened({ headers: "x-a: \u010d\u010aset-cookie: evil\r\n" });
    expect(valuesOf(fields, "x-a")).toEqual(["\u010d\u010aset-cookie: evil"]);
  });

  it("U+010D U+010A in an answer's value break no line", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const answer = sendRaw(tunnel, {});
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, [["x-a", "\u010d\u010aset-cookie: evil"]]), data(id, "fine", true));
    const lines = (await answer).split(/[\r\n]+/);
    expect(lines.filter((line) => line.startsWith("set-cookie"))).toEqual([]);
    expect(lines).toContain(Buffer.from("x-a: \u010d\u010aset-cookie: evil").toString("latin1"));
  });

  it("is part of its caller's trace, or of one that the relay names and does not sample", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const state = "tracestate: vendor=opaque\r\n";
    const traced = await opened({ headers: `traceparent: ${traceparent}\r\n${state}` });
    expect(valuesOf(traced.fields, "traceparent")).toEqual([traceparent]);
    expect(valuesOf(traced.fields, "tracestate")).toEqual(["vendor=opaque"]);
    for (const headers of ["", `traceparent: 00-0-0-01\r\n${state}`, state]) {
      const { fields, requestId } = await opened({ headers });
      const hex = requestId.replaceAll("-", "");
      expect(valuesOf(fields, "traceparent")).toEqual([`00-${hex}-${hex.slice(16)}-00`]);
      expect(valuesOf(fields, "tracestate")).toEqual([]);
    }
  });

  it("Transfer-Encoding is removed", async () => {
    const { fields, end } = await opened({
      method: "POST",
      headers: "transfer-encoding: chunked\r\n",
      body: "5\r\nhello\r\n0\r\n\r\n",
    });
    expect(valuesOf(fields, "transfer-encoding")).toEqual([]);
    expect(end).toBe(false);
  });

  it.each([
    ["//host/x", "//host/x"],
    ["/http://other.internal/x", "/http://other.internal/x"],
    ["/a/../b", "/b"],
    ["/a\\b", "/a/b"],
    ["/%0d%0a?q=%00%2F", "/%0d%0a?q=%00%2F"],
    ["?q=1", "/?q=1"],
    ["/;x=1+2", "/;x=1+2"],
  ])("path %s: goes to the service's own origin", async (path, expected) => {
    const open = await opened({ path });
    expect(open).toMatchObject({ target: "http://payments.internal:8080", path: expected });
  });

  it("fields that Connection names are removed, except those meant for the upstream", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const meant: [string, string][] = [
      ["authorization", "secret"],
      ["cookie", "a=1"],
      ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
      ["tracestate", "a=b"],
      ["cf-access-client-id", "an-id.access"],
    ];
    const named = [...meant.map(([name]) => name), "host", "x-b", "forwarded", "x-forwarded-proto"];
    const lines = [...meant, ["x-a", "kept"], ["x-b", "removed"]].map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const answer = tunnel.raw(
      (path) =>
        `GET ${path("/")} HTTP/1.1\r\nhost: g\r\nconnection: close, ${named.join(", ")}\r\n${lines.join("")}\r\n`,
    );
    const { id, fields } = await peer.takeOpen();
    peer.answer(id, "fine");
    await answer;
    expect(fields).toEqual(expect.arrayContaining(meant));
    expect(valuesOf(fields, "connection")).toEqual([]);
    expect(valuesOf(fields, "x-a")).toEqual(["kept"]);
    expect(valuesOf(fields, "x-b")).toEqual([]);
  });
});

describe.concurrent("a WebSocket", () => {
  interface Opened {
    tunnel: HandTunnel;
    peer: HandPeer;
    id: number;
    client: WebSocket;
    messages: (Buffer | string)[];
    closed: Promise<{ code: number; reason: string }>;
  }

  async function openWebSocket(): Promise<Opened> {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const client = tunnel.webSocket("/socket");
    const messages: (Buffer | string)[] = [];
    client.on("message", (received: Buffer, isBinary) =>
      messages.push(isBinary ? received : received.toString()),
    );
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      client.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    const { id, kind } = await peer.takeOpen();
    expect(kind).toBe("websocket");
    peer.send(head(id, 101));
    await once(client, "open");
    return { tunnel, peer, id, client, messages, closed };
  }
  const message = (id: number, payload: Uint8Array | string, flags: number): Frame =>
    frame(FRAME.WSMSG, typeof payload === "string" ? new TextEncoder().encode(payload) : payload, id, flags);

  it("carries text, binary and fragments, and its close both ways", async () => {
    const { tunnel, peer, id, client, messages, closed } = await openWebSocket();
    peer.send(
      message(id, "te", FLAG.TEXT | FLAG.MORE),
      message(id, "xt", FLAG.TEXT),
      message(id, bytes(1, 2), 0),
      message(id, "", FLAG.TEXT),
    );
    await until(() => messages.length === 3);
    expect(messages).toEqual(["text", Buffer.from([1, 2]), ""]);
    client.send("up");
    expect((await peer.take(FRAME.WSMSG, id)).flags).toBe(FLAG.TEXT);
    tunnel.leave(client);
    client.close(4001, "bye");
    expect(decodeClose((await peer.take(FRAME.WSCLOSE, id)).payload)).toEqual({ code: 4001, reason: "bye" });
    peer.send(wsClose(id, 4001, "bye"));
    expect(await closed).toEqual({ code: 4001, reason: "bye" });
    await expectWorks(tunnel, peer);
  });

  it("DATA resets it", async () => {
    const { tunnel, peer, id, closed } = await openWebSocket();
    peer.send(data(id, "x"));
    expect(decodeReset((await peer.take(FRAME.RESET, id)).payload).code).toBe("STREAM_ERROR");
    peer.send(reset(id));
    expect(await closed).toMatchObject({ code: 1011 });
    await expectWorks(tunnel, peer);
  });

  it("invalid UTF-8 in text closes it with 1007", async () => {
    const { tunnel, peer, id, closed } = await openWebSocket();
    peer.send(message(id, bytes(0x61, 0xff), FLAG.TEXT));
    expect(await closed).toMatchObject({ code: 1007 });
    expect(decodeClose((await peer.take(FRAME.WSCLOSE, id)).payload).code).toBe(1007);
    peer.send(wsClose(id, 1007));
    await expectWorks(tunnel, peer);
  });

  it("a character that fragments divide is joined again", async () => {
    const { peer, id, messages } = await openWebSocket();
    peer.send(message(id, bytes(0xc3), FLAG.TEXT | FLAG.MORE), message(id, bytes(0xa9), FLAG.TEXT));
    await until(() => messages.length === 1);
    expect(messages).toEqual(["é"]);
  });

  it("endless MORE closes it with 1009", async () => {
    const { tunnel, peer, id, closed } = await openWebSocket();
    const payload = new Uint8Array(LARGE_DATA_BYTES / 2);
    const costBytes = payload.byteLength + 128;
    let roomBytes = 64 * 1024;
    for (
      let sentBytes = 0, usedBytes = 0;
      sentBytes <= MAX_WEBSOCKET_MESSAGE_BYTES;
      sentBytes += payload.byteLength
    ) {
      while (usedBytes + costBytes > roomBytes) {
        roomBytes = Math.max(roomBytes, decodeOffset((await peer.take(FRAME.WINDOW, id)).payload));
      }
      peer.send(message(id, payload, FLAG.MORE));
      usedBytes += costBytes;
    }
    expect(await closed).toMatchObject({ code: 1009 });
    await peer.take(FRAME.WSCLOSE, id);
    peer.send(wsClose(id, 1009));
    await expectWorks(tunnel, peer);
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535])("WSCLOSE %i becomes 1002", async (code) => {
    const { peer, id, closed } = await openWebSocket();
    peer.send(wsClose(id, code));
    expect(await closed).toMatchObject({ code: 1002 });
  });

  it("WSCLOSE without a code is a close without one, both ways", async () => {
    const { tunnel, peer, id, client, closed } = await openWebSocket();
    peer.send(frame(FRAME.WSCLOSE, undefined, id));
    // `ws` reports it this way.
    expect(await closed).toEqual({ code: 1005, reason: "" });
    expect((await peer.take(FRAME.WSCLOSE, id)).payload).toHaveLength(0);
    await expectWorks(tunnel, peer);
    const other = await openWebSocket();
    other.tunnel.leave(other.client);
    other.client.close();
    expect((await other.peer.take(FRAME.WSCLOSE, other.id)).payload).toHaveLength(0);
    expect(client.readyState).toBe(client.CLOSED);
  });

  it("a reason that grows in decoding is cut at a character", async () => {
    const { peer, id, closed } = await openWebSocket();
    // 123 bytes that end with half a character. As U+FFFD that half takes three bytes.
    peer.send(wsClose(id, 1000, concat(Buffer.from("x".repeat(122)), bytes(0xc3))));
    expect(await closed).toEqual({ code: 1000, reason: "x".repeat(122) });
  });

  it("WSMSG after WSCLOSE resets it", async () => {
    const { tunnel, peer, id, messages } = await openWebSocket();
    peer.send(wsClose(id, 1000), message(id, "late", FLAG.TEXT));
    expect(decodeReset((await peer.take(FRAME.RESET, id)).payload).code).toBe("STREAM_ERROR");
    peer.send(reset(id));
    await expectWorks(tunnel, peer);
    expect(messages).toEqual([]);
  });

  it("refused by the upstream is an ordinary answer", async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect();
    const client = tunnel.webSocket("/socket");
    const refused = once(client, "unexpected-response");
    const { id } = await peer.takeOpen();
    peer.send(head(id, 403), data(id, "no", true));
    const [, response] = (await refused) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(403);
    await expectWorks(tunnel, peer);
  });
});
