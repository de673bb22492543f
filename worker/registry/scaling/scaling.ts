import { MAX_OBJECTS } from "../../../shared/protocol/index.ts";
import type { LocationHint, TunnelObject } from "../../tunnel/configuration/tunnel-objects.ts";

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
  /** Since when it says that no connector is there; null: one is, or nothing is known. */
  emptySinceMs: number | null;
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
  /** It runs older code than its callers, and is too busy to be put to sleep and begin anew. */
  isOutdated?: boolean;
  /** It has refused requests for want of room that siblings would have, since its last report. */
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
  | { edit: "unserve"; name: string; reason: string }
  | { edit: "retire"; name: string; reason: string }
  | { edit: "remove"; name: string; reason: string };

/** What earlier reports add to the momentary picture. */
export interface ScalingMemory {
  /** From when to when each report found the objects to have too much to do; null: the last one did not. */
  busy: { sinceMs: number; atMs: number } | null;
  /** When half of the objects would not have done; null: there are no more of them than the least. */
  neededAtMs: number | null;
}

export const CALM: ScalingMemory = { busy: null, neededAtMs: null };

/**
 * One object is good for about a thousand small requests a second by the platform's word. Below half of that its answers
 * do not wait for each other yet, and there is time to add others before the limit.
 */
const BUSY_REQUESTS_PER_SECOND = 400;
/** A third of what one object relays with nothing else to do (docs/performance.md). */
const BUSY_BYTES_PER_SECOND = 40_000_000;
/** Of the 512 that one connector takes. */
const BUSY_OPEN_STREAMS = 300;
/** Rates are of so long a time: a report that comes sooner after a change of the list tells of before, too. */
const RATE_MS = 10_000;
/** One burst is no load: after as long nothing of it is left in a rate. */
const BUSY_MS = RATE_MS;
/** Half of the objects would then stand at half of what counts as busy: far from growing again at once. */
const QUIET_SHARE = 0.25;
/** An hour has its peaks. Objects that sleep cost nothing, so there is no hurry. */
const QUIET_MS = 30 * 60_000;
/** An object that reports nothing for so long has nothing to do. */
const STALE_MS = 60_000;
/** So long a new object waits for every connector that its siblings have; then those that came are enough. */
const ATTACH_MS = 10_000;
/** Connectors redial within seconds: an object without one for longer is not reached from where they are. */
const EMPTY_MS = 10_000;
/**
 * An object of old code is replaced by one of new code once, not again: while two versions of the Worker are deployed
 * side by side the platform may give a new object the older one.
 */
const REPLACE_AFTER_MS = 10 * 60_000;
/** A new object that has not been reached for so long may never be. */
const STUCK_MS = 30_000;

/** How much of what counts as busy this is: 1 is busy. */
function pressure({ requestsPerSecond, bytesPerSecond, openStreams }: ObjectLoad): number {
  return Math.max(
    requestsPerSecond / BUSY_REQUESTS_PER_SECOND,
    bytesPerSecond / BUSY_BYTES_PER_SECOND,
    openStreams / BUSY_OPEN_STREAMS,
  );
}

/** What is remembered of a tunnel once an object of it has reported. */
export function remember(
  { busy, neededAtMs }: ScalingMemory,
  report: ObjectLoad,
  objects: readonly ObjectState[],
  { min }: Pick<ScalingWish, "min">,
  nowMs: number,
): ScalingMemory {
  const serving = objects.filter(({ phase }) => phase === "serving");
  const loads = serving.map(({ load }) => load).filter((load) => isFresh(load, nowMs));
  const mean = sumOf(loads) / Math.max(1, serving.length);
  const isNeeded = neededAtMs === null || mean >= QUIET_SHARE || report.overloaded;
  return {
    busy: busyNow(busy, loads, changedAtMs(objects), nowMs),
    neededAtMs: !isAboveLeast(objects, min) ? null : isNeeded ? nowMs : neededAtMs,
  };
}

/** By the mean of those that tell of the list as it is: gateways spread evenly, whatever one object happens to hold. */
function busyNow(
  before: ScalingMemory["busy"],
  loads: readonly ObjectLoad[],
  changedMs: number,
  nowMs: number,
): ScalingMemory["busy"] {
  const settled = loads.filter(({ atMs }) => atMs >= changedMs + RATE_MS);
  if (settled.length === 0) return before;
  if (sumOf(settled) / settled.length < 1) return null;
  return { sinceMs: before?.sinceMs ?? nowMs, atMs: nowMs };
}

function sumOf(loads: readonly ObjectLoad[]): number {
  return loads.reduce((sum, load) => sum + pressure(load), 0);
}

/** When the load was last shared out anew. */
function changedAtMs(objects: readonly ObjectState[]): number {
  return Math.max(0, ...objects.map(({ phase, phaseSinceMs }) => (phase === "attaching" ? 0 : phaseSinceMs)));
}

/** What is remembered once the list was edited. */
export function rememberEdits(
  { busy }: ScalingMemory,
  objects: readonly ObjectState[],
  { min }: Pick<ScalingWish, "min">,
  nowMs: number,
): ScalingMemory {
  return { busy, neededAtMs: isAboveLeast(objects, min) ? nowMs : null };
}

function isAboveLeast(objects: readonly ObjectState[], min: number): boolean {
  return objects.filter(({ phase }) => phase !== "leaving").length > min;
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
    ...lonely(objects, nowMs),
    ...departures(objects, wish, nowMs),
    ...countEdits(objects, wish, wantedCount(objects, wish, memory, nowMs), nowMs),
  ];
}

