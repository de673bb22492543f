import { describe, expect, it } from "vitest";
import { CAPABILITY, OWN_CAPABILITIES, usableCapabilities } from "../protocol/capabilities.ts";
import { decodeHello, decodeWelcome, encodeHello, encodeWelcome } from "../protocol/handshake.ts";
import { encodeOffset } from "../protocol/frame-payloads.ts";
import { decodeHead, decodeOpen } from "../protocol/head-codec.ts";
import {
  LARGE_DATA_BYTES,
  MAX_DATA_BYTES,
  SEND_BACKLOG_BYTES,
  SMALL_DATA_BYTES,
  TARGET_MESSAGE_BYTES,
} from "../protocol/limits.ts";
import {
  Bench,
  frame,
  headFrame,
  HELLO_PAYLOAD,
  WELCOME_PAYLOAD,
} from "../../test/support/simulation/sim-peer.ts";

const MIB = 1024 * 1024;
/** What connectors and relays of the versions before this one announced, by the size of their windows. */
const OLD = [
  { windowMib: 4, dataBytes: SMALL_DATA_BYTES, upstreamMs: false },
  { windowMib: 16, dataBytes: SMALL_DATA_BYTES, upstreamMs: true },
  { windowMib: 32, dataBytes: LARGE_DATA_BYTES, upstreamMs: true },
];

/** Past the handshake with a peer that announces `capabilities`; nothing is opened yet. */
function greeted(end: "relay" | "connector", capabilities: number, connectionWindowBytes: number): Bench {
  const bench = new Bench(end);
  const peer = { capabilities, connectionWindowBytes, streamWindowBytes: MIB };
  bench.send(
    end === "relay"
      ? frame("HELLO", 0, encodeHello({ ...decodeHello(HELLO_PAYLOAD), ...peer }))
      : frame("WELCOME", 0, encodeWelcome({ ...decodeWelcome(WELCOME_PAYLOAD), ...peer })),
  );
  return bench;
}

function dataSizes(bench: Bench): number[] {
  return bench.framesSent("DATA", 1).map(({ payload }) => payload.byteLength);
}

describe("capabilities", () => {
  it("are announced by both ends", () => {
    const [hello] = new Bench("connector").framesSent("HELLO");
    const [welcome] = greeted("relay", OWN_CAPABILITIES, MIB).framesSent("WELCOME");
    expect(decodeHello(hello?.payload ?? new Uint8Array(0)).capabilities).toBe(OWN_CAPABILITIES);
    expect(decodeWelcome(welcome?.payload ?? new Uint8Array(0)).capabilities).toBe(OWN_CAPABILITIES);
  });

  it("are used if both ends have them; unknown ones are ignored", () => {
    const peer = { connectionWindowBytes: 32 * MIB };
    expect(usableCapabilities({ ...peer, capabilities: 0xffff_ffff })).toBe(OWN_CAPABILITIES);
    expect(usableCapabilities({ ...peer, capabilities: 0x8000_0000 })).toBe(0);
    expect(usableCapabilities({ ...peer, capabilities: CAPABILITY.LONG_HEADS })).toBe(CAPABILITY.LONG_HEADS);
  });

  it("are distinct bits", () => {
    const bits = Object.values(CAPABILITY);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(2 ** bits.length - 1);
    expect(OWN_CAPABILITIES).not.toBe(0);
  });
});

describe.each(OLD)("toward a peer that announces none, with a window of $windowMib MiB", (old) => {
  const windowBytes = old.windowMib * MIB;

  it("the relay sends only frames and paths that it accepts", () => {
    const bench = greeted("relay", 0, windowBytes);
    const path = (length: number): string => `/${"a".repeat(length - 1)}`;
    expect(() => bench.open({ path: path(8 * 1024 + 1) })).toThrow(
      expect.objectContaining({ code: "URI_TOO_LONG" }),
    );
    bench.open({ path: path(8 * 1024) });
    bench.stream(0).write(new Uint8Array(4 * MAX_DATA_BYTES));
    bench.clock.advance(1);
    expect(decodeOpen(bench.framesSent("OPEN", 1)[0]?.payload ?? new Uint8Array(0)).path).toHaveLength(8192);
    expect(Math.max(...dataSizes(bench))).toBe(old.dataBytes);
    expect(dataSizes(bench).reduce((sum, size) => sum + size, 0)).toBe(4 * MAX_DATA_BYTES);
  });

  it("the connector sends only frames and facts that it accepts", () => {
    const bench = greeted("connector", 0, windowBytes);
    bench.open({}, true);
    bench.stream(0).sendHead({ status: 200, reason: "", upstreamMs: 5, fields: [] });
    bench.stream(0).write(new Uint8Array(4 * MAX_DATA_BYTES));
    bench.clock.advance(1);
    const head = decodeHead(bench.framesSent("HEAD", 1)[0]?.payload ?? new Uint8Array(0));
    expect(head.upstreamMs).toBe(old.upstreamMs ? 5 : undefined);
    expect(Math.max(...dataSizes(bench))).toBe(old.dataBytes);
  });

  it("the connector refuses a head that only a newer relay accepts", () => {
    const bench = greeted("connector", 0, windowBytes);
    bench.open({}, true);
    const fields = [["x-note", "é€".repeat(12 * 1024)]] as const;
    expect(() => bench.stream(0).sendHead({ status: 200, reason: "", fields })).toThrow(
      expect.objectContaining({ code: "UPSTREAM_PROTOCOL" }),
    );
  });
});

