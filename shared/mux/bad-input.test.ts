import { describe, expect, it } from "vitest";
import {
  Bench,
  CONNECTION_WINDOW,
  frame,
  headFrame,
  HELLO_PAYLOAD,
  MAX_STREAMS,
  openFrame,
  STREAM_WINDOW,
  u32,
  WELCOME_PAYLOAD,
} from "../../test/support/simulation/sim-peer.ts";
import { SOME_REQUEST } from "../../test/support/simulation/sim-pair.ts";
import { encodeMessage } from "../protocol/frame-codec.ts";
import {
  decodeGoaway,
  decodeReset,
  encodeGoaway,
  encodeOffset,
  encodeReset,
} from "../protocol/frame-payloads.ts";
import { FLAG, type Frame } from "../protocol/frame.ts";
import { encodeOpen } from "../protocol/head-codec.ts";
import type { OpenHead } from "../protocol/head.ts";
import { DEFAULT_STALL_TIMEOUT_MS, MAX_MESSAGE_BYTES } from "../protocol/limits.ts";

type End = "relay" | "connector";
const BOTH: readonly End[] = ["relay", "connector"];
const bytes = (length: number) => new Uint8Array(length);
const times = (count: number, make: (index: number) => Frame): Frame[] =>
  Array.from({ length: count }, (_, i) => make(i));
const tlv = (id: number, value: Uint8Array) =>
  Uint8Array.of(id >> 8, id, value.length >> 8, value.length, ...value);
const goaway = (lastStreamId: number) =>
  frame("GOAWAY", 0, encodeGoaway({ lastStreamId, code: "NO_ERROR", drainMs: 0, text: "" }));
const reset = (streamId: number) => frame("RESET", streamId, encodeReset("CANCEL", ""));
const block = (count: number, table: number[], blob: number[]) =>
  Uint8Array.of(0, 200, 0, count, ...table, ...blob);
/** A spoilt OPEN payload: the first `from` in it becomes `to`, of the same length. */
const openWith = (from: string, to: string) => {
  const payload = Buffer.from(encodeOpen(SOME_REQUEST));
  payload.write(to, payload.indexOf(from), "latin1");
  return new Uint8Array(payload);
};

interface Row {
  /** Number in the list of bad input, and what is done. */
  what: string;
  ends?: readonly End[];
  kind?: OpenHead["kind"];
  fresh?: boolean;
  connectionWindowBytes?: number;
  does: (bench: Bench) => void;
  code?: string;
}

