import { describe, expect, it } from "vitest";
import { CAPABILITY, OWN_CAPABILITIES } from "../protocol/capabilities.ts";
import { encodeOffset, encodeReset } from "../protocol/frame-payloads.ts";
import { decodeHello, decodeWelcome, encodeHello, encodeWelcome } from "../protocol/handshake.ts";
import { decodeOpen } from "../protocol/head-codec.ts";
import type { OpenHead } from "../protocol/head.ts";
import type { TunnelError } from "../protocol/tunnel-error.ts";
import { SimPair, SOME_REQUEST } from "../../test/support/simulation/sim-pair.ts";
import type { Stream } from "./stream.ts";
import {
  Bench,
  CONNECTION_WINDOW,
  frame,
  HELLO_PAYLOAD,
  STREAM_WINDOW,
  WELCOME_PAYLOAD,
} from "../../test/support/simulation/sim-peer.ts";

const MINUTE_MS = 60_000;
/** STALL_CHECK_MS, and the steps in which `idle` moves. */
const LATE_MS = 6_000;

interface Setting {
  end: "relay" | "connector";
  capabilities?: number;
  /** TUNNEL_STALL_TIMEOUT of the connector, be it this end or the other. */
  ofConnector?: number;
  ofService?: number;
}

/** One stream whose window the peer never opens again. */
function stalled({ end, capabilities = OWN_CAPABILITIES, ofConnector, ofService }: Setting): Bench {
  const said = ofConnector === undefined ? {} : { stallTimeoutMs: ofConnector };
  const bench = new Bench(end, CONNECTION_WINDOW, said);
  bench.send(
    end === "relay"
      ? frame("HELLO", 0, encodeHello({ ...decodeHello(HELLO_PAYLOAD), capabilities, ...said }))
      : frame("WELCOME", 0, encodeWelcome({ ...decodeWelcome(WELCOME_PAYLOAD), capabilities })),
  );
  const open: Partial<OpenHead> = ofService === undefined ? {} : { stallTimeoutMs: ofService };
  bench.open(open);
  if (end === "connector") bench.stream(0).sendHead({ status: 200, reason: "", fields: [] });
  bench.stream(0).write(new Uint8Array(2 * STREAM_WINDOW));
  bench.clock.advance(1);
  return bench;
}

function expectEndAfter(bench: Bench, limitMs: number): void {
  bench.idle(limitMs - 1_000);
  expect(bench.witness(0).closed).toEqual([]);
  bench.idle(LATE_MS);
  expect(bench.witness(0).closed).toMatchObject([{ code: "STALLED" }]);
  expect(bench.mux.isClosed).toBe(false);
}

describe.each(["relay", "connector"] as const)("a stall at the %s", (end) => {
  it.each<[string, Omit<Setting, "end">, number]>([
    ["of the service, whatever the connector's", { ofService: 20_000, ofConnector: MINUTE_MS }, 20_000],
    [
      "of the service, longer than the connector's",
      { ofService: 10 * MINUTE_MS, ofConnector: 2_000 },
      600_000,
    ],
    ["of the connector", { ofConnector: 90_000 }, 90_000],
    ["of five minutes where nobody says anything", {}, 5 * MINUTE_MS],
    [
      "of 60 s toward a peer that knows no other",
      { capabilities: 0, ofService: 10 * MINUTE_MS, ofConnector: 10 * MINUTE_MS },
      MINUTE_MS,
    ],
    [
      "of 60 s toward a peer that has other capabilities alone",
      { capabilities: CAPABILITY.LONG_HEADS, ofService: 2_000 },
      MINUTE_MS,
    ],
  ])("ends after the limit %s", (_what, setting, limitMs) => {
    expectEndAfter(stalled({ end, ...setting }), limitMs);
  });

  it("ends in time if the limit is short, beside one that is checked rarely", () => {
    const bench = stalled({ end, ofConnector: 10 * MINUTE_MS });
    bench.open({ stallTimeoutMs: 300 });
    if (end === "connector") bench.stream(1).sendHead({ status: 200, reason: "", fields: [] });
    bench.stream(1).write(new Uint8Array(2 * STREAM_WINDOW));
    bench.clock.advance(1);
    bench.clock.advance(298);
    expect(bench.witness(1).closed).toEqual([]);
    bench.clock.advance(2);
    expect(bench.witness(1).closed).toMatchObject([{ code: "STALLED" }]);
    expect(bench.witness(0).closed).toEqual([]);
  });

  it("is over when the window opens, however late and however little", () => {
    const bench = stalled({ end, ofService: 20_000 });
    for (let opened = 1; opened <= 5; opened++) {
      bench.idle(19_000);
      bench.send(frame("WINDOW", 1, encodeOffset(STREAM_WINDOW + opened)));
    }
    expect(bench.witness(0).closed).toEqual([]);
    expectEndAfter(bench, 20_000);
  });
});

