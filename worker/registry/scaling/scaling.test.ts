import { describe, expect, it } from "vitest";
import {
  CALM,
  nextEdits,
  nextLookMs,
  type ObjectLoad,
  type ObjectState,
  remember,
  type ScalingWish,
} from "./scaling.ts";

const WISH: ScalingWish = { min: 1, max: 32, location: null, drainMs: 60_000 };
const NOW_MS = 1_790_000_000_000;

const load = (changes: Partial<ObjectLoad> = {}): ObjectLoad => ({
  ...{
    atMs: NOW_MS,
    connectors: 2,
    requestsPerSecond: 0,
    bytesPerSecond: 0,
    openStreams: 0,
    overloaded: false,
  },
  ...changes,
});
const object = (name: string, changes: Partial<ObjectState> = {}): ObjectState => ({
  ...{ name, location: null, phase: "serving", phaseSinceMs: NOW_MS - 3_600_000, pulled: true, load: load() },
  emptySinceMs: null,
  ...changes,
});
const edits = (objects: ObjectState[], wish = WISH, memory = CALM, nowMs = NOW_MS) =>
  nextEdits(objects, wish, memory, nowMs).map(({ edit, ...rest }) =>
    "name" in rest ? `${edit} ${rest.name}` : edit,
  );

/** What is remembered after the same report at each of these times. */
const after = (objects: ObjectState[], report: ObjectLoad, ...timesMs: number[]) =>
  timesMs.reduce((memory, atMs) => {
    const current = objects.map((one) => ({ ...one, load: one.load && { ...one.load, atMs } }));
    return remember(memory, { ...report, atMs }, current, WISH, atMs);
  }, CALM);

describe("growing", () => {
  it("doubles when it has been busy over ten seconds, and not after one report", () => {
    const busy = object("a", { load: load({ requestsPerSecond: 500 }) });
    const once = after([busy], load(), NOW_MS - 15_000);
    expect(edits([busy], WISH, { ...once, neededAtMs: null })).toEqual([]);
    const twice = after([busy], load(), NOW_MS - 15_000, NOW_MS);
    expect(edits([busy], WISH, twice)).toEqual(["add"]);
    const both = [busy, object("b", { load: load({ requestsPerSecond: 500 }) })];
    expect(edits(both, WISH, twice)).toEqual(["add", "add"]);
  });

  it("uses the mean of all: reports of several objects within one burst count as one", () => {
    const objects = ["a", "b"].map((name) => object(name, { load: load({ requestsPerSecond: 500 }) }));
    expect(edits(objects, WISH, after(objects, load(), NOW_MS - 2_000, NOW_MS))).toEqual([]);
    const uneven = [object("a", { load: load({ openStreams: 500 }) }), object("b")];
    expect(after(uneven, load(), NOW_MS - 15_000, NOW_MS).busy).toBe(null);
  });

  it("goes on doubling only after a report about the new list", () => {
    const busy = (name: string, sinceMs: number, atMs: number) =>
      object(name, { phaseSinceMs: sinceMs, load: load({ atMs, requestsPerSecond: 500 }) });
    const before = { busy: { sinceMs: NOW_MS - 30_000, atMs: NOW_MS - 15_000 }, neededAtMs: null };
    const at = (atMs: number) => {
      const objects = [busy("a", NOW_MS - 3_600_000, atMs), busy("b", NOW_MS, NOW_MS - 5_000)];
      return edits(objects, WISH, remember(before, load(), objects, WISH, atMs), atMs);
    };
    expect(at(NOW_MS + 9_000)).toEqual([]);
    expect(at(NOW_MS + 10_000)).toEqual(["add", "add"]);
  });

  it.each<Partial<ObjectLoad>>([{ bytesPerSecond: 41_000_000 }, { openStreams: 301 }])(
    "counts %j as busy",
    (changes) => {
      const busy = object("a", { load: load(changes) });
      expect(edits([busy], WISH, after([busy], load(), NOW_MS - 15_000, NOW_MS))).toEqual(["add"]);
    },
  );

  it("reacts to distress at once, waits for objects that are already coming, and stops at the maximum", () => {
    const distressed = object("a", { load: load({ overloaded: true, openStreams: 300 }) });
    expect(edits([distressed])).toEqual(["add"]);
    const coming = object("b", { phase: "attaching", phaseSinceMs: NOW_MS, pulled: false, load: null });
    expect(edits([distressed, coming])).toEqual([]);
    expect(edits([distressed], { ...WISH, max: 1 })).toEqual([]);
  });

  it("does not grow again because of a refusal from before the last new object served", () => {
    const distressed = object("a", { load: load({ overloaded: true, openStreams: 300 }) });
    const fresh = object("b", { phaseSinceMs: NOW_MS + 1 });
    expect(edits([distressed, fresh], WISH, CALM, NOW_MS + 2)).toEqual([]);
  });

  it("does not grow for objects that no connector reaches, unless there are few", () => {
    const distressed = (name: string) =>
      object(name, { load: load({ overloaded: true, requestsPerSecond: 900 }) });
    const stuck = object("z", {
      phase: "attaching",
      phaseSinceMs: NOW_MS - 60_000,
      pulled: false,
      load: null,
    });
    expect(edits([distressed("a"), stuck])).toEqual([]);
    expect(edits([distressed("a"), distressed("b"), distressed("c"), stuck])).toHaveLength(4);
  });

  it("has a new object serve when every connector is there, or after ten seconds when one is", () => {
    const first = object("a");
    const coming = (connectors: number, sinceMs: number) =>
      object("b", { phase: "attaching", phaseSinceMs: sinceMs, load: load({ connectors }) });
    expect(edits([first, coming(1, NOW_MS)])).toEqual([]);
    expect(edits([first, coming(2, NOW_MS)])).toEqual(["serve b"]);
    expect(edits([first, coming(1, NOW_MS - 10_000)])).toEqual(["serve b"]);
    expect(edits([first, coming(0, NOW_MS - 60_000)])).toEqual([]);
  });

  it("lets an object serve whose reports the Registry has forgotten, if a connector has called it", () => {
    const coming = (pulled: boolean, sinceMs: number) =>
      object("b", { phase: "attaching", phaseSinceMs: sinceMs, pulled, load: null });
    expect(edits([object("a"), coming(true, NOW_MS - 10_000)])).toEqual(["serve b"]);
    expect(edits([object("a"), coming(true, NOW_MS - 9_000)])).toEqual([]);
    expect(edits([object("a"), coming(false, NOW_MS - 60_000)])).toEqual([]);
  });

  it("follows what an operator has set", () => {
    expect(edits([object("a")], { ...WISH, min: 4, max: 4 })).toEqual(["add", "add", "add"]);
  });
});