const CONNECTION_ERRORS: Row[] = [
  { what: "empty message", does: (b) => b.sendRaw(bytes(0)) },
  { what: "message of 8 bytes", does: (b) => b.sendRaw(bytes(8)) },
  {
    what: "length beyond the message",
    does: (b) => b.sendRaw(Uint8Array.of(0, 0, 1, 0x12, 0, 0, 0, 0, 1)),
  },
  {
    what: "trailing bytes",
    does: (b) => b.sendRaw(Uint8Array.of(...encodeMessage([frame("PING", 0, bytes(8))]), 0)),
  },
  {
    what: "frame split over two messages",
    does: (b) => {
      const message = encodeMessage([frame("PING", 0, bytes(8))]);
      b.sendRaw(message.subarray(0, 12));
      b.sendRaw(message.subarray(12));
    },
  },
  { what: "message over 1 MiB", does: (b) => b.sendRaw(bytes(MAX_MESSAGE_BYTES + 1)) },
  {
    what: "unknown type under 0x40",
    does: (b) => b.send({ type: 0x3f, flags: 0, streamId: 0, payload: bytes(0) }),
  },
  {
    what: "top bit of the stream id",
    does: (b) => b.sendRaw(Uint8Array.of(0, 0, 0, 0x12, 0, 0x80, 0, 0, 1)),
  },
  { what: "binary p", does: (b) => b.sendRaw(new TextEncoder().encode("p")) },

  {
    what: "first frame not HELLO",
    ends: ["relay"],
    fresh: true,
    does: (b) => b.send(frame("PING", 0, bytes(8))),
  },
  {
    what: "WELCOME for HELLO",
    ends: ["relay"],
    fresh: true,
    does: (b) => b.send(frame("WELCOME", 0, WELCOME_PAYLOAD)),
  },
  { what: "first frame not WELCOME", ends: ["connector"], fresh: true, does: (b) => b.send(openFrame(1)) },
  { what: "second HELLO", ends: ["relay"], does: (b) => b.send(frame("HELLO", 0, HELLO_PAYLOAD)) },
  {
    what: "second WELCOME",
    ends: ["connector"],
    does: (b) => b.send(frame("WELCOME", 0, WELCOME_PAYLOAD)),
  },
  {
    what: "HELLO to a connector",
    ends: ["connector"],
    does: (b) => b.send(frame("HELLO", 0, HELLO_PAYLOAD)),
  },
  {
    what: "TLV overrun in HELLO",
    ends: ["relay"],
    fresh: true,
    does: (b) => b.send(frame("HELLO", 0, Uint8Array.of(0, 1, 0, 9, 1))),
  },
  {
    what: "TLV overrun in SETTINGS",
    does: (b) => b.send(frame("SETTINGS", 0, Uint8Array.of(0, 1, 0, 9, 1))),
  },
  {
    what: "33 settings",
    does: (b) =>
      b.send(frame("SETTINGS", 0, Buffer.concat(Array.from({ length: 33 }, (_, id) => tlv(id, bytes(1)))))),
  },
  { what: "PING of 7 bytes", does: (b) => b.send(frame("PING", 0, bytes(7))) },
  {
    what: "PING flood",
    does: (b) => b.send(...times(101, () => frame("PING", 0, bytes(8)))),
    code: "CALM",
  },
  { what: "SETTINGS flood", does: (b) => b.send(...times(101, () => frame("SETTINGS"))), code: "CALM" },
  { what: "GOAWAY flood", does: (b) => b.send(...times(11, () => goaway(3))), code: "CALM" },
  { what: "GOAWAY's last id grows", ends: ["relay"], does: (b) => b.send(goaway(1), goaway(3)) },

  { what: "connector sends OPEN", ends: ["relay"], does: (b) => b.send(openFrame(5)) },
  {
    what: "connector sends OPEN of a stream that is open",
    ends: ["relay"],
    does: (b) => b.send(openFrame(1)),
  },
  {
    what: "connector sends OPEN of a stream that was open",
    ends: ["relay"],
    does: (b) => b.send(reset(1), openFrame(1)),
  },
  { what: "connector sends RESTART", ends: ["relay"], does: (b) => b.send(frame("RESTART", 0, u32(1))) },
  { what: "relay sends STREAMS", ends: ["connector"], does: (b) => b.send(frame("STREAMS", 0, u32(100))) },
  {
    what: "RESTART of the present epoch",
    ends: ["connector"],
    does: (b) => b.send(frame("RESTART", 0, u32(0))),
  },
  { what: "OPEN of an even id", ends: ["connector"], does: (b) => b.send(openFrame(6)) },
  { what: "DATA on an even id", does: (b) => b.send(frame("DATA", 2, bytes(1))) },
  { what: "OPEN of an id that is not increasing", ends: ["connector"], does: (b) => b.send(openFrame(3)) },
  {
    what: "OPEN exceeds the STREAMS credit",
    ends: ["connector"],
    does: (b) => b.send(...times(MAX_STREAMS - 1, (i) => openFrame(5 + 2 * i))),
  },
  {
    what: "STREAMS decreases",
    ends: ["relay"],
    does: (b) => b.send(frame("STREAMS", 0, u32(MAX_STREAMS + 2)), frame("STREAMS", 0, u32(MAX_STREAMS + 1))),
  },
  {
    what: "STREAMS flood without effect",
    ends: ["relay"],
    does: (b) => b.send(...times(5_001, () => frame("STREAMS", 0, u32(MAX_STREAMS)))),
    code: "CALM",
  },
  { what: "DATA on an idle id", does: (b) => b.send(frame("DATA", 5, bytes(1))) },
  { what: "WSMSG on an idle id", does: (b) => b.send(frame("WSMSG", 5, bytes(1))) },
  { what: "HEAD on an idle id", does: (b) => b.send(headFrame(5)) },
  { what: "WINDOW on an idle id", does: (b) => b.send(frame("WINDOW", 5, encodeOffset(1))) },
  { what: "STOP on an idle id", does: (b) => b.send(frame("STOP", 5)) },
  {
    what: "a flood of DATA on a closed id",
    does: (b) => b.send(reset(1), ...times(101, () => frame("DATA", 1, bytes(1)))),
    code: "CALM",
  },
  { what: "RESET on an idle id", does: (b) => b.send(reset(5)) },
  { what: "1,100 RESETs in a second", does: (b) => b.send(...times(1_100, () => reset(1))), code: "CALM" },

  {
    what: "DATA over the connection's window",
    connectionWindowBytes: 16 * 1024,
    does: (b) => b.send(frame("DATA", 1, bytes(16 * 1024 + 1))),
    code: "FLOW_CONTROL",
  },
  {
    what: "WINDOW of the connection over 2^53-1",
    does: (b) => b.send(frame("WINDOW", 0, bytes(8).fill(255))),
    code: "FLOW_CONTROL",
  },
  {
    what: "WINDOW of a stream over 2^53-1",
    does: (b) => b.send(frame("WINDOW", 1, Uint8Array.of(0, 32, 0, 0, 0, 0, 0, 0))),
    code: "FLOW_CONTROL",
  },
  {
    what: "connection credit for data that was never sent",
    does: (b) => b.send(frame("WINDOW", 0, encodeOffset(CONNECTION_WINDOW + 1))),
    code: "FLOW_CONTROL",
  },
  {
    what: "WINDOW flood on a stream",
    does: (b) => b.send(...times(5_001, () => frame("WINDOW", 1, encodeOffset(1)))),
    code: "CALM",
  },
  {
    what: "WINDOW flood on the connection",
    does: (b) => b.send(...times(5_001, () => frame("WINDOW", 0, encodeOffset(1)))),
    code: "CALM",
  },
  {
    what: "STOP flood on a closed stream",
    does: (b) => b.send(reset(1), ...times(5_001, () => frame("STOP", 1))),
    code: "CALM",
  },
  {
    what: "flood of empty DATA",
    does: (b) => b.send(headFor(b), ...times(101, () => frame("DATA", 1))),
    code: "CALM",
  },
  {
    what: "flood of informational heads",
    ends: ["relay"],
    does: (b) => b.send(...times(1_001, () => headFrame(1, 103, FLAG.INFO))),
    code: "CALM",
  },

  {
    what: "field lengths beyond the blob",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0, 1, 0, 1], [0x61]))),
  },
  {
    what: "a blob beyond the field lengths",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0, 1, 0, 0], [0x61, 0x61]))),
  },
  {
    what: "a table beyond the frame",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(200, [], []))),
  },
  {
    what: "a table beyond the frame, of OPEN",
    ends: ["connector"],
    does: (b) => b.send(frame("OPEN", 5, Uint8Array.of(1, 200, 0))),
  },
  {
    what: "unknown static id",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0xff, 0xff, 0, 0], []))),
  },
  {
    what: "invalid UTF-8",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0, 1, 0, 1], [0x61, 0xff]))),
  },
  {
    what: "overlong UTF-8",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0, 1, 0, 1], [0x61, 0xc0, 0xaf]))),
  },
  {
    what: "invalid UTF-8 in OPEN",
    ends: ["connector"],
    does: (b) => b.send(frame("OPEN", 5, openWith("payments", "paym\xffnts"))),
  },
];

