import type { LocationHint, TunnelObject } from "../tunnel/tunnel-objects.ts";

/*
 * How many objects carry a tunnel, as edits of its list: pure, time as an argument. `ObjectPhase` has the states of one
 * object; docs/decisions/0037-a-tunnel-is-a-list-of-objects.md why it is done so.
 */

export interface ObjectState extends TunnelObject {
  phaseSinceMs: number;
  /** It exists: somebody has called it. */
  pulled: boolean;
  /** Null: it has said nothing yet, or nothing that this memory still holds. */
  load: ObjectLoad | null;
}

/** What an object says of itself while it has something to say. */
export interface ObjectLoad {
  atMs: number;
  connectors: number;
  requestsPerSecond: number;
  bytesPerSecond: number;
  openStreams: number;
  /** It knows that it leaves, and takes nothing new. Objects of an older version do not say. */
  isLeaving?: boolean;
  /** It has refused requests for want of room since its last report. */
  overloaded: boolean;
}

export interface ScalingWish {
  min: number;
  max: number;
  /** Where objects are wanted; null: anywhere. */
  location: LocationHint | null;
  /** How long what leaves may take to finish. */
  drainMs: number;
}

export type ScalingEdit =
  | { edit: "add"; location: LocationHint | null; reason: string }
  | { edit: "serve"; name: string; reason: string }
  | { edit: "retire"; name: string; reason: string }
  | { edit: "remove"; name: string; reason: string };

/** What earlier reports add to the momentary picture. */
export interface ScalingMemory {
  /** Reports in a row of an object with too much to do. */
  busyReports: number;
  /** Since when half of the objects would do; null: they would not. */
  quietSinceMs: number | null;
}

export const CALM: ScalingMemory = { busyReports: 0, quietSinceMs: null };

/**
 * One object is good for about a thousand small requests a second by the platform's word. Below half of that its answers
 * do not wait for each other yet, and there is time to add others before the limit.
 */
const BUSY_REQUESTS_PER_SECOND = 400;
/** A third of what one object relays with nothing else to do (docs/performance.md). */
const BUSY_BYTES_PER_SECOND = 40_000_000;
/** Of the 512 that one connector takes. */
const BUSY_OPEN_STREAMS = 300;
/** One burst is no load: the next report comes 15 s later. */
const BUSY_REPORTS = 2;
/** Half of the objects would then stand at half of what counts as busy: far from growing again at once. */
const QUIET_SHARE = 0.25;
/** An hour has its peaks. Objects that sleep cost nothing, so there is no hurry. */
const QUIET_MS = 30 * 60_000;
/** An object that reports nothing for so long has nothing to do. */
const STALE_MS = 60_000;
/** So long a new object waits for every connector that its siblings have; then those that came are enough. */
const ATTACH_MS = 10_000;

/** How much of what counts as busy this is: 1 is busy. */
function pressure({ requestsPerSecond, bytesPerSecond, openStreams }: ObjectLoad): number {
  return Math.max(
    requestsPerSecond / BUSY_REQUESTS_PER_SECOND,
    bytesPerSecond / BUSY_BYTES_PER_SECOND,
    openStreams / BUSY_OPEN_STREAMS,
  );
}

/** What an object's report changes of what is remembered of its tunnel. */
export function remember(
  memory: ScalingMemory,
  report: ObjectLoad,
  objects: readonly ObjectState[],
  nowMs: number,
): ScalingMemory {
  const serving = objects.filter(({ phase }) => phase === "serving");
  const total = serving.reduce((sum, { load }) => sum + (isFresh(load, nowMs) ? pressure(load) : 0), 0);
  const isQuiet = total / serving.length < QUIET_SHARE && !report.overloaded;
  return {
    busyReports: pressure(report) >= 1 ? memory.busyReports + 1 : 0,
    quietSinceMs: isQuiet ? (memory.quietSinceMs ?? nowMs) : null,
  };
}

/** What is to be done to the list now. */
export function nextEdits(
  objects: readonly ObjectState[],
  wish: ScalingWish,
  memory: ScalingMemory,
  nowMs: number,
): ScalingEdit[] {
  return [
    ...arrivals(objects, nowMs),
    ...departures(objects, wish, nowMs),
    ...countEdits(objects, wish, wantedCount(objects, wish, memory, nowMs)),
  ];
}

