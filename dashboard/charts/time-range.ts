import type { RequestFilter } from "../request-filter.ts";

/** The range of time that the charts show. */
export interface TimeRange {
  fromMs: number;
  untilMs: number;
}

/** A shorter range would be a single step. */
const MIN_RANGE_MS = 30_000;
/** A request is counted when it is over and the relay has passed it on, in batches of two seconds. */
const COUNTED_LATE_MS = 5_000;

/** The range that was dragged over, in either direction. Never so short that it would be empty. */
export function rangeBetween(oneMs: number, otherMs: number): TimeRange {
  const [fromMs, untilMs] = [Math.min(oneMs, otherMs), Math.max(oneMs, otherMs)];
  const missingMs = Math.max(0, MIN_RANGE_MS - (untilMs - fromMs));
  return { fromMs: fromMs - missingMs / 2, untilMs: untilMs + missingMs / 2 };
}

/**
 * The latest range between these two clock times, `HH:MM` or `HH:MM:SS` in the reader's time zone. Null if a text is no
 * clock time, or if both are the same.
 */
export function rangeOfClocks(from: string, until: string, nowMs: number): TimeRange | null {
  const untilMs = lastAt(until, nowMs);
  const fromMs = untilMs === null ? null : lastAt(from, untilMs - 1);
  return fromMs === null || untilMs === null || clock(from) === clock(until) ? null : { fromMs, untilMs };
}

function lastAt(text: string, beforeMs: number): number | null {
  const parts = clock(text);
  if (parts === null) return null;
  const at = new Date(beforeMs);
  const [hours = 0, minutes = 0, seconds = 0] = parts.split(":").map(Number);
  at.setHours(hours, minutes, seconds, 0);
  if (at.getTime() > beforeMs) at.setDate(at.getDate() - 1);
  return at.getTime();
}

function clock(text: string): string | null {
  const [, hours, minutes, seconds = "00"] = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  return hours === undefined ? null : `${hours}:${minutes}:${seconds}`;
}

/**
 * The search for the requests of a step. They arrived earlier than they were counted: by their duration and the delay of
 * counting.
 */
export function stepFilter(atMs: number, stepSeconds: number, p99Ms: number | null): RequestFilter {
  return {
    since: new Date(atMs - COUNTED_LATE_MS - Math.ceil(p99Ms ?? 0)).toISOString(),
    until: new Date(atMs + stepSeconds * 1000).toISOString(),
  };
}