const STREAM_ERRORS: Row[] = [
  {
    what: "DATA after END",
    does: (b) => b.send(headFor(b), frame("DATA", 1, bytes(1), FLAG.END), frame("DATA", 1, bytes(1))),
  },
  {
    what: "TRAILERS after END",
    does: (b) => b.send(headFor(b), frame("DATA", 1, bytes(0), FLAG.END), frame("TRAILERS", 1, bytes(2))),
  },
  { what: "DATA before HEAD", ends: ["relay"], does: (b) => b.send(frame("DATA", 1, bytes(1))) },
  { what: "TRAILERS before HEAD", ends: ["relay"], does: (b) => b.send(frame("TRAILERS", 1, bytes(2))) },
  { what: "second final HEAD", ends: ["relay"], does: (b) => b.send(headFrame(1), headFrame(1)) },
  { what: "HEAD of a request", ends: ["connector"], does: (b) => b.send(headFrame(1)) },
  {
    what: "HEAD INFO with END",
    ends: ["relay"],
    does: (b) => b.send(headFrame(1, 103, FLAG.INFO | FLAG.END)),
  },
  {
    what: "HEAD INFO with a final status",
    ends: ["relay"],
    does: (b) => b.send(headFrame(1, 200, FLAG.INFO)),
  },
  {
    what: "final HEAD with an informational status",
    ends: ["relay"],
    does: (b) => b.send(headFrame(1, 103)),
  },
  { what: "101 on kind http", ends: ["relay"], does: (b) => b.send(headFrame(1, 101)) },
  {
    what: "101 with END",
    ends: ["relay"],
    kind: "websocket",
    does: (b) => b.send(headFrame(1, 101, FLAG.END)),
  },
  {
    what: "DATA on a websocket",
    ends: ["relay"],
    kind: "websocket",
    does: (b) => b.send(headFrame(1, 101), frame("DATA", 1, bytes(1))),
  },
  {
    what: "DATA on a websocket, to the connector",
    ends: ["connector"],
    kind: "websocket",
    does: (b) => (switchProtocols(b), b.send(frame("DATA", 1, bytes(1)))),
  },
  { what: "WSMSG on kind http", does: (b) => b.send(headFor(b), frame("WSMSG", 1, bytes(1))) },
  { what: "WSCLOSE on kind http", does: (b) => b.send(headFor(b), frame("WSCLOSE", 1, bytes(2))) },
  {
    what: "DATA over the stream's window",
    does: (b) =>
      b.send(headFor(b), ...times(2, () => frame("DATA", 1, bytes(32_768))), frame("DATA", 1, bytes(1))),
    code: "FLOW_CONTROL",
  },
  {
    what: "messages over the stream's window, whose overhead counts",
    ends: ["relay"],
    kind: "websocket",
    does: (b) => b.send(headFrame(1, 101), ...times(STREAM_WINDOW / 128 + 1, () => frame("WSMSG", 1))),
    code: "FLOW_CONTROL",
  },
  {
    what: "empty name",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0, 0, 0, 1], [0x61]))),
  },
  {
    what: "CR LF in a value",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, block(1, [0, 1, 0, 2], [0x61, 13, 10]))),
  },
  { what: "status 0", ends: ["relay"], does: (b) => b.send(frame("HEAD", 1, Uint8Array.of(0, 0, 0, 0))) },
  {
    what: "status 199",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, Uint8Array.of(0, 199, 0, 0))),
  },
  {
    what: "status 600",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, Uint8Array.of(2, 88, 0, 0))),
  },
  {
    what: "status 999",
    ends: ["relay"],
    does: (b) => b.send(frame("HEAD", 1, Uint8Array.of(3, 231, 0, 0))),
  },
  {
    what: "body after a HEAD with END",
    ends: ["relay"],
    does: (b) => b.send(headFrame(1, 200, FLAG.END), frame("DATA", 1, bytes(1))),
  },
  {
    what: "a hop-by-hop trailer",
    ends: ["relay"],
    does: (b) => b.send(headFrame(1), frame("TRAILERS", 1, trailerBlock("te", ""))),
  },
  {
    what: "WSMSG after WSCLOSE",
    ends: ["relay"],
    kind: "websocket",
    does: (b) =>
      b.send(headFrame(1, 101), frame("WSCLOSE", 1, Uint8Array.of(3, 232)), frame("WSMSG", 1, bytes(1))),
  },
  {
    what: "WSMSG after WSCLOSE, to the connector",
    ends: ["connector"],
    kind: "websocket",
    does: (b) => (
      switchProtocols(b),
      b.send(frame("WSCLOSE", 1, Uint8Array.of(3, 232)), frame("WSMSG", 1, bytes(1)))
    ),
  },
];

