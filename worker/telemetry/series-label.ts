import type { RequestEvent } from "../../shared/request-event.ts";

/** No service and no host is written so. */
const OTHER = "(other)";
const UNKNOWN = "(unknown)";

/**
 * Under which name a request counts. A caller can ask for any host: what was not let through makes no series of its
 * own, and what was makes `max` at most.
 */
export function serviceLabel(event: RequestEvent, known: ReadonlyMap<string, unknown>, max: number): string {
  if (known.has(event.service)) return event.service;
  if (event.outcome === "refused" && !isNamedRefusal(event)) return UNKNOWN;
  return cappedService(event.service, known, max);
}

/** Hosts get half of the room: a wildcard rule matches any number of them, and services must not go without. */
export function cappedService(name: string, known: ReadonlyMap<string, unknown>, max: number): string {
  if (!isHost(name) || known.has(name)) return cappedLabel(name, known, max);
  return known.size < max && hostCount(known) < max / 2 ? name : OTHER;
}

export function cappedLabel(label: string, known: ReadonlyMap<string, unknown>, max: number): string {
  return known.has(label) || known.size < max ? label : OTHER;
}

/** Refused after the name was found in the services file, and by nothing that a caller can vary. */
function isNamedRefusal({ code, service }: RequestEvent): boolean {
  const named = code === "ACCESS_DENIED" || code === "LOOP_DETECTED";
  return code === "UPSTREAM_NOT_ALLOWED" || (named && !isHost(service));
}

/** The hosts of a wildcard have a dot at least; a service's name has none, and no colon. */
function isHost(name: string): boolean {
  return /[.:]/.test(name);
}

function hostCount(known: ReadonlyMap<string, unknown>): number {
  let count = 0;
  for (const name of known.keys()) if (isHost(name)) count++;
  return count;
}