describe("shrinking", () => {
  const quiet = ["a", "b", "c", "d"].map((name) => object(name, { load: load({ requestsPerSecond: 50 }) }));
  const HALF_HOUR_MS = 30 * 60_000;

  it("halves if half is enough for half an hour, newest first, and never below the minimum", () => {
    const memory = after(quiet, load(), NOW_MS);
    expect(memory.neededAtMs).toBe(NOW_MS);
    expect(after(quiet, load(), NOW_MS, NOW_MS + 60_000).neededAtMs).toBe(NOW_MS);
    expect(edits(quiet, WISH, memory, NOW_MS + HALF_HOUR_MS - 1)).toEqual([]);
    expect(edits(quiet, WISH, memory, NOW_MS + HALF_HOUR_MS)).toEqual(["retire d", "retire c"]);
    expect(edits(quiet, { ...WISH, min: 4 }, memory, NOW_MS + HALF_HOUR_MS)).toEqual([]);
  });

  it("happens after half an hour even if nothing reports any more", () => {
    const memory = after(quiet, load(), NOW_MS);
    expect(nextLookMs(quiet, WISH, memory, NOW_MS)).toBe(NOW_MS + HALF_HOUR_MS);
    expect(remember(CALM, load(), [object("a")], WISH, NOW_MS).neededAtMs).toBe(null);
  });

  it("waits again after each report that needs all of them", () => {
    const objects = ["a", "b"].map((name) => object(name, { load: load({ requestsPerSecond: 150 }) }));
    expect(after(objects, load(), NOW_MS, NOW_MS + 60_000).neededAtMs).toBe(NOW_MS + 60_000);
  });

  it("first removes what nobody uses yet, at once", () => {
    const coming = (name: string) => object(name, { phase: "attaching", phaseSinceMs: NOW_MS, load: null });
    const objects = [object("a"), coming("b"), object("c"), coming("d")];
    expect(edits(objects, { ...WISH, max: 1 })).toEqual(["remove d", "remove b", "retire c"]);
    expect(edits(objects, { ...WISH, max: 3 })).toEqual(["remove d"]);
  });

  it("removes a leaving object when nothing is under way on it, or when its time is over", () => {
    const leaving = (changes: Partial<ObjectLoad>, sinceMs: number) =>
      object("b", { phase: "leaving", phaseSinceMs: sinceMs, load: load(changes) });
    expect(edits([object("a"), leaving({ openStreams: 3 }, NOW_MS)])).toEqual([]);
    expect(edits([object("a"), leaving({ openStreams: 0, isLeaving: true }, NOW_MS)])).toEqual(["remove b"]);
    // It may not have heard that it leaves, and take a request at any moment.
    expect(edits([object("a"), leaving({ openStreams: 0 }, NOW_MS)])).toEqual([]);
    expect(edits([object("a"), leaving({ openStreams: 3 }, NOW_MS - 60_000)])).toEqual(["remove b"]);
  });

  it("never retires the last one", () => {
    expect(edits([object("a")], { ...WISH, min: 1, max: 1 })).toEqual([]);
    expect(edits([object("a"), object("b")], { ...WISH, max: 1 })).toEqual(["retire b"]);
  });
});

