import type { TunnelDetails } from "../../calls/registry-calls.ts";
import type { ServingObject } from "../../tunnel/configuration/tunnel-objects.ts";

/** How much older a report may be than the last request of its object. */
const REPORT_LAG_MS = 5 * 60_000;
/** Of those that are gone, the newest: one call each, of the thousand that one request may make. */
const MAX_PAST = 200;

/**
 * The objects whose telemetry may contain requests since then: those that carry the tunnel, and those that did before it shrank, moved or
 * was updated. Objects that nobody has called yet are left out, because asking would create them.
 */
export function telemetryObjects(
  { objects, pastObjects }: Pick<TunnelDetails, "objects" | "pastObjects">,
  sinceMs: number,
): ServingObject[] {
  const past = pastObjects
    .filter(({ atMs }) => atMs + REPORT_LAG_MS >= sinceMs)
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, MAX_PAST)
    .map(({ name }) => ({ name, location: null }));
  return [...objects.filter(({ pulled }) => pulled), ...past];
}