/** When to ask again though nothing is reported; null: need not be. */
export function nextLookMs(objects: readonly ObjectState[], wish: ScalingWish, nowMs: number): number | null {
  const times = objects.flatMap(({ phase, phaseSinceMs }) => {
    // After that only a report changes anything: a time that is over would be asked for without end.
    if (phase === "attaching") return phaseSinceMs + ATTACH_MS > nowMs ? [phaseSinceMs + ATTACH_MS] : [];
    return phase === "leaving" ? [phaseSinceMs + wish.drainMs] : [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

function arrivals(objects: readonly ObjectState[], nowMs: number): ScalingEdit[] {
  const most = Math.max(
    0,
    ...objects.map(({ phase, load }) => (phase === "serving" ? (load?.connectors ?? 0) : 0)),
  );
  return objects.flatMap(({ name, phase, phaseSinceMs, load, pulled }): ScalingEdit[] => {
    // What it said is forgotten with the Registry's memory, but nobody else than a connector calls a new object.
    const here = load?.connectors ?? (pulled ? 1 : 0);
    // Without one it could only hand requests on: connectors of an older version attach to the first object alone.
    if (phase !== "attaching" || here === 0) return [];
    if (load !== null && here >= most && most > 0)
      return [{ edit: "serve", name, reason: "every connector has attached" }];
    if (nowMs - phaseSinceMs < ATTACH_MS) return [];
    return [{ edit: "serve", name, reason: "connectors have attached in time" }];
  });
}

function departures(objects: readonly ObjectState[], { drainMs }: ScalingWish, nowMs: number): ScalingEdit[] {
  return objects.flatMap(({ name, phase, phaseSinceMs, load }): ScalingEdit[] => {
    if (phase !== "leaving") return [];
    // One that has not heard of it yet may take a request at any moment.
    const isIdle = load?.isLeaving === true && load.openStreams === 0;
    if (isIdle) return [{ edit: "remove", name, reason: "nothing is under way on it" }];
    return nowMs - phaseSinceMs >= drainMs
      ? [{ edit: "remove", name, reason: "its drain time is over" }]
      : [];
  });
}

function wantedCount(
  objects: readonly ObjectState[],
  { min, max, location }: ScalingWish,
  { busyReports, quietSinceMs }: ScalingMemory,
  nowMs: number,
): number {
  const carrying = objects.filter(({ phase }) => phase !== "leaving");
  // In a move those in the new place take over from as many in the old one.
  const placed = carrying.filter((object) => isPlaced(object, location)).length;
  const count = Math.max(placed, carrying.length - placed);
  const isGrowing = carrying.some(({ phase }) => phase === "attaching");
  const isDistressed = carrying.some(({ load }) => isFresh(load, nowMs) && load.overloaded);
  let wanted = count;
  if (!isGrowing && (busyReports >= BUSY_REPORTS || isDistressed)) wanted = count * 2;
  else if (quietSinceMs !== null && nowMs - quietSinceMs >= QUIET_MS) wanted = Math.ceil(count / 2);
  return Math.min(max, Math.max(min, wanted));
}

/** Toward so many objects in the right place. What is in the wrong one leaves once others carry its load. */
function countEdits(
  objects: readonly ObjectState[],
  { location }: ScalingWish,
  wanted: number,
): ScalingEdit[] {
  const carrying = objects.filter(({ phase }) => phase !== "leaving");
  const placed = carrying.filter((object) => isPlaced(object, location));
  const missing = Math.max(0, wanted - placed.length);
  const reason =
    placed.length < carrying.length ? `moving to ${location ?? "anywhere"}` : `${wanted} are wanted`;
  const added = Array.from({ length: missing }, (): ScalingEdit => ({ edit: "add", location, reason }));

  const serving = carrying.filter(({ phase }) => phase === "serving");
  const servingPlaced = serving.filter((object) => isPlaced(object, location));
  // The newest go first: the oldest are what connectors and gateways know for longest.
  const tooMany = servingPlaced.slice(Math.max(wanted, 1)).toReversed();
  const misplaced =
    servingPlaced.length >= wanted ? serving.filter((object) => !isPlaced(object, location)) : [];
  const retired = [...tooMany, ...misplaced].map(({ name }): ScalingEdit => ({
    edit: "retire",
    name,
    reason: misplaced.length > 0 ? reason : `${wanted} are wanted`,
  }));
  return [...added, ...retired];
}

function isPlaced(object: ObjectState, location: LocationHint | null): boolean {
  return location === null || object.location === location;
}

function isFresh(load: ObjectLoad | null, nowMs: number): load is ObjectLoad {
  return load !== null && nowMs - load.atMs < STALE_MS;
}
