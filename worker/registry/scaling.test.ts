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
  ...changes,
});
const edits = (objects: ObjectState[], wish = WISH, memory = CALM, nowMs = NOW_MS) =>
  nextEdits(objects, wish, memory, nowMs).map(({ edit, ...rest }) =>
    "name" in rest ? `${edit} ${rest.name}` : edit,
  );

describe("growing", () => {
  it("doubles after two busy reports, and not after one", () => {
    const busy = object("a", { load: load({ requestsPerSecond: 500 }) });
    const once = remember(CALM, busy.load ?? load(), [busy], NOW_MS);
    expect(edits([busy], WISH, once)).toEqual([]);
    const twice = remember(once, busy.load ?? load(), [busy], NOW_MS);
    expect(edits([busy], WISH, twice)).toEqual(["add"]);
    expect(edits([busy, object("b")], WISH, twice)).toEqual(["add", "add"]);
  });

  it.each<Partial<ObjectLoad>>([{ bytesPerSecond: 41_000_000 }, { openStreams: 301 }])(
    "counts %j as busy",
    (changes) => {
      const busy = object("a", { load: load(changes) });
      const twice = [0, 1].reduce((memory) => remember(memory, load(changes), [busy], NOW_MS), CALM);
      expect(edits([busy], WISH, twice)).toEqual(["add"]);
    },
  );

  it("takes distress at once, waits for what is already coming, and stops at the most", () => {
    const distressed = object("a", { load: load({ overloaded: true }) });
    expect(edits([distressed])).toEqual(["add"]);
    const coming = object("b", { phase: "attaching", phaseSinceMs: NOW_MS, pulled: false, load: null });
    expect(edits([distressed, coming])).toEqual([]);
    expect(edits([distressed], { ...WISH, max: 1 })).toEqual([]);
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

  it("has one serve that the Registry forgot the reports of: a connector has called it", () => {
    const coming = (pulled: boolean, sinceMs: number) =>
      object("b", { phase: "attaching", phaseSinceMs: sinceMs, pulled, load: null });
    expect(edits([object("a"), coming(true, NOW_MS - 10_000)])).toEqual(["serve b"]);
    expect(edits([object("a"), coming(true, NOW_MS - 9_000)])).toEqual([]);
    expect(edits([object("a"), coming(false, NOW_MS - 60_000)])).toEqual([]);
  });

  it("brings what an operator fixed", () => {
    expect(edits([object("a")], { ...WISH, min: 4, max: 4 })).toEqual(["add", "add", "add"]);
  });
});

describe("shrinking", () => {
  it("halves when half would do for half an hour, newest first, and never under the least", () => {
    const objects = ["a", "b", "c", "d"].map((name) =>
      object(name, { load: load({ requestsPerSecond: 50 }) }),
    );
    const memory = remember(CALM, load(), objects, NOW_MS);
    expect(memory.quietSinceMs).toBe(NOW_MS);
    expect(edits(objects, WISH, memory, NOW_MS + 29 * 60_000)).toEqual([]);
    expect(edits(objects, WISH, memory, NOW_MS + 30 * 60_000)).toEqual(["retire d", "retire c"]);
    expect(edits(objects, { ...WISH, min: 4 }, memory, NOW_MS + 30 * 60_000)).toEqual([]);
  });

  it("forgets that it was quiet with the first report that is not", () => {
    const objects = [object("a", { load: load({ requestsPerSecond: 350 }) })];
    expect(remember({ busyReports: 0, quietSinceMs: 1 }, load(), objects, NOW_MS).quietSinceMs).toBe(null);
  });

  it("removes what leaves when nothing is under way on it, or when its time is over", () => {
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

  it("is asked again when something is due", () => {
    expect(nextLookMs([object("a")], WISH, NOW_MS)).toBe(null);
    const coming = object("b", { phase: "attaching", phaseSinceMs: NOW_MS });
    const going = object("c", { phase: "leaving", phaseSinceMs: NOW_MS });
    expect(nextLookMs([going], WISH, NOW_MS)).toBe(NOW_MS + 60_000);
    expect(nextLookMs([going, coming], WISH, NOW_MS)).toBe(NOW_MS + 10_000);
    // A tunnel whose connectors do not come would be looked at without pause.
    expect(nextLookMs([coming], WISH, NOW_MS + 10_000)).toBe(null);
  });
});
