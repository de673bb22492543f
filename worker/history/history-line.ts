import type { RequestEvent } from "../../shared/events/request-event.ts";
import { endMs, isFailure } from "../events/index.ts";

/** A kept event, with the facts that decide how long it is kept. */
export interface HistoryLine {
  /** JSON of the event. */
  text: string;
  /** When the request arrived. */
  timeMs: number;
  endMs: number;
  isFailure: boolean;
  /** Null for WebSockets, whose duration says nothing. */
  latencyMs: number | null;
}

export function historyLine(event: RequestEvent, text: string): HistoryLine {
  return {
    text,
    timeMs: Date.parse(event.time),
    endMs: endMs(event),
    isFailure: isFailure(event),
    latencyMs: event.kind === "http" ? event.durationMs : null,
  };
}

const SLOWEST_SHARE = 0.01;

/**
 * The lines that outlive the others of their chunk: failures, then the slowest hundredth, the newest first, as far as there is room. A
 * fixed limit for "slow" would match all requests of one tunnel and none of another.
 */
export function worthKeeping(
  lines: readonly HistoryLine[],
  maxLines: number,
  maxLength: number,
): Set<HistoryLine> {
  const newestFirst = lines.toSorted((a, b) => b.endMs - a.endMs);
  const failures = newestFirst.filter((line) => line.isFailure);
  const slowest = lines
    .filter((line) => !line.isFailure && line.latencyMs !== null)
    .sort((a, b) => (b.latencyMs ?? 0) - (a.latencyMs ?? 0))
    .slice(0, Math.ceil(lines.length * SLOWEST_SHARE));
  const kept = new Set<HistoryLine>();
  let length = 0;
  for (const line of [...failures, ...slowest]) {
    if (kept.size >= maxLines) break;
    if (length + line.text.length > maxLength) continue;
    length += line.text.length;
    kept.add(line);
  }
  return kept;
}