describe("moving", () => {
  const wish: ScalingWish = { ...WISH, location: "weur" };

  it("adds objects in the new place, and retires the others once those serve", () => {
    expect(edits([object("a"), object("b")], wish)).toEqual(["add", "add"]);
    const coming = object("c", { location: "weur", phase: "attaching", phaseSinceMs: NOW_MS, load: null });
    expect(edits([object("a"), coming], { ...wish, max: 1 })).toEqual([]);
    expect(edits([object("a"), coming], wish)).toEqual([]);
    const moved = object("c", { location: "weur" });
    expect(edits([object("a"), moved], { ...wish, max: 1 })).toEqual(["retire a"]);
  });

  it("makes no longer list than connectors accept, however many objects are leaving", () => {
    const leaving = Array.from({ length: 32 }, (_, number) =>
      object(`l${number}`, { phase: "leaving", phaseSinceMs: NOW_MS, load: load({ openStreams: 1 }) }),
    );
    const serving = Array.from({ length: 30 }, (_, number) => object(`s${number}`));
    expect(edits([...leaving, ...serving], { ...wish, min: 30 })).toEqual(["add", "add"]);
    expect(edits([...leaving, ...serving, object("x"), object("y")], { ...wish, min: 32 })).toEqual([]);
  });

  it("removes objects that were attaching in the old place", () => {
    const coming = object("b", { phase: "attaching", phaseSinceMs: NOW_MS, load: null });
    expect(edits([object("a"), coming], wish)).toEqual(["add", "add", "remove b"]);
  });

  it("is asked again when something is due", () => {
    expect(nextLookMs([object("a")], WISH, CALM, NOW_MS)).toBe(null);
    const coming = object("b", { phase: "attaching", phaseSinceMs: NOW_MS });
    const going = object("c", { phase: "leaving", phaseSinceMs: NOW_MS });
    expect(nextLookMs([going], WISH, CALM, NOW_MS)).toBe(NOW_MS + 60_000);
    expect(nextLookMs([going, coming], WISH, CALM, NOW_MS)).toBe(NOW_MS + 10_000);
    // A tunnel whose connectors do not come would be looked at without pause.
    expect(nextLookMs([coming], WISH, CALM, NOW_MS + 10_000)).toBe(null);
    // What fell due while something else was done is still to be looked at.
    expect(nextLookMs([coming], WISH, CALM, NOW_MS + 9_999)).toBe(NOW_MS + 10_000);
  });
});

describe("an object that no connector reaches", () => {
  const empty = object("b", { load: load({ connectors: 0 }), emptySinceMs: NOW_MS });

  it("stops serving after ten seconds if a sibling has connectors", () => {
    const objects = [object("a"), empty];
    expect(nextLookMs(objects, WISH, CALM, NOW_MS)).toBe(NOW_MS + 10_000);
    expect(edits(objects, WISH, CALM, NOW_MS + 9_000)).toEqual([]);
    expect(edits(objects, WISH, CALM, NOW_MS + 10_000)).toEqual(["unserve b"]);
  });

  it("goes on serving if no sibling has more connectors", () => {
    const other = object("a", { load: load({ connectors: 0 }), emptySinceMs: NOW_MS });
    expect(edits([other, empty], WISH, CALM, NOW_MS + 60_000)).toEqual([]);
  });
});

describe("an object of older code", () => {
  const outdated = (name: string, sinceMs = NOW_MS - 3_600_000) =>
    object(name, { phaseSinceMs: sinceMs, load: load({ isOutdated: true }) });

  it("leaves once a new one serves", () => {
    expect(edits([outdated("a")], { ...WISH, max: 1 })).toEqual(["add"]);
    const fresh = object("b", { phase: "attaching", phaseSinceMs: NOW_MS, pulled: false, load: null });
    expect(edits([outdated("a"), fresh], { ...WISH, max: 1 })).toEqual([]);
    expect(edits([outdated("a"), object("b")], { ...WISH, max: 1 })).toEqual(["retire a"]);
    expect(nextEdits([outdated("a")], WISH, CALM, NOW_MS)).toMatchObject([
      { reason: "moving to newer code" },
    ]);
  });

  it("stays if it is new: two versions may be deployed side by side", () => {
    expect(edits([outdated("a", NOW_MS - 60_000)])).toEqual([]);
  });
});