/** The relay sees a body only after a head; the connector needs none. */
function headFor(bench: Bench): Frame {
  return bench.end === "relay" ? headFrame(1) : { type: 0x40, flags: 0, streamId: 0, payload: bytes(0) };
}

function switchProtocols(bench: Bench): void {
  bench.stream(0).sendHead({ status: 101, reason: "", fields: [] });
  bench.clock.advance(0);
  bench.sent.length = 0;
}

function trailerBlock(name: string, value: string): Uint8Array {
  return Uint8Array.of(0, 1, 0, name.length, 0, value.length, ...Buffer.from(name + value));
}

const perEnd = (rows: Row[]) => rows.flatMap((row) => (row.ends ?? BOTH).map((end) => ({ ...row, end })));

describe("bad input that ends the connection", () => {
  it.each(perEnd(CONNECTION_ERRORS))(
    "$end: $what",
    ({ end, kind, fresh, connectionWindowBytes, does, code }) => {
      const bench = fresh ? new Bench(end) : Bench.ready(end, kind, connectionWindowBytes);
      does(bench);
      const last = bench.sent.at(-1);
      expect(last?.type).toBe(frame("GOAWAY").type);
      expect(decodeGoaway(last?.payload ?? bytes(10)).code).toBe(code ?? "PROTOCOL_ERROR");
      expect(bench.closeCode).toBe(4400);
      expect(bench.connectionErrors).toMatchObject([{ code: code ?? "PROTOCOL_ERROR", scope: "connection" }]);
      expect(bench.witnesses.length).toBe(fresh ? 0 : Math.max(2, bench.witnesses.length));
      for (const { closed } of bench.witnesses) {
        expect(closed).toHaveLength(1);
        expect(closed[0]).not.toBe(null);
      }
      expect(bench.mux.streamCount).toBe(0);
      expect(bench.mux.isClosed).toBe(true);
      expect([bench.memoryIsWhole, bench.budgetIsWhole]).toEqual([true, true]);
      const sentBefore = bench.sent.length;
      bench.send(frame("PING", 0, bytes(8)));
      bench.clock.advance(120_000);
      expect([bench.sent.length, bench.connectionErrors.length, bench.clock.pendingTimers]).toEqual([
        sentBefore,
        1,
        0,
      ]);
    },
  );
});

