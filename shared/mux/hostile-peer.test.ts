import { describe, expect, it } from "vitest";
import { Bench, frame, headFrame } from "../../test/support/simulation/sim-peer.ts";
import { encodeGoaway, encodeOffset, encodeReset } from "../protocol/frame-payloads.ts";
import { FLAG, type Frame } from "../protocol/frame.ts";

type End = Bench["end"];
interface Budget {
  kind: string;
  atOnce: number;
  perSecond: number;
  ends: readonly End[];
  flood: Frame;
}

const BOTH: readonly End[] = ["relay", "connector"];
const goaway = encodeGoaway({ lastStreamId: 0, code: "DRAINING", drainMs: 60_000, text: "" });

/** The table of docs/protocol.md, "Errors and budgets". Stream 1 is over, stream 3 is in its body. */
const BUDGETS: readonly Budget[] = [
  {
    kind: "RESET of a stream that is over",
    atOnce: 1_000,
    perSecond: 33,
    ends: BOTH,
    flood: frame("RESET", 1, encodeReset("CANCEL", "")),
  },
  {
    kind: "another frame for a stream that is over",
    atOnce: 100,
    perSecond: 10,
    ends: BOTH,
    flood: frame("TRAILERS", 1, Uint8Array.of(0, 0)),
  },
  {
    kind: "WINDOW without effect",
    atOnce: 5_000,
    perSecond: 2_000,
    ends: BOTH,
    flood: frame("WINDOW", 0, encodeOffset(1)),
  },
  { kind: "STOP without effect", atOnce: 5_000, perSecond: 2_000, ends: BOTH, flood: frame("STOP", 1) },
  { kind: "PING", atOnce: 100, perSecond: 10, ends: BOTH, flood: frame("PING", 0, new Uint8Array(8)) },
  {
    ...{ kind: "PING that asks what has arrived", atOnce: 400, perSecond: 200, ends: BOTH },
    flood: frame("PING", 0, Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0)),
  },
  { kind: "DATA, empty and without END", atOnce: 100, perSecond: 10, ends: BOTH, flood: frame("DATA", 3) },
  {
    kind: "HEAD with INFO",
    atOnce: 1_000,
    perSecond: 100,
    ends: ["relay"],
    flood: headFrame(5, 103, FLAG.INFO),
  },
  { kind: "SETTINGS", atOnce: 100, perSecond: 10, ends: BOTH, flood: frame("SETTINGS") },
  { kind: "GOAWAY", atOnce: 10, perSecond: 1, ends: BOTH, flood: frame("GOAWAY", 0, goaway) },
];

/** The first stream over, the second in its body, a third at its head. */
function readyBench(end: End): Bench {
  const bench = Bench.ready(end);
  bench.open();
  bench.stream(0).reset("CANCEL");
  bench.clock.advance(0);
  bench.send(frame("RESET", 1, encodeReset("NO_ERROR", "")));
  if (end === "relay") bench.send(headFrame(3));
  return bench;
}

const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe("every budget is enforced on either end", () => {
  it.each(BUDGETS.flatMap((budget) => budget.ends.map((end) => ({ ...budget, end }))))(
    "$end: $kind, $atOnce at once and $perSecond a second",
    ({ end, flood, atOnce, perSecond }) => {
      const bench = readyBench(end);
      bench.send(...times(atOnce, flood));
      expect(bench.connectionErrors).toEqual([]);
      bench.clock.advance(1_000);
      bench.send(...times(perSecond, flood));
      expect(bench.connectionErrors).toEqual([]);
      bench.send(flood);
      expect(bench.connectionErrors).toMatchObject([{ code: "CALM", scope: "connection" }]);
      expect([bench.closeCode, bench.memoryIsWhole, bench.budgetIsWhole]).toEqual([4400, true, true]);
    },
  );
});
