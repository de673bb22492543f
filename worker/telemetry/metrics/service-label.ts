import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { cappedService, isHost } from "../../../shared/signals/series-label.ts";

/** Neither a service nor a host can have this name. */
export const UNKNOWN_SERIES = "(unknown)";

/**
 * The name under which a request counts. A caller can ask for any host, so a refused request counts as `(unknown)` unless its name was
 * found in the services file, and there are at most `max` names.
 */
export function serviceLabel(event: RequestEvent, known: ReadonlyMap<string, unknown>, max: number): string {
  if (known.has(event.service)) return event.service;
  if (event.outcome === "refused" && !isNamedRefusal(event)) return UNKNOWN_SERIES;
  return cappedService(event.service, known, max);
}

/** Whether it was refused after its name was found in the services file, so that callers cannot make up names. */
function isNamedRefusal({ code, service }: RequestEvent): boolean {
  const named = code === "ACCESS_DENIED" || code === "LOOP_DETECTED";
  return code === "UPSTREAM_NOT_ALLOWED" || (named && !isHost(service));
}
