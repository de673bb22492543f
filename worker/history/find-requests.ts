import type { RequestEvent } from "../../shared/events/request-event.ts";
import { matches, type TailFilter } from "../../shared/signals/tail-filter.ts";
import { endMs, isFailure, parseEvent } from "../events/index.ts";
import { History } from "./history.ts";

/** A search for kept requests. Everything that is given has to match. */
export interface RequestQuery extends TailFilter {
  /** The tunnel of the events. The relay's own Telemetry object has those of all tunnels. */
  tunnel: string;
  id?: string | undefined;
  traceId?: string | undefined;
  /** `project` or `project/environment`. */
  caller?: string | undefined;
  connector?: string | undefined;
  outcome?: string | undefined;
  /** Only what the traffic counts as errors. */
  failed?: "true" | undefined;
  minDurationMs?: number | undefined;
  sinceMs: number;
  untilMs: number;
  /** Only requests that come after this one in the list. */
  after: RequestPosition | null;
  limit: number;
}

/** A request's place among others: the newest first, those of one millisecond by their id. */
export interface RequestPosition {
  timeMs: number;
  requestId: string;
}

export function positionOf({ time, requestId }: RequestEvent): RequestPosition {
  return { timeMs: Date.parse(time), requestId };
}

export function comparePositions(a: RequestPosition, b: RequestPosition): number {
  if (a.timeMs !== b.timeMs) return b.timeMs - a.timeMs;
  if (a.requestId === b.requestId) return 0;
  return a.requestId < b.requestId ? -1 : 1;
}

export async function findRequests(
  history: History,
  query: RequestQuery,
  nowMs: number,
): Promise<RequestEvent[]> {
  const { sinceMs, after, limit } = query;
  const untilMs = Math.min(query.untilMs, after?.timeMs ?? Infinity);
  const oldestMs = History.oldestEndMs(nowMs);
  const certain = certainText(query);
  let found: { event: RequestEvent; position: RequestPosition }[] = [];
  for await (const { lastMs, texts } of history.read(sinceMs, untilMs)) {
    // All further chunks are older than what was found.
    const last = found[limit - 1];
    if (last !== undefined && last.position.timeMs > lastMs) break;
    for (const text of texts) {
      if (certain !== null && !text.includes(certain)) continue;
      const event = parseEvent(text);
      if (event === null || endMs(event) < oldestMs || !isAskedFor(query, event)) continue;
      const position = positionOf(event);
      if (position.timeMs < sinceMs || position.timeMs > untilMs) continue;
      if (after === null || comparePositions(position, after) > 0) found.push({ event, position });
    }
    found = found.sort((a, b) => comparePositions(a.position, b.position)).slice(0, limit);
  }
  return found.map(({ event }) => event);
}

/** Text that the line of every matching request contains, so that most lines need not be parsed. */
function certainText({ id, traceId, connector }: RequestQuery): string | null {
  const value = id ?? traceId ?? connector;
  return value === undefined ? null : JSON.stringify(value);
}

function isAskedFor(query: RequestQuery, event: RequestEvent): boolean {
  const { id, traceId, caller, connector, outcome, failed, minDurationMs } = query;
  return (
    event.tunnel === query.tunnel &&
    (id === undefined || event.requestId === id) &&
    (traceId === undefined || event.traceId === traceId) &&
    (connector === undefined || event.connector === connector || event.connectorName === connector) &&
    (outcome === undefined || event.outcome === outcome) &&
    (failed === undefined || isFailure(event)) &&
    (minDurationMs === undefined || event.durationMs >= minDurationMs) &&
    (caller === undefined ||
      caller === event.project ||
      caller === `${event.project}/${event.environment}`) &&
    matches(query, event)
  );
}
