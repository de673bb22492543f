import type { RequestEvent } from "../../shared/events/request-event.ts";
import { endMs, isFailure } from "../events/index.ts";

/** An event as it is kept, with what decides for how long. */
export interface HistoryLine {
  /** JSON of the event. */
  text: string;
  /** When the request arrived. */
  timeMs: number;
  endMs: number;
  isFailure: boolean;
  /** Null for what lasts as long as its ends please: WebSockets. */
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
 * Which lines outlive the others of their chunk: failures, then the slowest hundredth, the newest first as far as
 * there is room. A fixed bound for "slow" would be all requests of one tunnel and none of another.
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