/** When to ask again though nothing is reported, after what was asked then; null: need not be. */
export function nextLookMs(
  objects: readonly ObjectState[],
  wish: ScalingWish,
  { neededAtMs }: ScalingMemory,
  askedAtMs: number,
): number | null {
  const times = objects.flatMap(({ phase, phaseSinceMs, emptySinceMs }) => {
    if (phase === "leaving") return [phaseSinceMs + wish.drainMs];
    if (phase === "attaching") return [phaseSinceMs + ATTACH_MS];
    return emptySinceMs === null ? [] : [emptySinceMs + EMPTY_MS];
  });
  if (neededAtMs !== null) times.push(neededAtMs + QUIET_MS);
  // What was due by then has been looked at: then only a report changes anything, and it would be asked for without end.
  const coming = times.filter((timeMs) => timeMs > askedAtMs);
  return coming.length === 0 ? null : Math.min(...coming);
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

/**
 * No connector has come to it for a while, but to its siblings: it would hand on all that it gets. It serves again when
 * one comes.
 */
function lonely(objects: readonly ObjectState[], nowMs: number): ScalingEdit[] {
  const serving = objects.filter(({ phase }) => phase === "serving");
  if (!serving.some(({ load }) => (load?.connectors ?? 0) > 0)) return [];
  return serving
    .filter(({ emptySinceMs }) => emptySinceMs !== null && nowMs - emptySinceMs >= EMPTY_MS)
    .map(({ name }) => ({ edit: "unserve", name, reason: "no connector comes to it" }));
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
  { busy, neededAtMs }: ScalingMemory,
  nowMs: number,
): number {
  const carrying = objects.filter(({ phase }) => phase !== "leaving");
  // In a move those in the right place take over from as many in the wrong one.
  const right = carrying.filter((object) => isRight(object, location, nowMs)).length;
  const count = Math.max(right, carrying.length - right);
  const attaching = carrying.filter(({ phase }) => phase === "attaching");
  // More of what connectors do not come to is of no use; one such among others is no reason to stand still.
  const isGrowing =
    attaching.length * 2 >= carrying.length ||
    attaching.some(({ phaseSinceMs }) => nowMs - phaseSinceMs < STUCK_MS);
  // What was said of the list as it was is no reason to grow again.
  const changedMs = changedAtMs(objects);
  const isBusy =
    busy !== null &&
    busy.atMs - busy.sinceMs >= BUSY_MS &&
    busy.atMs >= changedMs + RATE_MS &&
    nowMs - busy.atMs < STALE_MS;
  const isDistressed = carrying.some(
    ({ load }) => isFresh(load, nowMs) && load.overloaded && load.atMs > changedMs,
  );
  let wanted = count;
  if (!isGrowing && (isBusy || isDistressed)) wanted = count * 2;
  else if (neededAtMs !== null && nowMs - neededAtMs >= QUIET_MS) wanted = Math.ceil(count / 2);
  return Math.min(max, Math.max(min, wanted));
}

/** Toward so many objects of the right kind. What is of the wrong one leaves once others carry its load. */
function countEdits(
  objects: readonly ObjectState[],
  { location }: ScalingWish,
  wanted: number,
  nowMs: number,
): ScalingEdit[] {
  const carrying = objects.filter(({ phase }) => phase !== "leaving");
  const right = carrying.filter((object) => isRight(object, location, nowMs));
  const wrong = carrying.filter((object) => !right.includes(object));
  const reason = reasonFor(wrong, location, wanted);
  // Connectors take no longer list. What leaves makes room, and then this is looked at again.
  const room = MAX_OBJECTS - objects.length;
  const missing = Math.max(0, Math.min(wanted - right.length, room));
  const added = Array.from({ length: missing }, (): ScalingEdit => ({
    edit: "add",
    location,
    reason,
  }));
  // Those first that nobody uses yet, then the newest: the oldest are what connectors and gateways know for longest.
  const isServing = ({ phase }: ObjectState) => phase === "serving";
  const byWorth = [...right.filter(isServing), ...right.filter((object) => !isServing(object))];
  const tooMany = byWorth.slice(Math.max(wanted, 1)).toReversed();
  const isReplaced = right.filter(isServing).length >= wanted;
  const replaced = wrong.filter((object) => isReplaced || !isServing(object));
  const given = [...tooMany, ...replaced].map(({ name, phase }): ScalingEdit => ({
    // No gateway knows of one that has not served: there is nothing to wait for.
    edit: phase === "serving" ? "retire" : "remove",
    name,
    reason,
  }));
  return [...added, ...given];
}

function reasonFor(wrong: readonly ObjectState[], location: LocationHint | null, wanted: number): string {
  if (wrong.length === 0) return `${wanted} are wanted`;
  return wrong.some((object) => !isPlaced(object, location))
    ? `moving to ${location ?? "anywhere"}`
    : "moving to newer code";
}

function isRight(object: ObjectState, location: LocationHint | null, nowMs: number): boolean {
  const { load, phaseSinceMs } = object;
  const isOutdated = load?.isOutdated === true && nowMs - phaseSinceMs >= REPLACE_AFTER_MS;
  return isPlaced(object, location) && !isOutdated;
}

function isPlaced(object: ObjectState, location: LocationHint | null): boolean {
  return location === null || object.location === location;
}

function isFresh(load: ObjectLoad | null, nowMs: number): load is ObjectLoad {
  return load !== null && nowMs - load.atMs < STALE_MS;
}