describe("bad input that ends its stream alone", () => {
  it.each(perEnd(STREAM_ERRORS))("$end: $what", ({ end, kind, does, code }) => {
    const bench = Bench.ready(end, kind);
    does(bench);
    const [victim, bystander] = [bench.witness(0), bench.witness(1)];
    expect(victim.closed).toMatchObject([{ code: code ?? "STREAM_ERROR" }]);
    const resets = bench.framesSent("RESET", 1);
    expect(resets.map(({ payload }) => decodeReset(payload).code)).toEqual([code ?? "STREAM_ERROR"]);
    expect(bench.framesSent("GOAWAY")).toEqual([]);
    expect([bench.closeCode, bench.mux.isClosed]).toEqual([null, false]);
    expect(bystander.closed).toEqual([]);
    if (end === "relay") bench.send(headFrame(3, 204, FLAG.END));
    else bench.send(frame("DATA", 3, bytes(5), FLAG.END));
    expect(bystander.stream?.remoteEnded).toBe(true);
    // The peer's last word on the victim frees it.
    bench.send(reset(1));
    expect(bench.mux.streamCount).toBe(1);
  });

  const badOpens: [what: string, payload: Uint8Array][] = [
    ["unknown kind", Uint8Array.of(9, 0, 0)],
    ["method GE T", openWith("POST", "GE T")],
    ["path without a slash", openWith("/v1", "xv1")],
    ["path with CR LF", openWith("/v1/", "/\r\n/")],
    ["NUL in a value", openWith("*/*", "*\0*")],
  ];
  it.each(badOpens)(
    "connector: OPEN with %s is answered BAD_REQUEST and reaches no handler",
    (_, payload) => {
      const bench = Bench.ready("connector");
      bench.send(frame("OPEN", 5, payload));
      expect(bench.witnesses).toHaveLength(2);
      expect(bench.framesSent("RESET", 5).map((sent) => decodeReset(sent.payload).code)).toEqual([
        "BAD_REQUEST",
      ]);
      expect(bench.mux.isClosed).toBe(false);
      bench.send(reset(5));
      expect(bench.mux.streamCount).toBe(2);
    },
  );

  it.each(BOTH)("%s: a window that stays shut for longer than the stall limit ends its stream", (end) => {
    const bench = Bench.ready(end);
    if (end === "connector") bench.stream(0).sendHead({ status: 200, reason: "", fields: [] });
    bench.stream(0).write(bytes(STREAM_WINDOW + 1));
    bench.idle(DEFAULT_STALL_TIMEOUT_MS - 1_000);
    expect(bench.witness(0).closed).toEqual([]);
    bench.idle(7_000);
    expect(bench.witness(0).closed).toMatchObject([{ code: "STALLED" }]);
    expect(bench.framesSent("RESET", 1)).toHaveLength(1);
    expect(bench.witness(1).closed).toEqual([]);
  });

  it("connection credit that never returns ends the connection", () => {
    const bench = Bench.ready("connector");
    for (const index of [0, 1]) {
      bench.stream(index).sendHead({ status: 200, reason: "", fields: [] });
      bench.send(frame("WINDOW", 2 * index + 1, encodeOffset(10 * CONNECTION_WINDOW)));
      bench.stream(index).write(bytes(CONNECTION_WINDOW));
    }
    bench.idle(70_000);
    expect(bench.connectionErrors).toMatchObject([{ code: "STALLED" }]);
  });
});