describe.each(["relay", "connector"] as const)(
  "a peer that shows life and reads late, toward the %s",
  (end) => {
    it("loses neither stream nor connection if it is behind by two minutes", () => {
      const bench = stalled({ end, ofService: 20_000 });
      bench.answersPings = false;
      bench.open();
      if (end === "connector") bench.stream(1).sendHead({ status: 200, reason: "", fields: [] });
      bench.stream(1).reset("CANCEL");
      bench.clock.advance(1);
      bench.idle(2 * MINUTE_MS);
      expect([bench.witness(0).closed, bench.mux.isClosed]).toEqual([[], false]);
      bench.answersPings = true;
      bench.send(frame("RESET", 3, encodeReset("NO_ERROR", "")));
      bench.send(frame("WINDOW", 1, encodeOffset(2 * STREAM_WINDOW)));
      bench.idle(2 * MINUTE_MS);
      expect([bench.witness(0).closed, bench.mux.isClosed]).toEqual([[], false]);
    });

    it("is cut off if it reads and does not answer a RESET", () => {
      const bench = Bench.ready(end);
      bench.stream(0).reset("CANCEL");
      bench.clock.advance(1);
      bench.idle(MINUTE_MS - 1_000);
      expect(bench.mux.isClosed).toBe(false);
      bench.idle(LATE_MS);
      expect(bench.connectionErrors).toMatchObject([{ code: "STALLED" }]);
    });
  },
);

describe("a stall limit", () => {
  it("is sent by the connector in its HELLO, and by the relay in the OPEN to peers that know it", () => {
    const [hello] = new Bench("connector", CONNECTION_WINDOW, { stallTimeoutMs: 90_000 }).framesSent("HELLO");
    expect(decodeHello(hello?.payload ?? new Uint8Array(0)).stallTimeoutMs).toBe(90_000);
    const told = (capabilities: number): number | undefined => {
      const [open] = stalled({ end: "relay", capabilities, ofService: 20_000 }).framesSent("OPEN", 1);
      return decodeOpen(open?.payload ?? new Uint8Array(0)).stallTimeoutMs;
    };
    expect([told(OWN_CAPABILITIES), told(0), told(CAPABILITY.LONG_HEADS)]).toEqual([
      20_000,
      undefined,
      undefined,
    ]);
  });
});

describe("a reader that is slow", () => {
  const KIB = 1024;

  it.each([
    ["of the base size", 64 * KIB],
    ["that has grown", 2048 * KIB],
  ])("does not count as stalled, however long half of a window %s takes it", (_what, windowBytes) => {
    let written: Stream | null = null;
    let closed: TunnelError | null | undefined;
    const pair = new SimPair({
      relayWindowBytes: windowBytes,
      onStream(stream) {
        written = stream;
        return { onReadable() {}, onWritable() {}, onClosed: () => stream.release() };
      },
    });
    const stream = pair.relay.open({ ...SOME_REQUEST, stallTimeoutMs: MINUTE_MS }, true, {
      onReadable() {},
      onWritable() {},
      onClosed: (error) => (closed = error),
    });
    pair.clock.advance(10);
    const upstream = written as Stream | null;
    upstream?.sendHead({ status: 200, reason: "", fields: [] });
    for (let sent = 0; sent < 2 * windowBytes; sent += 16 * KIB) upstream?.write(new Uint8Array(16 * KIB));
    upstream?.end();
    // 16 KiB in 50 s at most: for the smaller window's half the limit is too short already.
    for (let readBytes = 0; readBytes < 1.5 * windowBytes && closed === undefined;) {
      pair.clock.advance(50_000);
      for (let leftBytes = 16 * KIB; leftBytes > 0 && stream.bufferedBytes > 0;) {
        const bytes = stream.read(leftBytes)?.byteLength ?? 0;
        leftBytes -= bytes;
        readBytes += bytes;
      }
    }
    expect([closed, pair.relay.isClosed]).toEqual([undefined, false]);
  });
});
