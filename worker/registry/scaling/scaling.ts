import { MAX_OBJECTS } from "../../../shared/protocol/index.ts";
import type { LocationHint, TunnelObject } from "../../tunnel/configuration/tunnel-objects.ts";

/*
 * Decides how many objects carry a tunnel, as edits of its list. Pure functions, with the time as an argument. `ObjectPhase` has the states
 * of one object; docs/decisions/0037-a-tunnel-is-a-list-of-objects.md has the reasons.
 */

export interface ObjectState extends TunnelObject {
  phaseSinceMs: number;
  /** It exists: somebody has called it. */
  pulled: boolean;
  /** Null: no report since this memory exists. */
  load: ObjectLoad | null;
  /** Since when it has reported no connector; null: it has one, or nothing is known. */
  emptySinceMs: number | null;
}

/** A report of an object. */
export interface ObjectLoad {
  atMs: number;
  connectors: number;
  requestsPerSecond: number;
  bytesPerSecond: number;
  openStreams: number;
  /** It knows that it leaves, and accepts nothing new. Objects of older versions do not send this. */
  isLeaving?: boolean;
  /** It runs older code than its callers, and is too busy to sleep and wake with the new code. */
  isOutdated?: boolean;
  /** Since its last report it has refused requests for which siblings would have had room. */
  overloaded: boolean;
}

export interface ScalingWish {
  min: number;
  max: number;
  /** Where objects are wanted; null: anywhere. */
  location: LocationHint | null;
  /** How long the requests of a leaving object may take to finish. */
  drainMs: number;
}

export type ScalingEdit =
  | { edit: "add"; location: LocationHint | null; reason: string }
  | { edit: "serve"; name: string; reason: string }
  | { edit: "unserve"; name: string; reason: string }
  | { edit: "retire"; name: string; reason: string }
  | { edit: "remove"; name: string; reason: string };

/** What is remembered from earlier reports. */
export interface ScalingMemory {
  /** The period in which every report found the objects overloaded; null: the last one did not. */
  busy: { sinceMs: number; atMs: number } | null;
  /** When half of the objects were last too few; null: there are only as many as the minimum. */
  neededAtMs: number | null;
}

export const CALM: ScalingMemory = { busy: null, neededAtMs: null };

/**
 * According to the platform, one object serves about a thousand small requests a second. Below half of that, answers do not wait for each
 * other yet, and there is time to add objects before the limit.
 */
const BUSY_REQUESTS_PER_SECOND = 400;
/** A third of what an otherwise idle object can relay (docs/performance.md). */
const BUSY_BYTES_PER_SECOND = 40_000_000;
/** Open streams, compared with the 512 that one connector accepts. */
const BUSY_OPEN_STREAMS = 300;
/** Rates are measured over this time. A report that comes sooner after a change of the list also covers the time before it. */
const RATE_MS = 10_000;
/** A single burst does not count as load. After this time, it no longer affects a rate. */
const BUSY_MS = RATE_MS;
/** With half of the objects, each would then be at half of "busy", which is far from growing again. */
const QUIET_SHARE = 0.25;
/** Load varies within an hour, and sleeping objects cost nothing, so there is no hurry. */
const QUIET_MS = 30 * 60_000;
/** An object without a report for so long has nothing to do. */
const STALE_MS = 60_000;
/** How long a new object waits for every connector that its siblings have. After that, the ones that came are enough. */
const ATTACH_MS = 10_000;
/** Connectors redial within seconds. If an object has none for longer, they cannot reach it. */
const EMPTY_MS = 10_000;
/**
 * An object of old code is replaced by one of new code once, not again: while two versions of the Worker are deployed
 * side by side the platform may give a new object the older one.
 */
const REPLACE_AFTER_MS = 10 * 60_000;
/** A new object that has not been reached for so long may never be. */
const STUCK_MS = 30_000;

