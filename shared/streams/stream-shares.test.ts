import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RESERVED_STREAMS } from "../protocol/limits.ts";
import { StreamShares, type StreamParty } from "./stream-shares.ts";

const A: StreamParty = { project: "a", environment: "production", service: "of-a" };
const B: StreamParty = { project: "b", environment: "production", service: "of-b" };

/** Streams of a connector that takes `total` at once. */
class Streams {
  readonly shares = new StreamShares();
  readonly open: StreamParty[] = [];
  readonly #counts = new Map<StreamParty, number>();
  readonly total: number;

  constructor(total: number) {
    this.total = total;
  }

  get free(): number {
    return this.total - this.open.length;
  }

  /** False: refused. */
  tryOpen(party: StreamParty): boolean {
    if (this.free === 0 || !this.shares.admits(party, this.free)) return false;
    this.open.push(party);
    this.#counts.set(party, this.countOf(party) + 1);
    this.shares.opened(party);
    return true;
  }

  /** As many as it gets, up to `wanted`. */
  take(party: StreamParty, wanted = Infinity): number {
    let taken = 0;
    while (taken < wanted && this.tryOpen(party)) taken++;
    return taken;
  }

  end(party: StreamParty): boolean {
    const at = this.open.indexOf(party);
    if (at === -1) return false;
    this.open.splice(at, 1);
    this.#counts.set(party, this.countOf(party) - 1);
    this.shares.ended(party);
    return true;
  }

  countOf(party: StreamParty): number {
    return this.#counts.get(party) ?? 0;
  }
}

const totals = fc.integer({ min: 16 * RESERVED_STREAMS, max: 2048 });

describe("a share for each", () => {
  it("a caller that is alone gets everything except the reserve", () => {
    fc.assert(
      fc.property(totals, (total) => {
        expect(new Streams(total).take(B)).toBe(total - RESERVED_STREAMS);
      }),
    );
  });

  it("a caller with nothing open gets twenty at once, even if another has taken all that it may", () => {
    fc.assert(
      fc.property(totals, (total) => {
        const streams = new Streams(total);
        streams.take(B);
        expect(streams.take(A, 20)).toBe(20);
      }),
    );
  });

  it("a caller's flood of one service leaves room for its other services, and for other callers on that one", () => {
    const streams = new Streams(512);
    streams.take(B);
    expect(streams.take({ ...B, service: "another" })).toBeGreaterThanOrEqual(RESERVED_STREAMS / 3 - 1);
    expect(streams.take({ ...A, service: B.service })).toBeGreaterThanOrEqual(RESERVED_STREAMS / 3 - 1);
    expect(streams.tryOpen(A)).toBe(true);
  });

  it("one caller, however many services it names, leaves two thirds of the reserve", () => {
    fc.assert(
      fc.property(totals, fc.integer({ min: 1, max: 500 }), (total, services) => {
        const streams = new Streams(total);
        for (let round = 0; round < 3; round++)
          for (let index = 0; index < services; index++) streams.take({ ...B, service: `host-${index}` });
        expect(streams.free).toBeGreaterThanOrEqual((RESERVED_STREAMS * 2) / 3);
        expect(streams.take(A, 14)).toBe(14);
      }),
      { numRuns: 50 },
    );
  });

  it("lent places come back as streams end: two callers that want everything end with half each", () => {
    fc.assert(
      fc.property(totals, (total) => {
        const streams = new Streams(total);
        streams.take(B);
        for (let ended = 0; ended < total; ended++) {
          streams.take(A);
          streams.take(B);
          if (streams.countOf(A) >= streams.countOf(B)) break;
          streams.end(B);
        }
        const half = (total - RESERVED_STREAMS) / 2;
        expect(streams.countOf(A)).toBeGreaterThanOrEqual(half - 1);
        expect(streams.countOf(B)).toBeGreaterThanOrEqual(half - 1);
      }),
      { numRuns: 50 },
    );
  });

  it("the next free place is owed only to a caller under its share while another is over its own", () => {
    const streams = new Streams(536);
    expect(streams.shares.isOwed(B, streams.free)).toBe(false);
    streams.take(B);
    expect(streams.shares.isOwed(B, streams.free)).toBe(false);
    expect(streams.shares.isOwed(A, streams.free)).toBe(true);
    streams.take(A);
    expect(streams.shares.isOwed(A, streams.free)).toBe(true);
    while (streams.countOf(A) < 256) {
      streams.end(B);
      streams.take(A, 1);
    }
    expect(streams.shares.isOwed(A, streams.free)).toBe(false);
    expect(streams.shares.isOwed(B, streams.free)).toBe(false);
  });

  it("in any order of opening and ending, the counts are right and a new caller finds free places", () => {
    const parties = fc.record({
      project: fc.constantFrom("a", "b", "c"),
      environment: fc.constantFrom("production", "preview"),
      service: fc.constantFrom("s1", "s2", "s3"),
    });
    const steps = fc.array(fc.tuple(parties, fc.boolean()), { maxLength: 400 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), steps, (total, all) => {
        const streams = new Streams(total);
        for (const [party, opens] of all) {
          if (opens) streams.tryOpen(party);
          else if (streams.open.length > 0) streams.end(streams.open[0] ?? party);
          expect(streams.open.length).toBeLessThanOrEqual(total);
          const newcomer = { project: "new", environment: "new", service: "new" };
          expect(streams.shares.admits(newcomer, streams.free)).toBe(streams.free > 0);
        }
        for (const party of [...streams.open]) streams.end(party);
        expect(streams.take(B)).toBe(total - Math.min(RESERVED_STREAMS, Math.floor(total / 16)));
      }),
    );
  });
});
