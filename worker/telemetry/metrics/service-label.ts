import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { cappedService, isHost } from "../../../shared/signals/series-label.ts";

/** No service and no host is written so. */
export const UNKNOWN_SERIES = "(unknown)";

/**
 * Under which name a request counts. A caller can ask for any host: what was not let through makes no series of its
 * own, and what was makes so many at most.
 */
export function serviceLabel(event: RequestEvent, known: ReadonlyMap<string, unknown>, max: number): string {
  if (known.has(event.service)) return event.service;
  if (event.outcome === "refused" && !isNamedRefusal(event)) return UNKNOWN_SERIES;
  return cappedService(event.service, known, max);
}

/** Refused after the name was found in the services file, and by nothing that a caller can vary. */
function isNamedRefusal({ code, service }: RequestEvent): boolean {
  const named = code === "ACCESS_DENIED" || code === "LOOP_DETECTED";
  return code === "UPSTREAM_NOT_ALLOWED" || (named && !isHost(service));
}