describe("input that only looks bad", () => {
  it("connection credit that returns slowly", () => {
    const bench = Bench.ready("connector");
    for (const index of [0, 1]) {
      bench.stream(index).sendHead({ status: 200, reason: "", fields: [] });
      bench.send(frame("WINDOW", 2 * index + 1, encodeOffset(100 * CONNECTION_WINDOW)));
      bench.stream(index).write(bytes(10 * CONNECTION_WINDOW));
    }
    for (let returned = 1; returned <= 5; returned++) {
      bench.idle(50_000);
      bench.send(frame("WINDOW", 0, encodeOffset(CONNECTION_WINDOW + returned * 32_768)));
    }
    expect(bench.mux.isClosed).toBe(false);
  });

  it.each(BOTH)("%s: types from 0x40 on are skipped, unknown flags are ignored", (end) => {
    const bench = Bench.ready(end);
    bench.send(
      { type: 0x7f, flags: 255, streamId: 99, payload: bytes(50) },
      frame("PING", 0, bytes(8), 0xfe),
    );
    expect(bench.framesSent("PING")).toMatchObject([{ flags: FLAG.ACK }]);
    expect(bench.mux.isClosed).toBe(false);
  });

  it.each(BOTH)("%s: DATA on a stream just reset is ignored, and its connection credit returned", (end) => {
    const bench = Bench.ready(end);
    bench.send(headFor(bench));
    bench.stream(0).reset("CANCEL");
    bench.clock.advance(0);
    bench.send(...times(2, () => frame("DATA", 1, bytes(32_768))));
    expect([bench.mux.isClosed, bench.witness(0).readable]).toEqual([false, 0]);
    expect(bench.framesSent("WINDOW", 0).length).toBeGreaterThan(0);
    expect(bench.framesSent("WINDOW", 1)).toHaveLength(0);
    bench.send(frame("DATA", 1, bytes(0), FLAG.END));
    expect(bench.mux.streamCount).toBe(1);
  });

  it.each(BOTH)("%s: a WINDOW that decreases changes nothing", (end) => {
    const bench = Bench.ready(end);
    bench.send(frame("WINDOW", 1, encodeOffset(1)), frame("WINDOW", 0, encodeOffset(1)));
    if (end === "connector") bench.stream(0).sendHead({ status: 200, reason: "", fields: [] });
    bench.stream(0).write(bytes(1_000));
    bench.clock.advance(0);
    expect(bench.framesSent("DATA", 1).map(({ payload }) => payload.byteLength)).toEqual([1_000]);
  });

  it.each(BOTH)("%s: WINDOW and STOP that cross an end are allowed", (end) => {
    const bench = Bench.ready(end);
    bench.stream(0).reset("CANCEL");
    bench.send(reset(1));
    bench.send(
      ...times(1_000, () => frame("STOP", 1)),
      ...times(1_000, () => frame("WINDOW", 1, encodeOffset(1e9))),
    );
    expect(bench.mux.isClosed).toBe(false);
  });

  it.each(["relay", "connector"] as const)("%s: illegal close codes and reasons become legal ones", (end) => {
    const bench = Bench.ready(end, "websocket");
    if (end === "relay") bench.send(headFrame(1, 101));
    else switchProtocols(bench);
    bench.send(frame("WSCLOSE", 1, Uint8Array.of(3, 0xed)));
    expect(bench.stream(0).closeFrame).toEqual({ code: 1002, reason: "" });
    bench.stream(0).sendClose(1005, "€".repeat(42));
    bench.clock.advance(0);
    const close = bench.framesSent("WSCLOSE", 1)[0]?.payload ?? bytes(0);
    expect([...close.subarray(0, 2)]).toEqual([3, 0xea]);
    expect(new TextDecoder("utf-8", { fatal: true }).decode(close.subarray(2))).toBe("€".repeat(41));
    expect(bench.witness(0).closed).toEqual([null]);
  });

  it.each(BOTH)("%s: text that is not UTF-8 passes as bytes, and the owner has to refuse it", (end) => {
    const bench = Bench.ready(end, "websocket");
    if (end === "relay") bench.send(headFrame(1, 101));
    else switchProtocols(bench);
    bench.send(frame("WSMSG", 1, Uint8Array.of(0xff), FLAG.TEXT));
    expect(bench.stream(0).readMessage()).toEqual({ bytes: Uint8Array.of(0xff), text: true, more: false });
  });
});