describe("a close without a code", () => {
  const closesOf = (capabilities: number): string[] => {
    const bench = greeted("relay", capabilities, 32 * MIB);
    bench.open({ kind: "websocket" });
    bench.send(headFrame(1, 101));
    bench.stream(0).sendClose(null, "a reason needs a code");
    bench.clock.advance(1);
    return bench.framesSent("WSCLOSE", 1).map(({ payload }) => Buffer.from(payload).toString("hex"));
  };

  it("stays without one toward a peer that accepts it, and is 1000 toward others", () => {
    expect(closesOf(OWN_CAPABILITIES)).toEqual([""]);
    expect(closesOf(0)).toEqual(["03e8"]);
    expect(closesOf(CAPABILITY.LONG_HEADS)).toEqual(["03e8"]);
  });

  it("is accepted from any peer", () => {
    const bench = greeted("relay", 0, 32 * MIB);
    bench.open({ kind: "websocket" });
    bench.send(headFrame(1, 101), frame("WSCLOSE", 1));
    expect(bench.stream(0).closeFrame).toEqual({ code: null, reason: "" });
  });
});

describe("toward a peer of this version", () => {
  const KIB = 1024;

  /** A stream of which so many bytes were sent and, `tookMs` later, acknowledged. */
  function proven(bytes: number, tookMs: number): Bench {
    const bench = greeted("relay", OWN_CAPABILITIES, 4 * MIB);
    bench.open();
    bench.stream(0).write(new Uint8Array(bytes));
    bench.clock.advance(tookMs);
    bench.send(frame("WINDOW", 0, encodeOffset(4 * MIB + bytes)), frame("WINDOW", 1, encodeOffset(4 * MIB)));
    bench.sent.length = 0;
    return bench;
  }

  it("paths and heads are long, and frames fill a message", () => {
    const bench = greeted("relay", OWN_CAPABILITIES, 4 * MIB);
    const open = { path: `/${"a".repeat(18 * KIB - 1)}`, fields: [["x-note", "€".repeat(32_000)]] as const };
    bench.open(open);
    bench.stream(0).write(new Uint8Array(4 * MAX_DATA_BYTES));
    bench.clock.advance(1);
    expect(decodeOpen(bench.framesSent("OPEN", 1)[0]?.payload ?? new Uint8Array(0))).toMatchObject(open);
    expect(Math.max(...dataSizes(bench))).toBe(LARGE_DATA_BYTES);
  });

  it.each([
    [1, MAX_DATA_BYTES],
    [20, 128 * KIB],
    [200, LARGE_DATA_BYTES],
  ])("a path that took %i ms for 512 KiB gets frames of %i bytes", (tookMs, frameBytes) => {
    const bench = proven(512 * KIB, tookMs);
    bench.stream(0).write(new Uint8Array(2 * MAX_DATA_BYTES));
    bench.clock.advance(1);
    expect(Math.max(...dataSizes(bench))).toBe(frameBytes);
  });

  it("a large frame makes a backlog no longer than a message of the usual size does", () => {
    const bench = proven(512 * KIB, 1);
    bench.bufferedBytes = SEND_BACKLOG_BYTES - 10_000;
    bench.stream(0).write(new Uint8Array(MAX_DATA_BYTES));
    bench.clock.advance(1);
    expect(Math.max(...dataSizes(bench))).toBe(TARGET_MESSAGE_BYTES + 10_000);
    bench.bufferedBytes = SEND_BACKLOG_BYTES + 1;
    const sentBefore = dataSizes(bench).length;
    bench.stream(0).write(new Uint8Array(MAX_DATA_BYTES));
    bench.clock.advance(1);
    expect(dataSizes(bench)).toHaveLength(sentBefore);
  });
});
