import { describe, expect, it } from "vitest";
import { RelayMux } from "../../shared/mux/relay-mux.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { encodeMessage } from "../../shared/protocol/frame-codec.ts";
import { encodeGoaway, encodeOffset, encodeReset } from "../../shared/protocol/frame-payloads.ts";
import { FLAG, FRAME, type Frame } from "../../shared/protocol/frame.ts";
import { Dice } from "../support/dice.ts";
import { SECONDS, SEED, seedsOf } from "./fuzz-time.ts";
import {
  Bench,
  frame,
  headFrame,
  MAX_STREAMS,
  openFrame,
  STREAM_WINDOW,
  u32,
} from "../support/simulation/sim-peer.ts";

/** A frame that a peer would probably send. Some contradict the state of their stream. */
function likelyFrame(bench: Bench, dice: Dice): Frame {
  const count = bench.witnesses.length;
  const id = 2 * Math.max(0, count - 1 - dice.below(3)) + 1;
  const data = new Uint8Array(dice.pick(0, 1, 100, 4_000, 32_768));
  const flags = dice.pick(0, 0, 0, FLAG.END, 2, 255);
  return dice.pick<() => Frame>(
    () => frame("DATA", id, data, flags),
    () => frame("DATA", id, data, flags),
    () => frame("WSMSG", id, data, flags),
    () => headFrame(id, dice.pick(200, 101, 103, 204), flags),
    () => headFrame(id, 200),
    () => frame("TRAILERS", id, Uint8Array.of(0, 0)),
    () => frame("RESET", id, encodeReset("CANCEL", ""), flags),
    () => frame("STOP", id),
    () => frame("WSCLOSE", id, Uint8Array.of(dice.below(20), dice.below(256))),
    () => frame("WINDOW", id, encodeOffset(STREAM_WINDOW + dice.below(1_000_000))),
    () => frame("PING", 0, dice.bytes(8), flags),
    () => ({ type: 0x40 + dice.below(64), flags, streamId: id, payload: dice.bytes(dice.below(30)) }),
    () =>
      bench.end === "relay"
        ? frame("STREAMS", 0, u32(count + MAX_STREAMS))
        : openFrame(2 * count + 1, { kind: dice.pick("http", "websocket", "tcp") }, flags),
  )();
}

function wildFrame(dice: Dice): Frame {
  const id = dice.pick(0, 1, 2, 3, 99);
  return dice.pick<() => Frame>(
    () => openFrame(id),
    () => headFrame(id, 100 + dice.below(500), dice.below(256)),
    () => frame("STREAMS", 0, u32(dice.below(40))),
    () => frame("RESTART", 0, u32(dice.below(4))),
    () => frame("WINDOW", id, encodeOffset(dice.below(1e12))),
    () => frame("GOAWAY", 0, encodeGoaway({ lastStreamId: id, code: "CALM", drainMs: 0, text: "" })),
    () => ({
      type: dice.below(256),
      flags: dice.below(256),
      streamId: id,
      payload: dice.bytes(dice.below(30)),
    }),
  )();
}

function someMessage(bench: Bench, dice: Dice): Uint8Array {
  if (dice.below(400) === 0) return dice.bytes(dice.below(60));
  const message = encodeMessage(
    Array.from({ length: 1 + dice.below(4) }, () =>
      dice.below(60) === 0 ? wildFrame(dice) : likelyFrame(bench, dice),
    ),
  );
  if (dice.below(60) === 0) message[dice.below(message.length)] = dice.below(256);
  return dice.below(200) === 0 ? message.subarray(0, dice.below(message.length)) : message;
}

/**
 * Does what an owner may do at any time. If the state of the stream does not allow it, there must be a TunnelError and
 * nothing else.
 */
function actAsOwner(bench: Bench, dice: Dice): void {
  const { stream } = bench.witness(dice.below(bench.witnesses.length));
  if (stream === null) return;
  const act = dice.pick<() => unknown>(
    () => stream.read(),
    () => stream.readMessage(),
    () => stream.write(new Uint8Array(dice.below(100_000))),
    () => stream.writeMessage(new Uint8Array(dice.below(1_000)), false, false),
    () =>
      bench.end === "connector" &&
      stream.sendHead({ status: dice.pick(200, 101, 103), reason: "", fields: [] }),
    () => stream.end(),
    () => stream.sendTrailers([]),
    () => stream.sendClose(1000, ""),
    () => stream.stopSending(),
    () => stream.reset("CANCEL"),
    () => bench.mux instanceof RelayMux && bench.mux.openCredit > 0 && bench.open(),
    () => bench.clock.advance(dice.below(3_000)),
  );
  try {
    act();
  } catch (error) {
    if (!(error instanceof TunnelError)) throw error;
  }
}

function checkBounds(bench: Bench): void {
  let live = 0;
  for (const { stream, closed } of bench.witnesses) {
    expect(closed.length).toBeLessThanOrEqual(1);
    if (closed.length > 0) continue;
    live++;
    expect(stream?.bufferedBytes).toBeLessThanOrEqual(4 * STREAM_WINDOW);
  }
  if (bench.end === "connector") expect(live).toBeLessThanOrEqual(MAX_STREAMS);
  const isClosed = bench.mux.isClosed;
  expect(bench.connectionErrors).toHaveLength(isClosed ? 1 : 0);
  expect(bench.closeCode === null).toBe(!isClosed);
  if (isClosed) {
    expect([4400, 1001]).toContain(bench.closeCode);
    expect(bench.sent.at(-1)?.type).toBe(FRAME.GOAWAY);
    expect(live).toBe(0);
  }
}

function play(end: "relay" | "connector", dice: Dice): number {
  const bench = Bench.ready(end, dice.pick("http", "websocket"));
  let messages = 0;
  while (messages < 60 && !bench.mux.isClosed) {
    bench.sendRaw(someMessage(bench, dice));
    messages++;
    checkBounds(bench);
    if (!bench.mux.isClosed && dice.below(2) === 0) actAsOwner(bench, dice);
    bench.clock.advance(dice.below(3));
    bench.sent.splice(0, Math.max(0, bench.sent.length - 5));
  }
  bench.mux.transportClosed(new TunnelError("CONNECTOR_LOST", "gone", { scope: "connection" }));
  for (const { closed } of bench.witnesses) expect(closed).toHaveLength(1);
  expect([bench.mux.streamCount, bench.memoryIsWhole, bench.budgetIsWhole]).toEqual([0, true, true]);
  bench.clock.advance(300_000);
  expect(bench.clock.pendingTimers).toBe(0);
  return messages;
}

describe.each(["relay", "connector"] as const)("a %s that is told anything", (end) => {
  it(
    `ends streams or the connection, within its limits and with all memory returned (seed ${SEED})`,
    () => {
      let games = 0;
      let messages = 0;
      for (const seed of seedsOf("mux", SECONDS / 2)) {
        messages += play(end, new Dice(seed));
        games++;
      }
      expect(messages).toBeGreaterThan(games * 5);
    },
    SECONDS * 1000 + 20_000,
  );
});