/** The load as a part of "busy", which is 1. */
function pressure({ requestsPerSecond, bytesPerSecond, openStreams }: ObjectLoad): number {
  return Math.max(
    requestsPerSecond / BUSY_REQUESTS_PER_SECOND,
    bytesPerSecond / BUSY_BYTES_PER_SECOND,
    openStreams / BUSY_OPEN_STREAMS,
  );
}

/** What is remembered after a report of one of the tunnel's objects. */
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

/** The mean over the objects whose reports are about the current list. Gateways spread requests evenly, whatever a single object has. */
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

/** When the list last changed, so that the load was distributed anew. */
function changedAtMs(objects: readonly ObjectState[]): number {
  return Math.max(0, ...objects.map(({ phase, phaseSinceMs }) => (phase === "attaching" ? 0 : phaseSinceMs)));
}

/** What is remembered after an edit of the list. */
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

/** The edits of the list that are due now. */
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

/** When to check again without a report, after the check at `askedAtMs`; null: not needed. */
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
  // Times up to then were already checked. Returning them again would repeat the check for ever, because only a report changes anything.
  const coming = times.filter((timeMs) => timeMs > askedAtMs);
  return coming.length === 0 ? null : Math.min(...coming);
}

function arrivals(objects: readonly ObjectState[], nowMs: number): ScalingEdit[] {
  const most = Math.max(
    0,
    ...objects.map(({ phase, load }) => (phase === "serving" ? (load?.connectors ?? 0) : 0)),
  );
  return objects.flatMap(({ name, phase, phaseSinceMs, load, pulled }): ScalingEdit[] => {
    // Its report may be lost with the Registry's memory, but only connectors call a new object.
    const here = load?.connectors ?? (pulled ? 1 : 0);
    // Without a connector it could only hand requests on. Connectors of older versions attach only to the first object.
    if (phase !== "attaching" || here === 0) return [];
    if (load !== null && here >= most && most > 0)
      return [{ edit: "serve", name, reason: "every connector has attached" }];
    if (nowMs - phaseSinceMs < ATTACH_MS) return [];
    return [{ edit: "serve", name, reason: "connectors have attached in time" }];
  });
}

/**
 * No connector has attached to it for a while, but some have to its siblings, so it would hand on all its requests. It serves again when
 * one attaches.
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
    // An object that does not know yet that it leaves may accept a request at any moment.
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
  // In a move, objects in the right place replace as many in the wrong one.
  const right = carrying.filter((object) => isRight(object, location, nowMs)).length;
  const count = Math.max(right, carrying.length - right);
  const attaching = carrying.filter(({ phase }) => phase === "attaching");
  // If connectors reach none of the new objects, more of them are of no use. A single unreached one is no reason to stop.
  const isGrowing =
    attaching.length * 2 >= carrying.length ||
    attaching.some(({ phaseSinceMs }) => nowMs - phaseSinceMs < STUCK_MS);
  // Reports about the earlier list are no reason to grow again.
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

/** Edits toward so many objects of the right kind. Those of the wrong kind leave once others carry their load. */
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
  // Connectors accept no longer list. Objects that leave make room, and then this is checked again.
  const room = MAX_OBJECTS - objects.length;
  const missing = Math.max(0, Math.min(wanted - right.length, room));
  const added = Array.from({ length: missing }, (): ScalingEdit => ({
    edit: "add",
    location,
    reason,
  }));
  // First those that nobody uses yet, then the newest, because connectors and gateways have known the oldest for longest.
  const isServing = ({ phase }: ObjectState) => phase === "serving";
  const byWorth = [...right.filter(isServing), ...right.filter((object) => !isServing(object))];
  const tooMany = byWorth.slice(Math.max(wanted, 1)).toReversed();
  const isReplaced = right.filter(isServing).length >= wanted;
  const replaced = wrong.filter((object) => isReplaced || !isServing(object));
  const given = [...tooMany, ...replaced].map(({ name, phase }): ScalingEdit => ({
    // No gateway knows an object that has never served, so there is nothing to wait for.
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
